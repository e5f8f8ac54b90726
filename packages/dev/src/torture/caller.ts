import { FINAL_STATUSES, type MachineActionWire } from "@halligan/protocol/api";
import { ApiError, type HalliganClient, odataText } from "@halligan/protocol/client";
import { sleep, systemClock } from "@halligan/protocol/time";
import type { Ledger } from "./ledger.ts";
import type { Plan } from "./plan.ts";
import { isLostConnection, type ServerGate } from "./server-gate.ts";
import type { Violations } from "./violations.ts";

const POLL_MS = 50;

export interface CallerDeps {
  readonly client: HalliganClient;
  readonly gate: ServerGate;
  readonly ledger: Ledger;
  readonly violations: Violations;
  /**
   * Called when a start is in transit. Only a kill at this moment loses a response that matters.
   */
  readonly asking: () => void;
}

/** A caller of one machine who never starts anything twice without knowing. */
export class Caller {
  readonly #deps: CallerDeps;
  readonly machineId: string;

  constructor(deps: CallerDeps, machineId: string) {
    this.#deps = deps;
    this.machineId = machineId;
  }

  /** Starts what is planned, cancels it if that is planned, and waits for its end. */
  async run(plan: Plan, signal: AbortSignal): Promise<MachineActionWire> {
    const { id } = await this.#start(plan, signal);
    const refusal = this.#deps.ledger.accept({ id, machineId: this.machineId, plan });
    if (refusal !== null) this.#deps.violations.add(refusal);
    if (plan.cancelAfterMs !== null) {
      await sleep(systemClock, plan.cancelAfterMs, signal);
      await this.#cancel(id);
    }
    return await this.#end(id, signal);
  }

  /** After a lost answer the list is asked first: the start may have been accepted. */
  async #start(plan: Plan, signal: AbortSignal): Promise<MachineActionWire> {
    const { client, gate, ledger, violations, asking } = this.#deps;
    for (;;) {
      await gate.waitUntilUp();
      try {
        asking();
        return await client.runLiveResponse(this.machineId, { Commands: plan.commands, Comment: plan.token });
      } catch (cause) {
        const isBlocked = cause instanceof ApiError && cause.code === "ActiveRequestAlreadyExists";
        if (!isBlocked && !isLostConnection(cause)) throw cause;
        const known = await this.#find(plan.token);
        if (known) {
          ledger.foundAgain += 1;
          return known;
        }
        // This caller is the machine's only one, and waited for the end of its last action.
        if (isBlocked) violations.add(`a start on ${this.machineId} is blocked by nothing: ${cause.message}`);
        await sleep(systemClock, POLL_MS, signal);
      }
    }
  }

  #find(token: string): Promise<MachineActionWire | undefined> {
    const filter = `machineId eq ${odataText(this.machineId)}`;
    return this.#deps.gate.repeatUntilResponse(async () => {
      const newest = await this.#deps.client.listMachineActions({ filter, limit: 20 });
      return newest.find(({ requestorComment }) => requestorComment === token);
    });
  }

  async #cancel(id: string): Promise<void> {
    const { client, gate, ledger, violations } = this.#deps;
    try {
      const { status } = await gate.repeatUntilResponse(() => client.cancelMachineAction(id, "torture"));
      if (!FINAL_STATUSES.has(status)) violations.add(`action ${id} is ${status} after its cancel was answered`);
      ledger.cancels += 1;
    } catch (cause) {
      // It ended before: refused by name.
      if (!(cause instanceof ApiError && cause.status === 400)) throw cause;
    }
  }

  async #end(id: string, signal: AbortSignal): Promise<MachineActionWire> {
    const { client, gate } = this.#deps;
    for (;;) {
      const action = await gate.repeatUntilResponse(() => client.getMachineAction(id));
      if (FINAL_STATUSES.has(action.status)) return action;
      await sleep(systemClock, POLL_MS, signal);
    }
  }
}
