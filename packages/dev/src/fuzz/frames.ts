import {
  type AgentFrame,
  type Continuity,
  type Hello,
  MAX_REPORTED_ORDER_SEQ,
  type MachineFacts,
  OLDEST_LINK_VERSION,
} from "@halligan/protocol/link";
import type { SeededRandom } from "../torture/seeded-random.ts";
import type { HostileDevice, KnownOrder } from "./hostile-device.ts";
import { strangeText } from "./strange-values.ts";

export function plainFacts(name: string): MachineFacts {
  return {
    computerDnsName: name,
    osPlatform: "Linux",
    version: "12",
    osVersion: null,
    osBuild: null,
    osArchitecture: "64-bit",
    osProcessor: "x64",
    agentVersion: "0.1.0",
    ipAddresses: [],
  };
}

/** What the schema allows and no honest device says. */
export function strangeFacts(random: SeededRandom): MachineFacts {
  const text = (longest: number) => strangeText(random).replaceAll("\0", "").slice(0, longest);
  return {
    ...plainFacts(text(255)),
    osPlatform: random.chance(0.5) ? "Linux" : text(64),
    version: text(64),
    osVersion: text(128),
    osProcessor: text(64),
    agentVersion: text(32),
    ipAddresses: Array.from({ length: random.pick([0, 1, 64]) }, () => ({
      ipAddress: text(64),
      macAddress: text(32),
      type: "Other",
      operationalStatus: "Unknown",
    })),
  };
}

export function hello(device: HostileDevice, random: SeededRandom, others: readonly KnownOrder[]): Hello {
  const held = random.chance(0.7)
    ? []
    : Array.from({ length: random.pick([1, 5, 64]) }, () => someOrder(device, random, others));
  return {
    type: "hello",
    journalId: device.journalId,
    highestOrderSeq: random.pick([0, 0, 1, 7, MAX_REPORTED_ORDER_SEQ, Number.MAX_SAFE_INTEGER]),
    orders: held.map((order) => ({
      ...order,
      commands: Array.from({ length: random.pick([0, 1, 3, 40]) }, (_, index) => ({
        index,
        state: random.pick(["waiting", "running", "ended", "acknowledged"]),
      })),
    })),
    ...(device.version > OLDEST_LINK_VERSION && { continuity: continuity(device, random) }),
    facts: random.chance(0.3) ? strangeFacts(random) : plainFacts("attacker"),
  };
}

/**
 * Seldom another process or a value that the server never issued: either may lead to quarantine of
 * this device.
 */
function continuity({ processId }: HostileDevice, random: SeededRandom): Continuity {
  return {
    processId: random.chance(0.02) ? random.hex(32) : processId,
    rollingValue: random.chance(0.02) ? madeUpValue(random) : null,
  };
}

const madeUpValue = (random: SeededRandom): string =>
  `${random.pick([0, 1, 2, 7, 999_999_999_999_999])}.${random.hex(32)}.${random.hex(43)}`;

/** Its own open order, another machine's, or one that never was. */
function someOrder(device: HostileDevice, random: SeededRandom, others: readonly KnownOrder[]): KnownOrder {
  const other = random.pickAny(others);
  if (device.order && random.chance(0.5)) {
    return random.chance(0.8) ? device.order : { ...device.order, orderSeq: random.between(1, 50) };
  }
  if (other && random.chance(0.5)) return other;
  return { actionId: random.guid(), orderSeq: random.pick([1, 2, 1_000, Number.MAX_SAFE_INTEGER]) };
}

/**
 * A report that fits the schema; whether it is true, in turn or about an order of this device is
 * left to chance.
 */
export function report(device: HostileDevice, random: SeededRandom, others: readonly KnownOrder[]): AgentFrame {
  const { actionId, orderSeq } = someOrder(device, random, others);
  const index = random.pick([0, 0, 0, 1, 2, 3, 999]);
  switch (random.between(0, 5)) {
    case 4:
      return { type: "kept", rollingValue: madeUpValue(random) };
    case 5:
      return { type: "probeAnswer", nonce: random.hex(32) };
    case 0:
      return { type: "started", actionId, orderSeq, index, startId: random.hex(32) };
    case 1:
      return {
        type: "closed",
        actionId,
        orderSeq,
        errors: random.chance(0.5) ? [] : [strangeText(random).slice(0, 2_000)],
      };
    case 2:
      return { type: "refused", actionId, orderSeq, code: random.pick(["busy", "late", "malformed"]), message: "no" };
    default:
      return {
        type: "ended",
        actionId,
        orderSeq,
        index,
        outcome: random.pick(["completed", "failed"]),
        errors: random.chance(0.5) ? [] : [strangeText(random).slice(0, 2_000)],
        result: random.pick([null, inline(random), uploaded(random)]),
      };
  }
}

/** Frames that change nothing: a connection accepts many of them. */
export function harmless(random: SeededRandom): AgentFrame {
  if (random.chance(0.8)) return { type: "ping" };
  return {
    type: "closed",
    actionId: random.guid(),
    orderSeq: random.between(1, 9),
    errors: [strangeText(random).slice(0, 500)],
  };
}

const inline = (random: SeededRandom) => ({
  kind: "inline" as const,
  transcript: random.chance(0.5)
    ? strangeText(random).slice(0, 65_536)
    : JSON.stringify({ script_name: strangeText(random) }),
});

const uploaded = (random: SeededRandom) => ({
  kind: "uploaded" as const,
  uploadId: random.hex(32),
  sizeBytes: random.pick([0, 1, Number.MAX_SAFE_INTEGER]),
  sha256: random.hex(64),
});
