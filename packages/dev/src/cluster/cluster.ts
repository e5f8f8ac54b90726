import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CredentialsFile } from "@halligan/protocol/api";
import { createClient, type HalliganClient } from "@halligan/protocol/client";
import { Value } from "typebox/value";
import type { ClusterBackends } from "./backends.ts";
import { Balancer } from "./balancer.ts";
import { ClusterNode } from "./cluster-node.ts";
import { NatsSwitch } from "./nats-switch.ts";

export interface ClusterOptions {
  readonly backends: ClusterBackends;
  readonly nodes: number;
  /** Settings of every node by environment name. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Called with every line that a node writes. */
  readonly onLine?: (program: string, line: string) => void;
}

/**
 * One deployment of several real server processes with shared backends behind one address.
 * Disposing it stops the nodes. The owner of the backends disposes them.
 */
export class Cluster implements AsyncDisposable {
  readonly folder: string;
  readonly balancer: Balancer;
  readonly nodes: readonly ClusterNode[];
  /** Of the first administrator; their address is the balancer's. */
  readonly credentials: CredentialsFile;
  /** Through the balancer. */
  readonly client: HalliganClient;
  readonly #natsSwitch: NatsSwitch;
  readonly #owner: AsyncDisposableStack;

  private constructor(
    parts: { folder: string; balancer: Balancer; nodes: readonly ClusterNode[]; natsSwitch: NatsSwitch },
    credentials: CredentialsFile,
    owner: AsyncDisposableStack,
  ) {
    this.folder = parts.folder;
    this.balancer = parts.balancer;
    this.nodes = parts.nodes;
    this.#natsSwitch = parts.natsSwitch;
    this.credentials = credentials;
    this.client = createClient({ baseUrl: parts.balancer.url, credentials });
    this.#owner = owner;
  }

  static async start({ backends, nodes: count, settings, onLine }: ClusterOptions): Promise<Cluster> {
    await using undo = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), "halligan-cluster-"));
    undo.defer(() => rm(folder, { recursive: true, force: true }));
    const natsSwitch = undo.use(await NatsSwitch.listen(backends.nats.url));
    const balancer = undo.use(await Balancer.listen());
    const startNode = async (name: string, own: Readonly<Record<string, string>>) =>
      undo.use(
        await ClusterNode.start(
          name,
          {
            ...settings,
            ...backends.blobs,
            ...own,
            HALLIGAN_DATA_DIR: join(folder, name),
            HALLIGAN_PUBLIC_URL: balancer.url,
            HALLIGAN_DATABASE_URL: backends.postgres.url,
            HALLIGAN_BUS_URL: natsSwitch.urlFor(name),
          },
          (line) => onLine?.(name, line),
        ),
      );
    // The first one makes the keys, as an administrator would let it, and the others get a copy.
    const first = await startNode("node-1", {});
    const keysDir = join(folder, "keys");
    await cp(join(first.dataDir, "keys"), keysDir, { recursive: true });
    const names = Array.from({ length: count - 1 }, (_, i) => `node-${i + 2}`);
    const others = await Promise.all(names.map((name) => startNode(name, { HALLIGAN_KEYS_DIR: keysDir })));
    const nodes = [first, ...others];
    balancer.balance(nodes.map(({ url }) => url));
    const text = await readFile(join(first.dataDir, "administrator.json"), "utf8");
    const credentials = Value.Parse(CredentialsFile, JSON.parse(text));
    return new Cluster({ folder, balancer, nodes, natsSwitch }, credentials, undo.move());
  }

  /** The API as this node alone answers it, result links included: those lead to the balancer. */
  clientOf({ url }: ClusterNode): HalliganClient {
    return createClient({
      baseUrl: url,
      credentials: this.credentials,
      fetch: (target, init) => fetch(target.replace(this.balancer.url, url), init),
    });
  }

  /** From now on this node, and no other, has no bus. */
  disconnectFromNats({ name }: ClusterNode): void {
    this.#natsSwitch.cutOff(name);
  }

  reconnectToNats({ name }: ClusterNode): void {
    this.#natsSwitch.restore(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owner.disposeAsync();
  }
}
