import type { OutputPosition, OutputStream } from "@halligan/protocol/link";

export type { OutputPosition, OutputStream } from "@halligan/protocol/link";

/** Which output is read, and from where. */
export interface OutputRequest {
  readonly machineId: string;
  readonly actionId: string;
  readonly orderSeq: number;
  readonly index: number;
  readonly from: OutputPosition | "end";
  /** How many bytes the device may send before more are granted. */
  readonly creditBytes: number;
}

/**
 * Why a read has ended.
 * complete:     the command has ended, and everything was passed on.
 * unknown:      the device does not hold the order: not yet, or not any more.
 * disconnected: the connection of the device has ended, or never was there.
 * notOffered:   the agent is older and sends no live output.
 * beyond:       the output is shorter than the position.
 * busy:         the device has as many reads as it takes.
 */
export type OutputReadEnd = "complete" | "unknown" | "disconnected" | "notOffered" | "beyond" | "busy";

/**
 * Receives what a read brings. The bytes of each stream follow each other without a gap: a source
 * that brings others has ended.
 */
export interface OutputSink {
  began(at: OutputPosition): void;
  chunk(stream: OutputStream, bytes: Buffer): void;
  /** Called once, and nothing after it; not after `close`. */
  ended(reason: OutputReadEnd): void;
}

export interface OutputRead {
  grant(bytes: number): void;
  /** No call of the sink follows. */
  close(): void;
}

/** The sink is never called before `read` has returned. */
export interface OutputSource {
  read(request: OutputRequest, sink: OutputSink): OutputRead;
}
