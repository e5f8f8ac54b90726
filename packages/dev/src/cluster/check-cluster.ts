import { FINAL_STATUSES } from "@halligan/protocol/api";
import { checkActions } from "../torture/checks/check-actions.ts";
import { checkAudit } from "../torture/checks/check-audit.ts";
import { checkLines } from "../torture/checks/check-lines.ts";
import { checkResults } from "../torture/checks/check-results.ts";
import type { Ledger } from "../torture/ledger.ts";
import type { Violations } from "../torture/violations.ts";
import type { Cluster } from "./cluster.ts";

/** Results of so many actions are fetched from every node, those of the others from one each. */
const EVERYWHERE = 40;

export interface FoundAtTheEnd {
  /** By final status. */
  readonly actions: Readonly<Record<string, number>>;
  readonly lines: number;
  readonly results: number;
}

/**
 * Called after recovery, when the cluster is quiet. Compares what the nodes report of every action
 * with what callers requested and devices did.
 */
export async function checkCluster(
  cluster: Cluster,
  linesFile: string,
  ledger: Ledger,
  violations: Violations,
): Promise<FoundAtTheEnd> {
  const actions = await cluster.client.listMachineActions();
  const statuses: Record<string, number> = {};
  for (const { id, machineId, status } of actions) {
    statuses[status] = (statuses[status] ?? 0) + 1;
    if (!FINAL_STATUSES.has(status)) violations.add(`action ${id} on ${machineId} is stuck: ${status}`);
  }
  const lines = await checkLines(linesFile, ledger, violations);
  checkActions(actions, ledger, lines, violations);
  await checkAudit(cluster, actions, violations);
  const clients = cluster.nodes.map((node) => cluster.clientOf(node));
  const checked = await Promise.all(
    clients.map((client, i) => {
      const mine = actions.filter((_, n) => n < EVERYWHERE || n % clients.length === i);
      return checkResults(client, mine, ledger, violations);
    }),
  );
  return { actions: statuses, lines: lines.size, results: checked.reduce((sum, one) => sum + one, 0) };
}
