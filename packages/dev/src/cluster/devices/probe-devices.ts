import type { Violations } from "../../torture/violations.ts";
import type { ClusterCaller } from "../cluster-caller.ts";
import { probeLinePlan } from "./line-script.ts";

const AT_ONCE = 12;

/** Every device must take and end one action more. */
export async function probeDevices(
  machineIds: readonly string[],
  caller: ClusterCaller,
  violations: Violations,
  signal: AbortSignal,
): Promise<void> {
  let next = 0;
  const probeSome = async () => {
    for (;;) {
      const index = next;
      next += 1;
      const machineId = machineIds[index];
      if (machineId === undefined) return;
      const { id, status } = await caller.run(machineId, probeLinePlan(`probe-${index}`), signal);
      if (status !== "Succeeded") violations.add(`action ${id} on recovered machine ${machineId} ended as ${status}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, probeSome));
}
