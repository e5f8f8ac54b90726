import type { Connection, Received } from "@halligan/agent/simulation";
import type { AgentSocket } from "@halligan/server/simulation";
import type { AcceptedSocket } from "../server/nodes.ts";
import type { World } from "../world/world.ts";
import { describeAgentFrame, describeServerFrame, frameText } from "./describe-frame.ts";
import { HostileProxy } from "./hostile-proxy.ts";
import { Pipe } from "./pipe.ts";

const ABNORMAL = 1006;
const isHeartbeat = (text: string): boolean => /^[^{]*\{"type":"p[io]ng"/.test(text);

export interface LinkObserver {
  /** The agent passes a frame to the network; here without its seal. */
  agentSends(text: string): void;
  /** The server passes a frame to the network; here without its seal. */
  serverSends(text: string): void;
  ended(link: SimLink): void;
}

/**
 * One connection between an agent and the server. The transport keeps the order and never
 * duplicates. It can lose everything from some time on, and both sides, one side or neither can
 * notice.
 */
export class SimLink {
  readonly deviceName: string;
  readonly #world: World;
  readonly #watcher: LinkObserver;
  readonly #toAgent: Pipe;
  readonly #toServer: Pipe;
  readonly #proxy: HostileProxy;
  readonly #inbox: Received[] = [];
  #agentClosed: Extract<Received, { kind: "closed" }> | null = null;
  #arrived = Promise.withResolvers<void>();
  #server: AcceptedSocket | null = null;
  #isServerClosed = false;

  /** @param isSealed whether its frames are sealed (link version 2) */
  constructor(world: World, deviceName: string, watcher: LinkObserver, isSealed: boolean) {
    this.#world = world;
    this.deviceName = deviceName;
    this.#watcher = watcher;
    this.#toAgent = new Pipe(world);
    this.#toServer = new Pipe(world);
    this.#proxy = new HostileProxy(world, deviceName, isSealed);
  }

  /** The server's end, before a server process accepts it. */
  readonly socket: AgentSocket = {
    remoteAddress: "192.0.2.1",
    sendBinary: (bytes) => this.#toAgent.carry(() => this.#receive({ kind: "binary", bytes: bytes.slice() })),
    sendText: (text) => this.#serverSends(text),
    bufferedBytes: () => 0,
    close: (code, reason) => this.#serverCloses(code, reason),
  };

  readonly connection: Connection = {
    receive: (signal) => this.#nextReceived(signal),
    sendText: (text) => this.#agentSends(text),
    sendBinary: (bytes) => {
      const copy = bytes.slice();
      this.#toServer.carry(() => this.#isServerClosed || this.#server?.events.binary(copy));
    },
    close: () => this.closeAgentEnd(),
  };

  attach(server: AcceptedSocket): void {
    this.#server = server;
  }

  /** The node that accepted the other end. */
  get node(): AcceptedSocket["node"] | null {
    return this.#server?.node ?? null;
  }

  /** Whether a proxy may have changed what the server received. */
  get isProxied(): boolean {
    return this.#proxy.isActive;
  }

  /** True while both directions work and both ends are open. */
  get isUp(): boolean {
    return !this.#toAgent.isCut && !this.#toServer.isCut && !this.#isServerClosed && this.#agentClosed === null;
  }

  /** Breaks the network. A side that does not notice it continues as if it were connected. */
  break(noticedBy: { server: boolean; agent: boolean }): void {
    const { timeline, random } = this.#world;
    this.#toAgent.cut();
    this.#toServer.cut();
    if (noticedBy.server) timeline.after(random.between(0, 300), () => this.#endServerSide());
    if (noticedBy.agent) timeline.after(random.between(0, 300), () => this.#endAgentSide(ABNORMAL, "broken"));
    this.#watcher.ended(this);
  }

  /** The agent closed its end, or its process died and the system closed it. */
  closeAgentEnd(): void {
    if (this.#agentClosed) return;
    this.#endAgentSide(1000, "closed here");
    this.#inbox.length = 0;
    this.#toServer.carry(() => this.#endServerSide());
    this.#watcher.ended(this);
  }

  /** The server process died, and the system closed the connection. */
  closeServerEnd(): void {
    this.#isServerClosed = true;
    this.#toAgent.carry(() => this.#endAgentSide(ABNORMAL, "reset"));
    this.#watcher.ended(this);
  }

  #serverSends(text: string): void {
    if (this.#isServerClosed) return;
    this.#watcher.serverSends(frameText(text));
    const { texts, extraDelayMs } = this.#proxy.toAgent(text);
    for (const forwarded of texts) this.#carryToAgent(forwarded, extraDelayMs);
  }

  #carryToAgent(text: string, extraDelayMs = 0): void {
    this.#toAgent.carry(() => {
      this.#note(this.deviceName, isHeartbeat(text) ? null : describeServerFrame(text));
      this.#receive({ kind: "text", text });
    }, extraDelayMs);
  }

  #agentSends(text: string): void {
    if (this.#agentClosed) return;
    this.#watcher.agentSends(frameText(text));
    const { texts, extraDelayMs } = this.#proxy.toServer(text);
    for (const forwarded of texts) this.#carryToServer(forwarded, extraDelayMs);
    const forged = this.#proxy.forgedGrant();
    if (forged !== null) this.#carryToAgent(forged);
  }

  #carryToServer(text: string, extraDelayMs: number): void {
    this.#toServer.carry(() => {
      if (this.#isServerClosed) return;
      this.#note(this.#nodeName, isHeartbeat(text) ? null : describeAgentFrame(text), ` from ${this.deviceName}`);
      this.#server?.events.text(text);
    }, extraDelayMs);
  }

  #serverCloses(code: number, reason: string): void {
    if (this.#isServerClosed) return;
    this.#isServerClosed = true;
    this.#world.trace.note(this.#nodeName, `closes the link of ${this.deviceName}: ${code}`);
    this.#toAgent.carry(() => this.#endAgentSide(code, reason));
    this.#watcher.ended(this);
  }

  #endServerSide(): void {
    if (this.#isServerClosed) return;
    this.#isServerClosed = true;
    this.#world.trace.note(this.#nodeName, `loses the link of ${this.deviceName}`);
    this.#server?.events.closed();
  }

  #endAgentSide(code: number, reason: string): void {
    if (this.#agentClosed) return;
    this.#agentClosed = { kind: "closed", code, reason };
    this.#wake();
  }

  #receive(received: Received): void {
    if (this.#agentClosed) return;
    this.#inbox.push(received);
    this.#wake();
  }

  async #nextReceived(signal: AbortSignal): Promise<Received> {
    for (;;) {
      signal.throwIfAborted();
      const next = this.#inbox.shift() ?? this.#agentClosed;
      if (next) return next;
      await new Promise<void>((resolve, reject) => {
        const onAbort = () => reject(signal.reason);
        signal.addEventListener("abort", onAbort, { once: true });
        void this.#arrived.promise.then(() => {
          signal.removeEventListener("abort", onAbort);
          resolve();
        });
      });
    }
  }

  get #nodeName(): string {
    return this.#server?.node.name ?? "server";
  }

  #wake(): void {
    this.#arrived.resolve();
    this.#arrived = Promise.withResolvers<void>();
  }

  #note(actor: string, text: string | null, suffix = ""): void {
    if (text !== null) this.#world.trace.note(actor, `<- ${text}${suffix}`);
  }
}
