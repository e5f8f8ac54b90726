/**
 * Runs one order to its end, command after command. Each start and each end is in the journal
 * before anything else shows it. After a crash, the same code continues from the journal. For a
 * script that was running then, `recovery.ts` has already recorded the end, and the worker only
 * delivers the transcript.
 */

import type { AgentFrame, OrderCommand } from "@halligan/protocol/link";
import { type MonotonicClock, sleep } from "@halligan/protocol/time";
import type { AgentSettings } from "../../settings.ts";
import { messageOf } from "../error-text.ts";
import { isRecent } from "../freshness.ts";
import { type CommandState, type JournalRecord, nextCommand, type OrderState } from "../journal/journal.ts";
import type { JournalWriter } from "../journal/journal-writer.ts";
import type { OwnersLog } from "../owners-log/owners-log.ts";
import type {
  CommandJob,
  CommandRef,
  Log,
  Random,
  Runner,
  RunScriptCommand,
  ScriptEnd,
  ScriptStart,
  Transcript,
  TransferCommand,
  TransferEnd,
} from "../ports.ts";
import type { ServerConnection } from "../server-connection.ts";
import { CANCELLED_TEXT, CRASHED_TEXT } from "./end-texts.ts";
import type { EndTimes } from "./end-times.ts";
import { endedEvent } from "./ended-event.ts";
import { closedFrame, type Reports, startedFrame } from "./reports.ts";

type EndRecord = Extract<JournalRecord, { type: "ended" }>;

export interface WorkerDeps {
  clock: MonotonicClock;
  log: Log;
  random: Random;
  runner: Runner;
  serverConnection: ServerConnection;
  journal: JournalWriter;
  endTimes: EndTimes;
  reports: Reports;
  settings: AgentSettings;
  ownersLog: OwnersLog;
  /** The journal has the end of a command. */
  onCommandEnd(): void;
}

export class OrderWorker {
  readonly orderSeq: number;
  readonly #deps: WorkerDeps;
  /** Commands that this process journaled as started. Only these may be started. */
  readonly #startsOfThisProcess: Set<number>;
  readonly #cancelled = new AbortController();
  readonly #stopped = new AbortController();
  readonly #discarded = new AbortController();
  readonly #leftovers: string[] = [];
  /** The last grant of the server, and the earliest time at which the server can have sent it. */
  #grant: { startId: string; sentAtMs: number } | null = null;
  /**
   * Set by the server's verdict. After a new hello, an order without a verdict starts no command.
   */
  mayStart = true;
  readonly done: Promise<void>;

