import { err, ok, type Result } from "@halligan/protocol/errors";
import { MAX_OUTPUT_CHUNK_BYTES } from "@halligan/protocol/link";
import type { Caller } from "../../../auth/caller.ts";
import { type Command, isEnded } from "../../../domain/actions/command.ts";
import { isFinal, type MachineAction } from "../../../domain/actions/machine-action.ts";
import type { DomainError } from "../../../domain/errors.ts";
import type { ServiceContext } from "../../context.ts";
import { events } from "../../events.ts";
import { actionInScope } from "../../machine-scope.ts";
import type { FeedWatcher } from "../../output/output-feeds.ts";
import type { OutputPosition, OutputReadEnd, OutputStream } from "../../output/output-source.ts";
import type { SharedChunk } from "../../output/shared-read.ts";
import { Wake } from "../../output/wake.ts";
import { ActionWatch } from "../watch/watch-action.ts";
import { ActionFollower } from "./action-follower.ts";
import { openTranscriptOf } from "./open-transcript.ts";
import { storedOutput, transcriptExitCode, transcriptFacts } from "./stored-output.ts";
import { type OutputPlace, outputPlace } from "./watched-command.ts";

/** The next byte of each stream, of one command. */
export interface OutputCursor extends OutputPosition {
  index: number;
}

/**
 * One step of a watch.
 * command:   a command begins to be watched, or has ended and all of its output was passed on.
 * chunk:     the next bytes of one stream.
 * truncated: the device has kept only a part of a stream.
 * gap:       `expired`: output of the command is not there any more. `beyondOutput`: it is shorter
 *            than the cursor says, and what is written from now on follows.
 * notice:    the output comes with the end of the command, because the agent is older, or connected
 *            to another node.
 * quiet:     nothing for the time that the watcher wanted to wait.
 * dropped:   the watcher held up others for too long. It may go on from its cursor.
 * end:       the action is over, and nothing follows.
 */
export type OutputStep =
  | { kind: "command"; index: number; command: Command; exitCode: number | null }
  | { kind: "chunk"; index: number; chunk: SharedChunk; cursor: OutputCursor }
  | { kind: "truncated"; index: number; stream: OutputStream; sizeBytes: number; keptBytes: number }
  | { kind: "gap"; index: number; reason: "expired" | "beyondOutput" }
  | { kind: "notice"; index: number; code: OutputNotice }
  | { kind: "quiet" }
  | { kind: "dropped" }
  | { kind: "end"; action: MachineAction };

export type OutputNotice = "AgentWithoutLiveOutput" | "AgentOnAnotherNode";

export interface OutputWatchOptions {
  /** Null: from the present end. */
  from: OutputCursor | null;
  rereadIntervalMs: number;
  quietAfterMs: number;
  isStillAdmitted: () => Promise<boolean>;
}

/** How long until a device is asked again that did not know the order, or was away. */
const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 2_000;

/** The output of all commands of an action for one watcher, live and stored. */
export class OutputWatch implements Disposable {
  readonly #context: ServiceContext;
  readonly #caller: Caller;
  readonly #follower: ActionFollower;
  readonly #options: OutputWatchOptions;
  readonly #wake: Wake;
  readonly #cursor: OutputCursor;
  /** The present command is watched from its present end, which is not known yet. */
  #isFromEnd: boolean;
  /** All output of the present command was passed on. */
  #isDelivered = false;
  #isOver = false;
  /** The last commands that were announced, recorded, and noticed. */
  #announced = -1;
  #recorded = -1;
  #noticed = -1;
  #retryMs = FIRST_RETRY_MS;
  #checkAtMs: number;

  private constructor(
    context: ServiceContext,
    caller: Caller,
    wake: Wake,
    follower: ActionFollower,
    options: OutputWatchOptions,
  ) {
    this.#context = context;
    this.#caller = caller;
    this.#wake = wake;
    this.#follower = follower;
    this.#options = options;
    this.#checkAtMs = context.clock.monotonicMs() + options.rereadIntervalMs;
    this.#isFromEnd = options.from === null;
    const unfinished = follower.action.commands.findIndex((command) => !isEnded(command));
    const index = unfinished < 0 ? follower.action.commands.length : unfinished;
    this.#cursor = options.from ? { ...options.from } : { index, stdout: 0, stderr: 0 };
  }

