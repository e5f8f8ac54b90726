import type { Plan } from "./plan.ts";

/** An action that the server is known to have accepted. */
export interface AcceptedAction {
  readonly id: string;
  readonly machineId: string;
  readonly plan: Plan;
}

/** The actions that callers know to be accepted. Compared with the other records at the end. */
export class Ledger {
  readonly accepted = new Map<string, AcceptedAction>();
  readonly #byToken = new Map<string, string>();
  /** Starts whose answer was lost and which the list showed to be accepted. */
  foundAgain = 0;
  cancels = 0;

  /** Null when it is consistent, otherwise the contradiction. */
  accept(action: AcceptedAction): string | null {
    const { id, plan } = action;
    const other = this.#byToken.get(plan.token);
    if (other !== undefined && other !== id) return `request ${plan.token} was accepted twice: ${other} and ${id}`;
    this.#byToken.set(plan.token, id);
    this.accepted.set(id, action);
    return null;
  }
}
