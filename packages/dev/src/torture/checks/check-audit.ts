import { AuditListWire, type AuditRecordWire, type MachineActionWire } from "@halligan/protocol/api";
import { Value } from "typebox/value";
import type { World } from "../../world.ts";
import { accessToken } from "../access-token.ts";
import type { Violations } from "../violations.ts";

/** Each action was asked for once, ended once and was claimed at most once, by the audit. */
export async function checkAudit(
  world: Pick<World, "credentials">,
  actions: readonly MachineActionWire[],
  violations: Violations,
): Promise<void> {
  const counts = new Map<string, number>();
  for (const { operation, actionId } of await auditOf(world)) {
    const key = `${actionId} ${operation}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  for (const { id, status } of actions) {
    const count = (operation: string) => counts.get(`${id} ${operation}`) ?? 0;
    const fault = (text: string) => violations.add(`the audit of action ${id} (${status}) has ${text}`);
    if (count("RunLiveResponse") !== 1) fault(`${count("RunLiveResponse")} starts`);
    if (count("OrderClaimed") > 1) fault(`${count("OrderClaimed")} claims`);
    const ends = count("MachineActionEnded") + count("CancelMachineAction");
    if (ends !== 1) fault(`${ends} ends`);
  }
}

async function auditOf({ credentials }: Pick<World, "credentials">): Promise<AuditRecordWire[]> {
  const headers = { authorization: `Bearer ${await accessToken(credentials)}` };
  const records: AuditRecordWire[] = [];
  for (let next: string | null = `${credentials.baseUrl}/halligan/v1/audit?top=1000`; next !== null; ) {
    const response: Response = await fetch(next, { headers });
    const page = Value.Parse(AuditListWire, await response.json());
    records.push(...page.value);
    next = page.nextLink;
  }
  return records;
}
