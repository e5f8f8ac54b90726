import { err, ok, type Result } from "@halligan/protocol/errors";
import type { Caller } from "../../auth/caller.ts";
import type { DomainError } from "../../domain/errors.ts";
import { isInScope } from "../../domain/machines/device-group.ts";
import type { Machine } from "../../domain/machines/machine.ts";
import { asciiLower } from "../../odata/compare-text.ts";
import type { ServiceContext } from "../context.ts";
import { scopeOf } from "../machine-scope.ts";

/**
 * Half-width of the window around the requested time. Source: docs/contract/http-api.md#machines
 * [D] find-machines-by-ip.md.
 */
const WINDOW_MS = 15 * 60_000;
/** How far back the time may lie. Source: as above. */
const MAX_AGE_MS = 30 * 24 * 3_600_000;
const MAX_FOUND = 10_000;

/**
 * `GET /api/machines/findbyip(ip='...',timestamp=...)`: machines in use that reported this address,
 * or connected from it, and were connected around that time. Only the newest addresses of a machine
 * are known.
 */
export async function findMachinesByIp(
  { store, clock }: ServiceContext,
  caller: Caller,
  ip: string,
  atMs: number,
): Promise<Result<Machine[], DomainError>> {
  const nowMs = clock.nowMs();
  if (atMs < nowMs - MAX_AGE_MS || atMs > nowMs + WINDOW_MS) {
    return err({ code: "InvalidInput", detail: "timestamp must lie within the past 30 days" });
  }
  return store.read(async (tx) => {
    const scope = await scopeOf(tx, caller);
    const found = await tx.machines.withAddress(ip, MAX_FOUND);
    return ok(
      found.filter((machine) => {
        const addresses = machine.facts.ipAddresses.map(({ ipAddress }) => ipAddress);
        // IPv6 addresses contain letters, and text is compared without regard to letter case.
        const isNamed = [...addresses, machine.lastExternalIp ?? ""].some((one) => asciiLower(one) === asciiLower(ip));
        if (!isNamed) return false;
        const lastSeenMs = machine.linked ? nowMs : machine.lastSeenMs;
        const wasThere = machine.firstSeenMs <= atMs + WINDOW_MS && lastSeenMs >= atMs - WINDOW_MS;
        return wasThere && isInScope(scope, machine.groupId);
      }),
    );
  });
}
