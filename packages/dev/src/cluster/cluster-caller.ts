import { FINAL_STATUSES, type MachineActionWire } from "@halligan/protocol/api";
import { odataText } from "@halligan/protocol/client";
import { sleep, systemClock } from "@halligan/protocol/time";
import type { Ledger } from "../torture/ledger.ts";
import type { Plan } from "../torture/plan.ts";
import type { Violations } from "../torture/violations.ts";
import type { EventHistory } from "./event-history.ts";
import type { EntryPoint, WatchedApi } from "./watched-api.ts";

const POLL_MS = 120;
const RETRY_MS = 300;
/** A killed node may have sent its commit. The database gets this time to complete it. */
const COMMIT_MS = 1_000;

export interface ClusterCallerDeps {
  readonly api: WatchedApi;
  readonly ledger: Ledger;
  readonly violations: Violations;
  readonly history: EventHistory;
  /** Returns the balancer or any running node. */
  readonly pickEntryPoint: () => EntryPoint;
}

/**
 * A caller of the contract. It repeats requests that were answered with 503. Before it repeats a
 * start with a lost response, it checks whether the action exists.
 */
export class ClusterCaller {
  readonly #deps: ClusterCallerDeps;

  constructor(deps: ClusterCallerDeps) {
    this.#deps = deps;
  }

  /** Starts the planned action, cancels it if that is planned, and waits for its end. */
  async run(machineId: string, plan: Plan, signal: AbortSignal): Promise<MachineActionWire> {
    const { ledger, violations, history } = this.#deps;
    const { id } = await this.#start(machineId, plan, signal);
    history.note("caller", id, `accepted: ${plan.kind} ${plan.token} on ${machineId}`);
    const refusal = ledger.accept({ id, machineId, plan });
    if (refusal !== null) violations.add(refusal);
    if (plan.cancelAfterMs !== null) {
      await sleep(systemClock, plan.cancelAfterMs, signal);
      await this.#cancel(id, signal);
    }
    return await this.#end(id, signal);
  }

  async #start(machineId: string, plan: Plan, signal: AbortSignal): Promise<MachineActionWire> {
    const { api, ledger, violations, pickEntryPoint } = this.#deps;
    const path = `/api/machines/${machineId}/runliveresponse`;
    let isUncertain = false;
    for (;;) {
      const answer = await api.send(pickEntryPoint(), "POST", path, { Commands: plan.commands, Comment: plan.token });
      if (answer.kind === "action") return answer.action;
      if (answer.kind === "unavailable") {
        await sleep(systemClock, RETRY_MS, signal);
        continue;
      }
      const isBlocked = answer.kind === "refused" && answer.code === "ActiveRequestAlreadyExists";
      if (answer.kind !== "lost" && !isBlocked) {
        throw new Error(`a start on ${machineId} was answered ${JSON.stringify(answer)}`);
      }
      if (answer.kind === "lost") await sleep(systemClock, COMMIT_MS, signal);
      const known = await this.#find(machineId, plan.token, signal);
      if (known) {
        ledger.foundAgain += 1;
        if (!isUncertain && answer.kind !== "lost") {
          violations.add(`action ${known.id} was started although its caller received only 503`);
        }
        return known;
      }
      // This caller is the only one of the machine, and it waited for the end of its last action.
      if (isBlocked) violations.add(`a start on ${machineId} is blocked by nothing: ${JSON.stringify(answer)}`);
      isUncertain = true;
    }
  }

  async #find(machineId: string, token: string, signal: AbortSignal): Promise<MachineActionWire | undefined> {
    const filter = encodeURIComponent(`machineId eq ${odataText(machineId)}`);
    for (;;) {
      const { api, pickEntryPoint } = this.#deps;
      const answer = await api.send(pickEntryPoint(), "GET", `/api/machineactions?$filter=${filter}&$top=20`);
      if (answer.kind === "list") return answer.actions.find(({ requestorComment }) => requestorComment === token);
      if (answer.kind === "refused") throw new Error(`a list was answered ${JSON.stringify(answer)}`);
      await sleep(systemClock, RETRY_MS, signal);
    }
  }

  async #cancel(id: string, signal: AbortSignal): Promise<void> {
    const { api, ledger, violations, pickEntryPoint } = this.#deps;
    for (;;) {
      const answer = await api.send(pickEntryPoint(), "POST", `/api/machineactions/${id}/cancel`, {
        Comment: "cluster",
      });
      if (answer.kind === "action") {
        const { status } = answer.action;
        if (!FINAL_STATUSES.has(status)) violations.add(`action ${id} is ${status} after its cancel was answered`);
        ledger.cancels += 1;
        return;
      }
      // The action ended before. The server refuses the cancellation by its code.
      if (answer.kind === "refused" && answer.status === 400) return;
      if (answer.kind === "refused") throw new Error(`a cancel was answered ${JSON.stringify(answer)}`);
      await sleep(systemClock, RETRY_MS, signal);
    }
  }

  async #end(id: string, signal: AbortSignal): Promise<MachineActionWire> {
    for (;;) {
      const { api, pickEntryPoint } = this.#deps;
      const answer = await api.send(pickEntryPoint(), "GET", `/api/machineactions/${id}`);
      if (answer.kind === "action" && FINAL_STATUSES.has(answer.action.status)) return answer.action;
      if (answer.kind === "refused") throw new Error(`action ${id} was answered ${JSON.stringify(answer)}`);
      await sleep(systemClock, POLL_MS, signal);
    }
  }
}