  constructor(deps: WorkerDeps, orderSeq: number, startsOfThisProcess: readonly number[], onDone: () => void) {
    this.#deps = deps;
    this.orderSeq = orderSeq;
    this.#startsOfThisProcess = new Set(startsOfThisProcess);
    this.done = this.#work()
      .catch((error: unknown) => {
        if (!this.#discarded.signal.aborted && !this.#stopped.signal.aborted) throw error;
      })
      .finally(onDone);
  }

  /** The server has granted this start, and no other start of the same command. */
  grant(startId: string, sentAtMs: number): void {
    this.#grant = { startId, sentAtMs };
    this.#deps.serverConnection.wake();
  }

  /** The server has ended the order. The journal already contains that record. */
  cancel(): void {
    this.#cancelled.abort("cancelled");
  }

  /** The agent stops: a script is ended and journaled; a transfer is left for the next start. */
  stop(): void {
    this.#stopped.abort("agentStops");
  }

  /** The server wants nothing of this order any more. Ends what runs and journals nothing more. */
  discard(): void {
    this.#discarded.abort("cancelled");
  }

  async #work(): Promise<void> {
    for (;;) {
      const held = this.#held();
      if (!held) return;
      const index = nextCommand(held);
      if (index === null) return await this.#close();
      const of = held.commands[index];
      const command = held.order.commands[index];
      if (!of || !command) return;
      if (of.state === "waiting") {
        if (!(await this.#untilStartAllowed(command))) continue;
        this.#startsOfThisProcess.add(index);
        const startId = this.#deps.random.id();
        await this.#journal({ type: "started", orderSeq: this.orderSeq, index, startId });
        this.#report(startedFrame(this.#held() ?? held, index));
        continue;
      }
      const base = {
        actionId: held.order.actionId,
        orderSeq: this.orderSeq,
        index,
        limits: held.order.limits,
        earlier: held.order.commands.slice(0, index),
        secretEnv: held.order.secretEnv ?? null,
      };
      const { actionId } = held.order;
      this.#deps.log.info("commandStarted", { actionId, index, type: command.type });
      if (!of.scriptEnd) this.#deps.ownersLog.write({ event: "started", actionId, index, type: command.type });
      if (command.type === "RunScript") await this.#script({ ...base, command }, of);
      else await this.#transfer({ ...base, command });
      this.#deps.log.info("commandEnded", { actionId, index, outcome: this.#held()?.commands[index]?.end?.outcome });
      const after = this.#held();
      if (after) this.#report(this.#deps.reports.ended(after, index));
      this.#deps.onCommandEnd();
      this.#stopped.signal.throwIfAborted();
    }
  }

  /**
   * Waits until another command may be journaled as started. Returns false if the server ends the
   * order meanwhile. A script needs a grant of the server, so without a connection it stays in the
   * state waiting, and a crash does not make it fail. A transfer may start within a grace period
   * after the connection was lost.
   */
  async #untilStartAllowed({ type }: OrderCommand): Promise<boolean> {
    const { serverConnection, settings } = this.#deps;
    const signal = AbortSignal.any([this.#cancelled.signal, this.#stopped.signal, this.#discarded.signal]);
    for (;;) {
      this.#stopped.signal.throwIfAborted();
      this.#discarded.signal.throwIfAborted();
      if (this.#cancelled.signal.aborted) return false;
      const isConnected =
        type === "RunScript" ? serverConnection.isUp : serverConnection.downForMs <= settings.startWithoutConnectionMs;
      if (this.mayStart && isConnected) return true;
      await serverConnection.changed(signal).catch(() => undefined);
    }
  }

  async #script(job: CommandJob<RunScriptCommand>, before: CommandState): Promise<void> {
    const { orderSeq, index } = job;
    let end = before.scriptEnd;
    if (!end) {
      const signal = AbortSignal.any([this.#cancelled.signal, this.#stopped.signal, this.#discarded.signal]);
      // This is the only place that starts a script. The entry is deleted before the start, so a
      // second start is impossible.
      const scriptEnd = this.#startsOfThisProcess.delete(index)
        ? await this.#run(job, before.startId, signal)
        : { outcome: "failed" as const, errors: [CRASHED_TEXT], exitCode: -1, ran: true, leftovers: [] };
      this.#leftovers.push(...scriptEnd.leftovers);
      this.#discarded.signal.throwIfAborted();
      end = {
        type: "scriptEnded",
        orderSeq,
        index,
        outcome: scriptEnd.outcome,
        errors: scriptEnd.errors,
        exitCode: scriptEnd.exitCode,
        ran: scriptEnd.ran,
      };
    }
    const inline = end.ran ? await this.#deps.runner.inlineTranscript(job, end.exitCode) : null;
    let result: Transcript | null = inline;
    let { outcome, errors } = end;
    if (end.ran && !inline) {
      if (!before.scriptEnd) await this.#write(end);
      this.#deps.onCommandEnd();
      this.#stopped.signal.throwIfAborted();
      result = await this.#upload(job, end.exitCode);
      if (!result) {
        outcome = "failed";
        errors = [...errors, "The transcript could not be delivered."];
      }
    }
    const exitCode = end.ran && { exitCode: end.exitCode };
    await this.#ended({ type: "ended", orderSeq, index, outcome, errors, result, ...exitCode });
  }

  async #run(job: CommandJob<RunScriptCommand>, startId: string | null, signal: AbortSignal): Promise<ScriptEnd> {
    const { orderSeq, index } = job;
    const start: ScriptStart = {
      granted: async () => {
        // Both wait at the same time, so the log costs no time of its own.
        const logged = this.#deps.ownersLog.synced();
        logged.catch(() => undefined);
        await this.#untilGranted(job, startId, signal);
        await logged;
      },
      spawned: ({ pid, startTime, bootId }) =>
        this.#write({ type: "process", orderSeq, index, pid, startTime, bootId }),
    };
    const end = await this.#deps.runner.runScript(job, start, signal);
    this.#deps.endTimes.record(orderSeq, index);
    return end;
  }

  /**
   * A copy of this device with the same key and journal could start the script too, and this device
   * may have been set back to an earlier state. Only the server can distinguish the first start
   * from a second one (docs/decisions/0007).
   */
  async #untilGranted({ actionId, index }: CommandRef, startId: string | null, signal: AbortSignal): Promise<void> {
    const { serverConnection, log } = this.#deps;
    let isLogged = false;
    while (this.#grant?.startId !== startId || !this.#isFreshGrant(index)) {
      if (!serverConnection.isUp && !isLogged) log.info("scriptWaitsForLink", { actionId, index });
      isLogged ||= !serverConnection.isUp;
      await serverConnection.changed(signal);
    }
  }

  /**
   * A grant is requested again if it was in transit for too long or arrived too long ago, because
   * its action may have ended since.
   */
  #isFreshGrant(index: number): boolean {
    const { clock, log } = this.#deps;
    if (this.#grant && isRecent(this.#grant.sentAtMs, clock.monotonicMs())) return true;
    this.#grant = null;
    log.warn("startGrantExpired", { orderSeq: this.orderSeq, index });
    const held = this.#held();
    if (held) this.#report(startedFrame(held, index));
    return false;
  }

  /**
   * A transcript cannot be recreated, so the upload is retried without a limit. For a cancelled
   * order it stops, because the server waits for `closed`.
   */
  async #upload(job: CommandJob<RunScriptCommand>, exitCode: number): Promise<Transcript | null> {
    const { runner, clock, settings } = this.#deps;
    const signal = AbortSignal.any([this.#stopped.signal, this.#discarded.signal]);
    const late = new AbortController();
    const onCancel = () => {
      sleep(clock, settings.cancelledDeliveryMs, AbortSignal.any([signal, late.signal]))
        .then(() => late.abort())
        .catch(() => undefined);
    };
    if (this.#cancelled.signal.aborted) onCancel();
    else this.#cancelled.signal.addEventListener("abort", onCancel, { once: true });
    try {
      return await runner.uploadTranscript(job, exitCode, AbortSignal.any([signal, late.signal]));
    } catch (error) {
      if (signal.aborted || !late.signal.aborted) throw error;
      return null;
    } finally {
      this.#cancelled.signal.removeEventListener("abort", onCancel);
      late.abort();
    }
  }

  async #transfer(job: CommandJob<TransferCommand>): Promise<void> {
    const { orderSeq, index } = job;
    const signal = AbortSignal.any([this.#cancelled.signal, this.#stopped.signal, this.#discarded.signal]);
    let end: TransferEnd;
    try {
      end = await this.#loggedTransfer(job, signal);
    } catch (error) {
      this.#discarded.signal.throwIfAborted();
      this.#stopped.signal.throwIfAborted();
      if (!this.#cancelled.signal.aborted) throw error;
      end = { outcome: "failed", errors: [CANCELLED_TEXT], result: null };
    }
    this.#deps.endTimes.record(orderSeq, index);
    await this.#ended({ type: "ended", orderSeq, index, ...end });
  }

  /** The order is in the owner's log, on disk, before a file leaves or changes the device. */
  async #loggedTransfer(job: CommandJob<TransferCommand>, signal: AbortSignal): Promise<TransferEnd> {
    try {
      await this.#deps.ownersLog.synced();
    } catch (error) {
      return {
        outcome: "failed",
        errors: [`The owner's log of the device cannot be written: ${messageOf(error)}`],
        result: null,
      };
    }
    return this.#deps.runner.transfer(job, signal);
  }

  async #close(): Promise<void> {
    const held = this.#held();
    if (!held?.isEndRequested || held.closed) return;
    await this.#write({ type: "closed", orderSeq: this.orderSeq, errors: this.#leftovers });
    const closed = this.#held();
    if (closed) this.#report(closedFrame(closed));
  }

  /**
   * The end of the last command is reported before it is synced. If a power cut loses it, the
   * device reports the command as interrupted, and the server ignores that after it has recorded
   * the end. The end of an earlier command is synced before it is reported. Otherwise the server
   * could know more than the journal and would end the action.
   */
  async #ended(end: EndRecord): Promise<void> {
    const held = this.#held();
    const isLast = end.outcome === "failed" || end.index === (held?.order.commands.length ?? 0) - 1;
    await (isLast ? this.#write(end) : this.#journal(end));
    const event = held && endedEvent(held.order, end);
    if (event) this.#deps.ownersLog.write(event);
  }

  #held(): OrderState | undefined {
    return this.#deps.journal.state.orders.get(this.orderSeq);
  }

  #journal(
    ...records: Parameters<JournalWriter["append"]> extends [AbortSignal, ...infer R] ? R : never
  ): Promise<void> {
    this.#discarded.signal.throwIfAborted();
    return this.#deps.journal.append(this.#discarded.signal, ...records);
  }

  #write(record: JournalRecord): Promise<void> {
    this.#discarded.signal.throwIfAborted();
    return this.#deps.journal.write(this.#discarded.signal, record);
  }

  #report(frame: AgentFrame | null): void {
    if (frame) this.#deps.serverConnection.send(frame);
  }
}
