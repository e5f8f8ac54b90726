/**
 * The complete list of what the agent core waits for. The simulation replaces the clock, the
 * network, the disk and the runner. An aborted wait rejects with the signal's reason.
 */
import type {
  FileChange,
  OrderCommand,
  OrderLimits,
  OutputCounts,
  OutputPosition,
  OutputStream,
  SecretEnv,
} from "@halligan/protocol/link";

export interface Random {
  /** At least 0 and less than 1. */
  fraction(): number;
  /** 128 bits as 32 hex digits. */
  id(): string;
}

export type LogFields = Record<string, string | number | boolean | null | undefined>;
/** Log fields never contain a secret, the content or arguments of a script, or bytes of a file. */
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
  /** Messages in order of arrival. `closed` is the last one; every later call returns it again. */
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
  /**
   * The bytes, and all bytes before them, are durable when it resolves. When it rejects, the
   * journal is unchanged.
   */
  appendJournal(bytes: Uint8Array): Promise<void>;
  /**
   * The bytes survive the end of the agent's process when it resolves. A power cut can lose them
   * until they are synced. When it rejects, the journal is unchanged.
   */
  writeJournal(bytes: Uint8Array): Promise<void>;
  /** Everything that was written is durable when it resolves. */
  syncJournal(): Promise<void>;
  /** Replaces the whole journal or nothing. The bytes are durable when it resolves. */
  replaceJournal(bytes: Uint8Array): Promise<void>;
  /** Moves an unreadable journal aside, so that a person can look at it. */
  setJournalAside(): Promise<void>;
}

/** Identifies a process by more than its number, because the system reuses numbers. */
export interface ProcessRef {
  pid: number;
  /**
   * The start time as the system reports it, in the unit of the system; empty where it is not
   * available.
   */
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
  /** Earlier commands of the same order. Their library files may still be on disk. */
  earlier: readonly OrderCommand[];
  /** Variables of the scripts of the order, encrypted to this device. Null when it has none. */
  secretEnv: SecretEnv | null;
}

/** The start of a script as the rest of the agent sees it. */
export interface ScriptStart {
  /**
   * Resolves when the server has granted this start; rejects with the signal's reason. Everything
   * except the process may be prepared before.
   */
  granted(): Promise<void>;
  /** Called as soon as the process exists. */
  spawned(process: ProcessRef): Promise<void>;
}

/** Why a command's signal is aborted. */
export type StopReason = "cancelled" | "agentStops";

export interface ScriptEnd {
  outcome: "completed" | "failed";
  errors: string[];
  exitCode: number;
  /** False when no process was ever started. There is no transcript then. */
  ran: boolean;
  /** Parts of its process tree that could not be ended. */
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
  /** Present only when the file changed while it was read. */
  fileChange?: FileChange;
}

export type Transcript = (
  | { kind: "inline"; transcript: string }
  | { kind: "uploaded"; uploadId: string; sizeBytes: number; sha256: string }
) & { output?: OutputCounts };

/** Runs commands: the interface to processes, files, compression and transfers. */
export interface Runner {
  /**
   * Runs the script to its end and ends the rest of its process tree. It never rejects because of
   * the script. An abort (reason: {@link StopReason}) ends the tree, and the call resolves. No
   * process is created before `start.granted` resolves.
   */
  runScript(job: CommandJob<RunScriptCommand>, start: ScriptStart, signal: AbortSignal): Promise<ScriptEnd>;
  /** GetFile or PutFile. Rejects only when the signal is aborted. */
  transfer(job: CommandJob<TransferCommand>, signal: AbortSignal): Promise<TransferEnd>;
  /** The transcript of the spooled output if it fits inline, else null. */
  inlineTranscript(job: CommandJob<RunScriptCommand>, exitCode: number): Promise<Transcript | null>;
  /**
   * Uploads the transcript of the spooled output. Resolves to null when the server does not want
   * it. Tries until it is aborted.
   */
  uploadTranscript(
    job: CommandJob<RunScriptCommand>,
    exitCode: number,
    signal: AbortSignal,
  ): Promise<Transcript | null>;
  /**
   * Ends what remains of a command of an earlier agent process. Returns what could not be ended.
   */
  endOrphans(command: CommandRef, process: ProcessRef | null): Promise<string[]>;
  /**
   * Ends everything that any earlier agent process of this machine started. Used when the journal
   * is lost.
   */
  endAllOrphans(): Promise<string[]>;
  /** Removes the spooled output and scripts of an order. */
  removeOrderFiles(orderSeq: number): Promise<void>;
  /** Removes the spooled output and scripts of every order except these. */
  removeOrderFilesExcept(orderSeqs: ReadonlySet<number>): Promise<void>;
}

export interface OutputSizes extends OutputPosition {
  /** The script has ended, and the agent has written its notes. */
  isFinal: boolean;
}

/** The stored output of one command. */
export interface OutputReader {
  /** Bytes that are stored and stay as they are. */
  sizes(): Promise<OutputSizes>;
  /**
   * At most `maxBytes`, and at least one unless the file is gone. Valid until the next read.
   */
  read(stream: OutputStream, offset: number, maxBytes: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

export interface OutputSpools {
  /** `onChange` is called after each change of the sizes, and perhaps more often. */
  open(command: CommandRef, onChange: () => void): OutputReader;
}
