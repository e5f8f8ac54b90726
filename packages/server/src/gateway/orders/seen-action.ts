import type { MachineAction } from "../../domain/actions/machine-action.ts";

/**
 * The action of the open order as this connection last read or saved it. Only an assumption: the
 * store checks it when a report is recorded.
 */
export class SeenAction {
  #action: MachineAction | null = null;

  /** An action without an open order is not kept, because an idle connection keeps nothing. */
  keep(action: MachineAction): void {
    this.#action = action.order?.state === "out" ? action : null;
  }

  of(actionId: string): MachineAction | null {
    return this.#action?.id === actionId ? this.#action : null;
  }
}
