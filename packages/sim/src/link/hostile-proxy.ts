import { parseAgentFrame, type Started } from "@halligan/protocol/link";
import { Random } from "../time/random.ts";
import type { World } from "../world/world.ts";
import { frameText } from "./describe-frame.ts";

/** Every eighth schedule has a hostile proxy. The seeds that detect mutations are other ones. */
const isAttacked = (seed: number): boolean => seed % 8 === 1;
const ATTACK_SHARE = 0.1;

/** The texts that the proxy sends instead of a frame, and the extra delay. */
export interface Forwarded {
  readonly texts: readonly string[];
  readonly extraDelayMs: number;
}

/** One text, without an extra delay. */
const forward = (text: string): Forwarded => ({ texts: [text], extraDelayMs: 0 });

/**
 * A proxy on one connection of link version 2 that terminates TLS. It has its own random stream, so
 * it changes a schedule only from its first attack on.
 */
export class HostileProxy {
  readonly #world: World;
  readonly #chance: Random;
  readonly #name: string;
  #started: Started | null = null;

  constructor(world: World, name: string, isSealed: boolean) {
    this.#world = world;
    this.#name = name;
    this.isActive = isSealed && isAttacked(world.seed);
    this.#chance = new Random(world.seed + world.timeline.nowMs);
  }

  readonly isActive: boolean;

  toServer(text: string): Forwarded {
    if (!this.isActive) return forward(text);
    const frame = parseAgentFrame(frameText(text));
    if (frame?.type === "started") this.#started = frame;
    if (frame?.type === "ended" && this.#world.injectsFaults && this.#chance.chance(0.3)) {
      this.#world.fault("result changed by a proxy", this.#name);
      return forward(text.replace('"transcript":"', '"transcript":"altered '));
    }
    if (!this.#attacksFrame()) return forward(text);
    return this.#anyOf(text);
  }

  toAgent(text: string): Forwarded {
    if (!this.isActive) return forward(text);
    const isGrant = frameText(text).startsWith('{"type":"startGranted"');
    if (isGrant && this.#world.injectsFaults && this.#chance.chance(0.3)) return this.#delayed(text);
    if (!this.#attacksFrame()) return forward(text);
    return this.#anyOf(text);
  }

  /** A forged grant that the proxy sends to the device after it has seen a start. */
  forgedGrant(): string | null {
    const started = this.#started;
    this.#started = null;
    if (!started || !this.#world.injectsFaults || !this.#chance.chance(0.3)) return null;
    this.#note("forged");
    const { actionId, orderSeq, index, startId } = started;
    const grant = JSON.stringify({ type: "startGranted", actionId, orderSeq, index, startId });
    return `${"A".repeat(22)}999999999${grant}`;
  }

  #anyOf(text: string): Forwarded {
    switch (this.#chance.between(0, 3)) {
      case 0:
        this.#note("repeated");
        return { texts: [text, text], extraDelayMs: 0 };
      case 1:
        this.#note("dropped");
        return { texts: [], extraDelayMs: 0 };
      case 2:
        this.#note("changed");
        return forward(`B${text.slice(1)}`);
      default:
        return this.#delayed(text);
    }
  }

  #delayed(text: string): Forwarded {
    this.#note("delayed");
    return { texts: [text], extraDelayMs: this.#chance.between(5_000, 60_000) };
  }

  #attacksFrame(): boolean {
    return this.#world.injectsFaults && this.#chance.chance(ATTACK_SHARE);
  }

  #note(what: string): void {
    this.#world.fault(`frame ${what} by a proxy`, this.#name);
  }
}
