import type { Started } from "@halligan/protocol/link";
import { applyEvent } from "../../../domain/actions/apply-event.ts";
import type { MachineAction, Transition } from "../../../domain/actions/machine-action.ts";

/** A start that was granted before it was recorded. */
export interface GrantedStart {
  readonly report: Started;
  /** When the connection sent the order, if it did. */
  readonly sentAtMs: number | null;
  /** When the report arrived. */
  readonly atMs: number;
}

export function applyStart(action: MachineAction, { report, sentAtMs, atMs }: GrantedStart): Transition {
  const { index, startId } = report;
  return applyEvent(action, { type: "started", index, startId, sentAtMs }, atMs);
}
