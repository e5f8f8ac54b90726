/**
 * Agent core: one journal, one connection, at most one running order. Everything that it waits for
 * is a port, so the simulation can run it.
 */

import { type AgentFrame, LINK_VERSION, SEALED_SINCE_VERSION } from "@halligan/protocol/link";
import { sleep } from "@halligan/protocol/time";
import { keepConnected } from "./connection/connect-loop.ts";
import type { ConnectionDeps, FrameHandlers } from "./connection/run-connection.ts";
import { messageOf } from "./error-text.ts";
import { isFresh } from "./freshness.ts";
import {
  acknowledgement,
  hasWork,
  isAcknowledged,
  type JournalRecord,
  nextCommand,
  type OrderState,
} from "./journal/journal.ts";
import { JournalWriter } from "./journal/journal-writer.ts";
import { RollingValueKeeper } from "./journal/rolling-value.ts";
import { checkOrder, type OrderKeyMap, orderKeyMap, type RefusalCode } from "./order-check.ts";
import { checkOrderKeys, type PinnedKeys } from "./order-keys-check.ts";
import { EndTimes } from "./orders/end-times.ts";
import { OrderWorker } from "./orders/order-worker.ts";
import { endUnknownOrphans, recover } from "./orders/recovery.ts";
import { closedFrame, Reports, startedFrame } from "./orders/reports.ts";
import { LiveOutput } from "./output/live-output.ts";
import { logAccepted } from "./owners-log/accepted-event.ts";
import { NO_OWNERS_LOG, type OwnersLog } from "./owners-log/owners-log.ts";
import type { Disk, OutputSpools, Random, Runner } from "./ports.ts";

export interface CoreDeps
  extends Omit<ConnectionDeps, "journal" | "currentOrderKeys" | "orderKeySetNumber" | "processId" | "liveOutput"> {
  disk: Disk;
  random: Random;
  runner: Runner;
  /** Absent in a device that sends no live output, as one of an earlier release. */
  spools?: OutputSpools;
  /** The order keys that are pinned when the agent starts. The first key identifies the server. */
  pinnedKeys: PinnedKeys;
  /**
   * Stores the keys for the next start. They are durable when it resolves. When it rejects, the old
   * keys stay.
   */
  pinKeys(pinned: PinnedKeys): Promise<void>;
}

/** Runs until `signal` is aborted and every running command is ended and journaled. */
export async function runAgentCore(deps: CoreDeps, signal: AbortSignal): Promise<void> {
  const journal = await JournalWriter.open(deps, () => endUnknownOrphans(deps.runner, deps.log));
  await recover({ ...deps, journal }, signal);
  try {
    await new AgentCore(deps, journal).run(signal);
  } finally {
    await journal.close();
  }
}

type Received = Parameters<FrameHandlers["order"]>[1];
type Frame<K extends keyof FrameHandlers> = Parameters<FrameHandlers[K]>[0];

class AgentCore implements FrameHandlers {
  readonly #deps: CoreDeps;
  readonly #journal: JournalWriter;
  readonly #endTimes: EndTimes;
  readonly #reports: Reports;
  #pinned: PinnedKeys;
  #orderKeys: OrderKeyMap;
  /**
   * Aborted by a bug or by a journal that contradicts itself. The agent exits then, because
   * continuing would be a guess.
   */
  readonly #broken = new AbortController();
  #stopping: AbortSignal = this.#broken.signal;
  #worker: OrderWorker | null = null;
  readonly #rollingValue: RollingValueKeeper;
  readonly #liveOutput: LiveOutput | null;
  readonly #ownersLog: OwnersLog;

