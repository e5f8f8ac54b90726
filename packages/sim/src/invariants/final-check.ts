import { openResult, type ServiceContext } from "@halligan/server/simulation";
import { resultText } from "../device/order-transfers.ts";
import { short } from "../link/describe-frame.ts";
import type { MemoryBlobs } from "../server/memory-blobs.ts";
import type { ActionRow, SimDatabase } from "../server/sim-database.ts";
import type { World } from "../world/world.ts";
import { isFinalStatus } from "./action-ledger.ts";
import { storedCommands } from "./stored-commands.ts";

interface Deployment {
  world: World;
  database: SimDatabase;
  blobs: MemoryBlobs;
  context: ServiceContext;
}

/**
 * Checks what must be true at the end, after the faults have ended and enough time has passed.
 * `accepted`: actions that the server promised to a caller.
 */
export async function checkEnd(deployment: Deployment, accepted: ReadonlySet<string>): Promise<void> {
  const { world, database } = deployment;
  const rows = database.actions();
  const stored = new Set(rows.map(({ id }) => id));
  for (const id of accepted) {
    if (!stored.has(id)) world.violated("auditIsTrue", `the accepted action ${id} is not in the store`);
  }
  for (const row of rows) {
    if (!isFinalStatus(row.status)) {
      world.violated("everyActionEnds", `action ${row.id} is still ${row.status}, deadline ${row.deadline_ms}`);
    }
    await checkResults(deployment, row);
  }
  checkAudit(deployment, rows);
  checkKeys(deployment);
}

/** The comment of a start with a key is the key. */
function checkKeys({ world, database }: Deployment): void {
  const idsByKey = new Map<string, string | null>();
  for (const { operation, action_id, detail } of database.auditOfActions()) {
    if (operation !== "RunLiveResponse") continue;
    const key = String(JSON.parse(detail).comment);
    if (!key.startsWith("key-")) continue;
    const first = idsByKey.get(key);
    if (first !== undefined) world.violated("oneActionPerKey", `${key} has started ${first} and ${action_id}`);
    idsByKey.set(key, action_id);
  }
}

async function checkResults({ world, blobs, context }: Deployment, row: ActionRow): Promise<void> {
  for (const [index, command] of storedCommands(row).entries()) {
    const owesResult = command.status === "Completed" && command.type !== "PutFile";
    if (!owesResult && command.result === null) continue;
    const opened = await openResult(context, row.id, index, null);
    const content = opened.ok ? opened.value.content : null;
    const bytes = content?.kind === "blob" ? blobs.result(content.resultId) : content?.bytes;
    if (bytes && Buffer.from(bytes).toString() === resultText({ actionId: row.id, index })) continue;
    world.violated("resultsStay", `the result of command ${index} of ${row.id} (${command.status}) cannot be read`);
  }
}

function checkAudit({ world, database }: Deployment, rows: readonly ActionRow[]): void {
  const records = Map.groupBy(database.auditOfActions(), ({ action_id }) => action_id);
  for (const row of rows) {
    const operations = (records.get(row.id) ?? []).map(({ operation, detail }) => {
      const status: unknown = operation === "MachineActionEnded" ? JSON.parse(detail).status : "";
      return `${operation}${status === "" ? "" : ` ${status}`}`;
    });
    const told = operations.filter((operation) =>
      /^(RunLiveResponse|CancelMachineAction|MachineActionEnded)/.test(operation),
    );
    const happened = ["RunLiveResponse", ...endOf(row.status)];
    if (told.toSorted().join() === happened.toSorted().join()) continue;
    world.violated("auditIsTrue", `action ${short(row.id)}: happened ${happened}; the audit has ${told}`);
  }
}

function endOf(status: string): string[] {
  if (!isFinalStatus(status)) return [];
  return [status === "Cancelled" ? "CancelMachineAction" : `MachineActionEnded ${status}`];
}
