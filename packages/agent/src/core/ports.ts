/**
 * What the agent's core waits on, and nothing else: the simulation gives it other clocks, networks, disks and runners.
 * A wait that is aborted rejects with the signal's reason.
 */
import type { FileChange, OrderCommand, OrderLimits } from "@halligan/protocol/link";

export interface Clock {
  /** Milliseconds from an arbitrary start; never goes back. The device's wall clock decides nothing. */
  monotonicMs(): number;
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export interface Random {
  /** At least 0, less than 1. */
  fraction(): number;
  /** 128 bits as 32 hex digits. */
  id(): string;
}

export type LogFields = Record<string, string | number | boolean | null | undefined>;
/** Never a secret, a script's content or arguments, or bytes of a file. */
export interface Log {
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

export type Received =
  | { kind: "text"; text: string }
  | { kind: "binary"; bytes: Uint8Array }
  | { kind: "closed"; code: number; reason: string };

export interface Connection {
  /** In order of arrival; `closed` is the last, and is given again when asked again. */
  receive(signal: AbortSignal): Promise<Received>;
  sendText(text: string): void;
  sendBinary(bytes: Uint8Array): void;
  close(): void;
}

export interface Net {
  /** Rejects when the server cannot be reached. */
  connect(signal: AbortSignal): Promise<Connection>;
}

export interface Disk {
  /** Null when there is no journal yet. */
  readJournal(): Promise<Uint8Array | null>;
  /** Durable when it resolves; when it rejects the journal is as it was. */
  appendJournal(bytes: Uint8Array): Promise<void>;
  /** All or nothing, durable when it resolves. */
  replaceJournal(bytes: Uint8Array): Promise<void>;
  /** Puts a journal that cannot be read aside, so that a person can look at it. */
  setJournalAside(): Promise<void>;
}

/** A process by more than its number, which the system gives to another one later. */
export interface ProcessRef {
  pid: number;
  /** As the system tells it, in its own unit; empty where it cannot be had. */
  startTime: string;
  bootId: string;
}

export interface CommandRef {
  actionId: string;
  orderSeq: number;
  index: number;
}

export type RunScriptCommand = Extract<OrderCommand, { type: "RunScript" }>;
export type TransferCommand = Exclude<OrderCommand, { type: "RunScript" }>;

export interface CommandJob<C extends OrderCommand> extends CommandRef {
  command: C;
  limits: OrderLimits;
  /** Earlier commands of the same order, whose library files may still be on disk. */
  earlier: readonly OrderCommand[];
}

/** A script's start as the rest of the agent sees it. */
export interface ScriptStart {
  /** Resolves when the server has granted this start; rejects with the signal's reason. Everything but the process may be made before. */
  granted(): Promise<void>;
  /** Called as soon as there is a process. */
  spawned(process: ProcessRef): Promise<void>;
}

/** Why a command's signal is aborted. */
export type StopReason = "cancelled" | "agentStops";

export interface ScriptEnd {
  outcome: "completed" | "failed";
  errors: string[];
  exitCode: number;
  /** False when no process was ever started: then there is no transcript. */
  ran: boolean;
  /** What of its tree could not be ended. */
  leftovers: string[];
}

export interface TransferEnd {
  outcome: "completed" | "failed";
  errors: string[];
  result: CollectedFile | null;
}

export interface CollectedFile {
  kind: "uploaded";
  uploadId: string;
  sizeBytes: number;
  sha256: string;
  /** Only where the file changed while it was read. */
  fileChange?: FileChange;
}

export type Transcript =
  | { kind: "inline"; transcript: string }
  | { kind: "uploaded"; uploadId: string; sizeBytes: number; sha256: string };

/** Commands: processes, files, compression and transfers sit behind this. */
export interface Runner {
  /**
   * Runs the script to its end and ends what is left of its tree. Never rejects for a reason of the script: an abort
   * (reason: {@link StopReason}) ends the tree and resolves. No process is made before `start.granted` has resolved.
   */
  runScript(job: CommandJob<RunScriptCommand>, start: ScriptStart, signal: AbortSignal): Promise<ScriptEnd>;
  /** GetFile or PutFile. Rejects only when the signal is aborted. */
  transfer(job: CommandJob<TransferCommand>, signal: AbortSignal): Promise<TransferEnd>;
  /** The transcript of what was spooled, inline where it fits, else null. */
  inlineTranscript(job: CommandJob<RunScriptCommand>, exitCode: number): Promise<Transcript | null>;
  /** Uploads the transcript of what was spooled; null when the server does not want it. Tries until aborted. */
  uploadTranscript(
    job: CommandJob<RunScriptCommand>,
    exitCode: number,
    signal: AbortSignal,
  ): Promise<Transcript | null>;
  /** Ends what runs of a command that an earlier agent process started. Answers with what could not be ended. */
  endOrphans(command: CommandRef, process: ProcessRef | null): Promise<string[]>;
  /** Ends everything that any earlier agent process of this machine started: for a journal that was lost. */
  endAllOrphans(): Promise<string[]>;
  /** Removes the spooled output and scripts of an order. */
  forget(orderSeq: number): Promise<void>;
  /** Removes those of every order but these. */
  forgetAllBut(orderSeqs: ReadonlySet<number>): Promise<void>;
}