  constructor(deps: CoreDeps, journal: JournalWriter) {
    this.#deps = deps;
    this.#journal = journal;
    this.#pinned = deps.pinnedKeys;
    this.#orderKeys = orderKeyMap(this.#pinned.keys);
    this.#endTimes = new EndTimes(deps.clock);
    const { identity, linkVersion = LINK_VERSION } = deps;
    this.#reports = new Reports(this.#endTimes, linkVersion < SEALED_SINCE_VERSION ? null : identity);
    this.#rollingValue = new RollingValueKeeper({ ...deps, journal, onConfirmedLate: () => this.#reportAll() });
    const { spools, ownersLog = NO_OWNERS_LOG } = deps;
    this.#ownersLog = ownersLog;
    this.#liveOutput = spools ? new LiveOutput({ ...deps, spools, journal: () => journal.state }) : null;
  }

  async run(signal: AbortSignal): Promise<void> {
    this.#stopping = AbortSignal.any([signal, this.#broken.signal]);
    const connectionStop = new AbortController();
    const pins = { currentOrderKeys: () => this.#orderKeys, orderKeySetNumber: () => this.#pinned.setNumber };
    const processId = this.#deps.random.id();
    const connectionDeps = {
      ...this.#deps,
      processId,
      ...pins,
      journal: () => this.#journal.state,
      liveOutput: this.#liveOutput,
    };
    const connected = keepConnected(connectionDeps, this, connectionStop.signal);
    await new Promise<void>((resolve) => {
      if (this.#stopping.aborted) resolve();
      this.#stopping.addEventListener("abort", () => resolve(), { once: true });
    });
    // The connection outlives the worker, so that the agent can still report the end of the running
    // command.
    const worker = this.#worker;
    worker?.stop();
    const { clock, settings } = this.#deps;
    const waited = new AbortController();
    const bound = sleep(clock, settings.stopMs, waited.signal).catch(() => undefined);
    await Promise.race([worker?.done.catch(() => undefined), bound]);
    waited.abort();
    connectionStop.abort();
    await connected;
    if (this.#broken.signal.aborted) throw this.#broken.signal.reason;
  }

  async helloAnswer(frame: Frame<"helloAnswer">): Promise<void> {
    // An order for which this hello brought no verdict starts no further command.
    if (this.#worker) this.#worker.mayStart = false;
    await this.#rollingValue.keep(frame.rollingValue ?? null, this.#stopping);
    for (const { actionId, orderSeq, verdict, cancelledBy } of frame.orders) {
      const by = cancelledBy && { cancelledBy };
      const held = this.#journal.state.orders.get(orderSeq);
      if (held?.order.actionId !== actionId) continue;
      if (verdict === "forget") await this.forget({ type: "forget", actionId, orderSeq });
      else if (verdict === "end") await this.end({ type: "end", actionId, orderSeq, ...by }, true);
      else {
        for (const report of this.#unacknowledgedFrames(held)) this.#deps.serverConnection.send(report);
        if (this.#worker?.orderSeq === orderSeq) this.#worker.mayStart = true;
        else if (hasWork(held)) this.#work(orderSeq, []);
        // The agent may have died after it wrote the last acknowledgement and before it closed the
        // order.
        await this.#removeIfAcknowledged(orderSeq);
      }
    }
    this.#deps.serverConnection.wake();
  }

  async order(frame: Frame<"order">, received: Received): Promise<void> {
    const { log, serverConnection, identity, clock } = this.#deps;
    const checked = checkOrder(frame, {
      machineId: identity.machineId,
      keys: this.#orderKeys,
      journal: this.#journal.state,
      serverNowMs: serverConnection.serverNowMs(),
      secretKey: this.#deps.secretKey ?? null,
    });
    if (checked.kind === "unreadable") return log.error("orderUnreadable", { code: checked.code });
    if (checked.kind === "held") {
      const held = this.#journal.state.orders.get(checked.orderSeq);
      for (const report of held ? this.#unacknowledgedFrames(held) : []) serverConnection.send(report);
      return;
    }
    const { actionId, orderSeq } = checked.order;
    const refuse = (code: RefusalCode, message: string) => {
      log.warn("orderRefused", { actionId, orderSeq, code });
      serverConnection.send({ type: "refused", actionId, orderSeq, code, message });
    };
    if (checked.kind === "refuse") return refuse(checked.code, checked.message);
    // If the server still wants this order, it sends the order again.
    if (!isFresh(received, clock.monotonicMs())) return refuse("late", "The order was in transit for too long.");
    if (this.#worker || this.#stopping.aborted) {
      return refuse("busy", "The agent is ending an earlier order, or is stopping.");
    }
    if (this.#journal.isFull) {
      return refuse("diskFull", "The agent's journal is full of unacknowledged results.");
    }
    // The journal does not keep the origin, so that an earlier release can read it.
    const { origin: _, ...order } = checked.order;
    // Before the journal, so that an order that is accepted is in the log.
    const fault = logAccepted(this.#ownersLog, checked.order, log);
    if (fault !== null) return refuse("diskFull", fault);
    try {
      const pending = this.#rollingValue.pending;
      // One write records the order and its first start, so every accepted order has a known state.
      // The same write records the rolling value of the connection, so no order is accepted before
      // that value is durable.
      await this.#journal.tryAppend(
        ...(pending?.records ?? []),
        { type: "accepted", order },
        { type: "started", orderSeq, index: 0, startId: this.#deps.random.id() },
      );
      if (pending) this.#rollingValue.confirm(pending.value);
    } catch (error) {
      log.error("journalWriteFailed", { error: messageOf(error) });
      this.#ownersLog.write({ event: "notTaken", actionId, reason: "The journal could not be written." });
      return refuse("diskFull", "The device cannot write its journal: its disk is full or broken.");
    }
    log.info("orderAccepted", { actionId, orderSeq, commands: order.commands.length });
    const held = this.#journal.state.orders.get(orderSeq);
    const started = held && startedFrame(held, 0);
    if (started) serverConnection.send(started);
    this.#work(orderSeq, [0]);
  }

  /**
   * Ignores a key set that no pinned key has signed. If the set cannot be stored, the connection
   * continues with the old keys.
   */
  async orderKeys(frame: Frame<"orderKeys">): Promise<void> {
    const { log, identity, pinKeys } = this.#deps;
    const checked = checkOrderKeys(frame, { machineId: identity.machineId, pinned: this.#pinned });
    if (checked.kind === "same") return;
    if (checked.kind === "refuse") return log.error("orderKeysRefused", { reason: checked.reason });
    try {
      await pinKeys(checked.pinned);
    } catch (error) {
      return log.error("orderKeysNotWritten", { error: messageOf(error) });
    }
    this.#pinned = checked.pinned;
    this.#orderKeys = orderKeyMap(this.#pinned.keys);
    this.#ownersLog.write({ event: "orderKeys", keyIds: [...this.#orderKeys.keys()] });
    log.info("orderKeysPinned", { keyIds: [...this.#orderKeys.keys()].map((id) => id.slice(0, 16)).join(" ") });
  }

  async startGranted(frame: Frame<"startGranted">, { sentAtMs }: Received): Promise<void> {
    if (this.#worker?.orderSeq === frame.orderSeq) this.#worker.grant(frame.startId, sentAtMs);
  }

  /** @param reportAll true after a hello: ends that were reported earlier are reported again */
  async end(frame: Frame<"end">, reportAll = false): Promise<void> {
    const { orderSeq, actionId } = frame;
    const before = this.#journal.state.orders.get(orderSeq);
    if (before && before.order.actionId !== actionId) return;
    if (!before) {
      // The order was refused or removed. Nothing of it can be running here, and the server waits
      // for this report.
      this.#deps.serverConnection.send({ type: "closed", actionId, orderSeq, errors: [] });
      return;
    }
    if (!before.isEndRequested) {
      await this.#append({ type: "ending", orderSeq });
      this.#ownersLog.write({ event: "cancelled", actionId, by: frame.cancelledBy ?? null });
    }
    const held = this.#journal.state.orders.get(orderSeq);
    if (!held) return;
    if (reportAll) for (const report of this.#unacknowledgedFrames(held)) this.#deps.serverConnection.send(report);
    else if (held.closed) {
      const closed = closedFrame(held);
      if (closed) this.#deps.serverConnection.send(closed);
    }
    if (this.#worker?.orderSeq === orderSeq) this.#worker.cancel();
    else if (!held.closed && nextCommand(held) === null) {
      // Nothing of this order runs, so this does not wait for the worker of another order.
      await this.#append({ type: "closed", orderSeq, errors: [] });
      this.#deps.serverConnection.send({ type: "closed", actionId, orderSeq, errors: [] });
    } else if (!held.closed) this.#work(orderSeq, []).cancel();
  }

  async retired(): Promise<void> {
    for (const held of [...this.#journal.state.orders.values()]) {
      if (held.closed) continue;
      await this.end({ type: "end", actionId: held.order.actionId, orderSeq: held.order.orderSeq });
    }
  }

  async ack(frame: Frame<"ack">): Promise<void> {
    if (!this.#journal.state.orders.has(frame.orderSeq)) return;
    await this.#journal.writeDecided(this.#stopping, (state) => acknowledgement(state, frame));
    if (!this.#journal.state.orders.has(frame.orderSeq)) await this.#removeFiles(frame.orderSeq);
  }

  async forget(frame: Frame<"forget">): Promise<void> {
    const held = this.#journal.state.orders.get(frame.orderSeq);
    if (held?.order.actionId !== frame.actionId) return;
    const worker = this.#worker?.orderSeq === frame.orderSeq ? this.#worker : null;
    if (worker && hasWork(held)) {
      this.#ownersLog.write({ event: "dropped", actionId: frame.actionId });
      // Ending a process tree takes seconds. The connection must not wait for it.
      worker.discard();
      void worker.done
        .then(
          () => this.#remove(frame.orderSeq),
          () => undefined,
        )
        .catch((error: unknown) => this.#broken.abort(error));
      return;
    }
    await this.#remove(frame.orderSeq);
  }

  async #removeIfAcknowledged(orderSeq: number): Promise<void> {
    const held = this.#journal.state.orders.get(orderSeq);
    if (held && isAcknowledged(held)) await this.#remove(orderSeq);
  }

  async #remove(orderSeq: number): Promise<void> {
    if (!this.#journal.state.orders.has(orderSeq)) return;
    await this.#journal.write(this.#stopping, { type: "forgotten", orderSeq });
    await this.#removeFiles(orderSeq);
  }

  async #removeFiles(orderSeq: number): Promise<void> {
    this.#endTimes.remove(orderSeq);
    this.#liveOutput?.wake();
    // The next start removes files that remain.
    await this.#deps.runner.removeOrderFiles(orderSeq).catch((error: unknown) => {
      this.#deps.log.warn("filesNotRemoved", { orderSeq, error: messageOf(error) });
    });
  }

  #work(orderSeq: number, startsOfThisProcess: readonly number[]): OrderWorker {
    if (this.#worker) throw new Error(`order ${this.#worker.orderSeq} is still being worked on`);
    const deps = { ...this.#deps, journal: this.#journal, endTimes: this.#endTimes, reports: this.#reports };
    const worker = new OrderWorker(
      { ...deps, ownersLog: this.#ownersLog, onCommandEnd: () => this.#liveOutput?.wake() },
      orderSeq,
      startsOfThisProcess,
      () => {
        if (this.#worker === worker) this.#worker = null;
        this.#liveOutput?.wake();
      },
    );
    worker.done.catch((error: unknown) => {
      this.#deps.log.error("orderFailed", { orderSeq, error: messageOf(error) });
      this.#broken.abort(error);
    });
    this.#worker = worker;
    return worker;
  }

  #reportAll(): void {
    for (const held of this.#journal.state.orders.values()) {
      for (const report of this.#unacknowledgedFrames(held)) this.#deps.serverConnection.send(report);
    }
  }

  #unacknowledgedFrames(held: OrderState): AgentFrame[] {
    return this.#reports.unacknowledgedFrames(held);
  }

  #append(...records: JournalRecord[]): Promise<void> {
    return this.#journal.append(this.#stopping, ...records);
  }
}