  /** `GET /halligan/v1/actions/{id}/output` */
  static async open(
    context: ServiceContext,
    caller: Caller,
    actionId: string,
    options: OutputWatchOptions,
  ): Promise<Result<OutputWatch, DomainError>> {
    const opened = await ActionWatch.open(context, caller, actionId, options);
    if (!opened.ok) return opened;
    const wake = new Wake(context.clock);
    const follower = await ActionFollower.start(opened.value, wake.wake);
    if (!follower) return err({ code: "MachineActionNotFound", actionId });
    if (options.from && isImpossible(follower.action, options.from)) {
      follower[Symbol.dispose]();
      return err({ code: "CursorBeyondOutput", actionId, index: options.from.index });
    }
    return ok(new OutputWatch(context, caller, wake, follower, options));
  }

  [Symbol.dispose](): void {
    this.#follower[Symbol.dispose]();
  }

  async *steps(signal: AbortSignal): AsyncGenerator<OutputStep> {
    while (await this.#mayGoOn(signal)) {
      const { action } = this.#follower;
      const { index } = this.#cursor;
      const command = action.commands[index];
      if (!command) {
        if (isFinal(action.status)) return yield { kind: "end", action };
        yield* this.#wait(signal);
        continue;
      }
      const place = this.#placeOf(action, command);
      if (!isEnded(command) && place !== "none") {
        if (this.#announced < index) yield { kind: "command", index, command, exitCode: null };
        this.#announced = index;
      }
      if (place === "device") yield* this.#live(action, signal);
      else if (place === "later") yield* this.#wait(signal);
      else {
        if (place === "stored") yield* this.#stored(action, signal);
        if (place === "expired") yield { kind: "gap", index, reason: "expired" };
        if (!(await this.#mayGoOn(signal))) return;
        yield* this.#ended(action, command, signal);
      }
    }
  }

  /** Where the rest of the present command's output is. */
  #placeOf(action: MachineAction, command: Command): OutputPlace {
    const place = outputPlace(action, command);
    if (!this.#isDelivered) return place;
    return isEnded(command) || isFinal(action.status) ? "none" : "later";
  }

  async *#live(action: MachineAction, signal: AbortSignal): AsyncGenerator<OutputStep> {
    const { index } = this.#cursor;
    const { id: actionId, machineId, order } = action;
    await this.#record(action, index);
    const watched = { machineId, actionId, orderSeq: order?.orderSeq ?? 0, index };
    const { stdout, stderr } = this.#cursor;
    const from = this.#isFromEnd ? "end" : { stdout, stderr };
    using watcher = this.#context.outputFeeds.watch(watched, from, this.#wake.wake);
    while (await this.#mayGoOn(signal)) {
      const step = watcher.next();
      this.#foundPosition(watcher);
      if (step.kind === "chunk") yield this.#passOn(step.chunk);
      else if (step.kind === "waiting") yield* this.#wait(signal);
      else if (step.kind === "dropped") {
        this.#isOver = true;
        return yield step;
      } else return yield* this.#readEnded(step.reason, signal);
    }
  }

  async *#readEnded(reason: OutputReadEnd, signal: AbortSignal): AsyncGenerator<OutputStep> {
    if (reason === "complete") {
      this.#isDelivered = true;
      return;
    }
    if (reason === "beyond") {
      this.#isFromEnd = true;
      return yield { kind: "gap", index: this.#cursor.index, reason: "beyondOutput" };
    }
    if (isFinal(this.#follower.action.status)) {
      const now = await this.#readAction();
      if (now) this.#follower.replace(now);
      // Of an action that is over, no connection of the device is waited for.
      const isAway = reason === "disconnected" || reason === "notOffered";
      if (isAway && this.#isStillOnDevice()) this.#isDelivered = true;
    } else if (reason === "notOffered") {
      yield* this.#notice("AgentWithoutLiveOutput");
      while (!this.#isOverOrEnded() && (await this.#mayGoOn(signal))) yield* this.#wait(signal);
      return;
    }
    if (reason === "disconnected" && (await this.#isOnAnotherNode())) yield* this.#notice("AgentOnAnotherNode");
    await this.#wake.wait(this.#retryMs, signal);
    this.#retryMs = Math.min(this.#retryMs * 2, LONGEST_RETRY_MS);
  }

  async *#stored(action: MachineAction, signal: AbortSignal): AsyncGenerator<OutputStep> {
    const { index } = this.#cursor;
    await this.#record(action, index);
    const open = openTranscriptOf(this.#context, action, index, signal);
    const facts = await transcriptFacts(open);
    // The end of what has ended has no bytes.
    if (this.#isFromEnd) return;
    const { stdout, stderr } = this.#cursor;
    const ends: Partial<OutputPosition> = {};
    for await (const chunk of storedOutput(open, facts, { stdout, stderr }, ends)) {
      for (const part of partsOf(chunk)) {
        if (!(await this.#mayGoOn(signal))) return;
        yield this.#passOn(part);
      }
    }
    if (signal.aborted) return;
    if ((ends.stdout ?? stdout) < stdout || (ends.stderr ?? stderr) < stderr)
      yield { kind: "gap", index, reason: "beyondOutput" };
  }

  /** The command has ended, or will never begin. */
  async *#ended(action: MachineAction, command: Command, signal: AbortSignal): AsyncGenerator<OutputStep> {
    const { index } = this.#cursor;
    if (command.type === "RunScript" && (command.result?.kind === "inline" || command.result?.kind === "blob")) {
      const open = openTranscriptOf(this.#context, action, index, signal);
      const facts = await transcriptFacts(open);
      for (const stream of ["stdout", "stderr"] as const) {
        const { sizeBytes = 0, keptBytes = 0 } = facts[stream] ?? {};
        if (keptBytes < sizeBytes) yield { kind: "truncated", index, stream, sizeBytes, keptBytes };
      }
      yield { kind: "command", index, command, exitCode: await transcriptExitCode(open) };
    } else if (isEnded(command)) yield { kind: "command", index, command, exitCode: null };
    Object.assign(this.#cursor, { index: index + 1, stdout: 0, stderr: 0 });
    this.#isFromEnd = false;
    this.#isDelivered = false;
    this.#retryMs = FIRST_RETRY_MS;
  }

  #passOn(chunk: SharedChunk): OutputStep {
    const { stream, offset, bytes } = chunk;
    this.#cursor[stream] = offset + bytes.length;
    this.#retryMs = FIRST_RETRY_MS;
    return { kind: "chunk", index: this.#cursor.index, chunk, cursor: { ...this.#cursor } };
  }

  #foundPosition({ at }: FeedWatcher): void {
    if (!this.#isFromEnd || at === null) return;
    this.#isFromEnd = false;
    Object.assign(this.#cursor, at);
  }

  #isStillOnDevice(): boolean {
    const { action } = this.#follower;
    const command = action.commands[this.#cursor.index];
    return command !== undefined && outputPlace(action, command) === "device";
  }

  /** Once for each command. */
  *#notice(code: OutputNotice): Generator<OutputStep> {
    const { index } = this.#cursor;
    if (this.#noticed >= index) return;
    this.#noticed = index;
    yield { kind: "notice", index, code };
  }

  async #isOnAnotherNode(): Promise<boolean> {
    const { store, node } = this.#context;
    const { machineId } = this.#follower.action;
    const machine = this.#noticed < this.#cursor.index && (await store.read((tx) => tx.machines.byId(machineId)));
    return machine ? machine.linked && machine.nodeId !== node.id : false;
  }

  #isOverOrEnded(): boolean {
    return isFinal(this.#follower.action.status) || !this.#isStillOnDevice();
  }

  async *#wait(signal: AbortSignal): AsyncGenerator<OutputStep> {
    if (!(await this.#wake.wait(this.#options.quietAfterMs, signal)) && !signal.aborted) yield { kind: "quiet" };
  }

  /** A caller who gets a byte has fetched it, so the record comes first. */
  async #record(action: MachineAction, index: number): Promise<void> {
    if (this.#recorded >= index) return;
    this.#recorded = index;
    const { store, clock } = this.#context;
    await store.write((tx) => events.outputWatched(tx, this.#caller, action, index, clock.nowMs()));
  }

  /** A watch outlasts the check of its caller, also after the end of its action. */
  async #mayGoOn(signal: AbortSignal): Promise<boolean> {
    if (signal.aborted || this.#isOver) return false;
    const { clock } = this.#context;
    if (clock.monotonicMs() < this.#checkAtMs) return true;
    this.#checkAtMs = clock.monotonicMs() + this.#options.rereadIntervalMs;
    return (await this.#options.isStillAdmitted()) && (await this.#readAction()) !== undefined;
  }

  #readAction(): Promise<MachineAction | undefined> {
    const { id } = this.#follower.action;
    return this.#context.store.read((tx) => actionInScope(tx, this.#caller, id));
  }
}

/** No command of the action can have had so much output. */
function isImpossible({ commands }: MachineAction, { index, stdout, stderr }: OutputCursor): boolean {
  const isAtStart = stdout === 0 && stderr === 0;
  return index > commands.length || (!isAtStart && commands[index]?.type !== "RunScript");
}

/** So that one event has no more bytes than one frame of a device. */
function* partsOf({ stream, offset, bytes }: SharedChunk): Generator<SharedChunk> {
  for (let at = 0; at < bytes.length; at += MAX_OUTPUT_CHUNK_BYTES) {
    yield { stream, offset: offset + at, bytes: bytes.subarray(at, at + MAX_OUTPUT_CHUNK_BYTES) };
  }
}
