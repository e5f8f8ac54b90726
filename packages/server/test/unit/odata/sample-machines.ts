import fc from "fast-check";
import { NO_CONTINUITY } from "../../../src/domain/machines/clone-detection.ts";
import type { Machine } from "../../../src/domain/machines/machine.ts";
import { arbitraryText } from "./arbitrary-values.ts";
import { SEED } from "./runs.ts";

const WEEK_MS = 7 * 24 * 3_600_000;

/**
 * Machines with awkward texts and with every `healthStatus`, in groups 0 to 2, also on the
 * boundaries between them. Deterministic in its arguments.
 */
export function sampleMachines(count: number, nowMs: number, graceMs: number, seed = SEED): Machine[] {
  const away = fc.constantFrom(0, 1, graceMs - 1, graceMs, graceMs + 1, WEEK_MS - 1, WEEK_MS, WEEK_MS + 1, 2 * WEEK_MS);
  const address = fc.record({
    ipAddress: fc.constantFrom("10.0.0.1", "10.0.0.2", "fe80::1", "127.0.0.1"),
    macAddress: fc.option(fc.constant("00:11:22:33:44:55")),
    type: fc.constantFrom("Ethernet", "Other", "SoftwareLoopback", "Tunnel"),
    operationalStatus: fc.constantFrom("Up", "Down", "Unknown"),
  });
  const facts = fc.record({
    computerDnsName: arbitraryText,
    osPlatform: arbitraryText,
    version: fc.option(arbitraryText),
    osVersion: fc.option(arbitraryText),
    osBuild: fc.option(fc.constantFrom(0, -3, 19_045, 2)),
    osArchitecture: fc.constantFrom("64-bit", "32-bit"),
    osProcessor: fc.option(arbitraryText),
    agentVersion: arbitraryText,
    ipAddresses: fc.array(address, { maxLength: 3 }),
  });
  const machine = fc.record({
    facts,
    tags: fc.array(arbitraryText, { maxLength: 3 }),
    firstSeenMs: away.map((ms) => nowMs - ms),
    lastSeenMs: away.map((ms) => nowMs - ms),
    lastExternalIp: fc.option(fc.constantFrom("192.0.2.1", "192.0.2.2")),
    linked: fc.boolean(),
    journalId: fc.option(fc.constant("e".repeat(32))),
    quarantined: fc.boolean(),
    quarantineReason: fc.constant(null),
    groupId: fc.constantFrom(0, 1, 2),
    displayName: fc.option(arbitraryText),
    life: fc.constantFrom("inUse", "inUse", "inUse", "retired", "removed"),
  });
  return fc.sample(machine, { numRuns: count, seed }).map(({ life, ...sampled }, index) => ({
    ...sampled,
    retirement: life === "inUse" ? null : { atMs: nowMs - 5_000, by: "Administrator", reason: "sold" },
    removedAtMs: life === "removed" ? nowMs - 1_000 : null,
    id: (index * 2_654_435_761).toString(16).padStart(40, "a"),
    connectionEpoch: 1,
    nodeId: null,
    lastOrderSeq: 0,
    features: [],
    continuity: NO_CONTINUITY,
    secretKey: null,
  }));
}
