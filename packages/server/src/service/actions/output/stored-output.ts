import type { StreamCounts } from "@halligan/protocol/link";
import { TranscriptScanner } from "../../../domain/results/transcript-scanner.ts";
import type { OutputPosition, OutputStream } from "../../output/output-source.ts";
import type { SharedChunk } from "../../output/shared-read.ts";

/** A stored transcript, or its last bytes. Null when its bytes are gone. */
export type OpenTranscript = (lastBytes?: number) => Promise<AsyncIterable<Buffer> | null>;

/** What a transcript says about one stream. `isBinary`: its bytes are not its text. */
export interface StreamFacts {
  sizeBytes: number;
  keptBytes: number;
  textBytes: number;
  isBinary: boolean;
}
export type TranscriptFacts = Partial<Record<OutputStream, StreamFacts>>;

const TEXTS = { stdout: "script_output", stderr: "script_errors" } as const;
const STREAMS = ["stdout", "stderr"] as const;
/** The facts of two streams without their bytes have less than 300. */
const TAIL_BYTES = 2_048;
const FACTS_BEGIN = ',"halligan":{';

/**
 * The bytes of the device's spools from a position on, as a live watcher gets them: standard
 * output, then standard error. Text that is not UTF-8 comes from its base64, and the agent's notes
 * after it from the text. `ends` then has where the streams that were read to their end have it.
 */
export async function* storedOutput(
  open: OpenTranscript,
  facts: TranscriptFacts,
  from: OutputPosition,
  ends: Partial<OutputPosition>,
): AsyncGenerator<SharedChunk> {
  const texts = STREAMS.filter((stream) => !facts[stream]?.isBinary);
  yield* textChunks(open, new Map(texts.map((stream) => [TEXTS[stream], { stream, at: 0, from: from[stream] }])), ends);
  for (const stream of STREAMS) {
    const known = facts[stream];
    if (known?.isBinary) yield* binaryChunks(open, stream, known, from[stream], ends);
  }
}

/**
 * The bytes `start` to `end` of one stream, without the agent's notes after them. What comes before
 * them in the transcript is read too, because the lengths of JSON's escapes differ. The device has
 * counted the bytes; when the transcript has fewer, fewer come.
 */
export async function* streamBytes(
  open: OpenTranscript,
  stream: OutputStream,
  { bytes: sizeBytes, isBinary }: StreamCounts,
  { start, end }: { start: number; end: number },
): AsyncGenerator<Buffer> {
  if (end < start) return;
  const facts = { textBytes: sizeBytes, sizeBytes, keptBytes: sizeBytes, isBinary: isBinary === true };
  const text = { stream, at: 0, from: start };
  const chunks = isBinary
    ? binaryChunks(open, stream, facts, start)
    : textChunks(open, new Map([[TEXTS[stream], text]]));
  for await (const { offset, bytes } of chunks) {
    yield bytes.subarray(0, Math.max(0, end + 1 - offset));
    if (offset + bytes.length > end) return;
  }
}

/**
 * Where nothing is cut and the text is the output, the transcript says nothing about it, and its
 * last bytes show that. Otherwise they have the facts, or the whole text is read.
 */
export async function transcriptFacts(open: OpenTranscript): Promise<TranscriptFacts> {
  const tail = await open(TAIL_BYTES);
  if (!tail) return {};
  const chunks: Buffer[] = [];
  for await (const chunk of tail) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString("utf8");
  const begin = text.lastIndexOf(FACTS_BEGIN);
  if (begin < 0 && text.endsWith('"}')) return {};
  const facts: TranscriptFacts = {};
  const of = (member: string): [StreamFacts, string] | null => {
    const [, stream, name = ""] = /^halligan\.(stdout|stderr)\.(\w+)$/.exec(member) ?? [];
    if (stream !== "stdout" && stream !== "stderr") return null;
    facts[stream] ??= { sizeBytes: 0, keptBytes: 0, textBytes: 0, isBinary: false };
    return [facts[stream], name];
  };
  const scanner = new TranscriptScanner({
    text(member) {
      const [stream, name] = of(member) ?? [];
      if (stream && name === "base64") stream.isBinary = true;
    },
    textEnded: () => undefined,
    number(member, value) {
      const [stream, name] = of(member) ?? [];
      if (stream && (name === "sizeBytes" || name === "keptBytes" || name === "textBytes")) stream[name] = value;
    },
  });
  if (begin >= 0) scanner.push(Buffer.from(`{${text.slice(begin + 1)}`));
  else for await (const chunk of (await open()) ?? []) scanner.push(chunk);
  return facts;
}

/** The script's own; null when the transcript has none. */
export async function transcriptExitCode(open: OpenTranscript): Promise<number | null> {
  let exitCode: number | null = null;
  const scanner = new TranscriptScanner({
    text: () => undefined,
    textEnded: () => undefined,
    number(member, value) {
      if (member === "exit_code") exitCode ??= value;
    },
  });
  for await (const chunk of (await open()) ?? []) {
    scanner.push(chunk);
    // It stands before the texts, and leaving the loop closes the stream.
    if (exitCode !== null) break;
  }
  return exitCode;
}

interface TextPlace {
  readonly stream: OutputStream;
  /** Bytes of the text before what comes next. */
  at: number;
  readonly from: number;
  /** What an offset of the text is in the output. Default 0. */
  readonly shift?: number;
}

async function* textChunks(
  open: OpenTranscript,
  places: ReadonlyMap<string, TextPlace>,
  ends: Partial<OutputPosition> = {},
): AsyncGenerator<SharedChunk> {
  let parts: SharedChunk[] = [];
  const left = new Set(places.keys());
  const scanner = new TranscriptScanner({
    text(member, bytes) {
      const place = places.get(member);
      if (!place) return;
      const skipped = Math.max(0, place.from - place.at);
      const offset = place.at + skipped + (place.shift ?? 0);
      place.at += bytes.length;
      if (skipped < bytes.length) parts.push({ stream: place.stream, offset, bytes: bytes.subarray(skipped) });
    },
    textEnded(member) {
      const place = places.get(member);
      if (place) ends[place.stream] = place.at + (place.shift ?? 0);
      left.delete(member);
    },
    number: () => undefined,
  });
  for await (const chunk of (await open()) ?? []) {
    scanner.push(chunk);
    yield* parts;
    parts = [];
    if (left.size === 0) return;
  }
}

async function* binaryChunks(
  open: OpenTranscript,
  stream: OutputStream,
  { textBytes }: StreamFacts,
  from: number,
  ends: Partial<OutputPosition> = {},
): AsyncGenerator<SharedChunk> {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let offset = 0;
  /** The same bytes in the text, where U+FFFD stands for what is not UTF-8. */
  let shownBytes = 0;
  let rest = "";
  const base64 = { stream, at: 0, from: 0 };
  for await (const { bytes: coded } of textChunks(open, new Map([[`halligan.${stream}.base64`, base64]]))) {
    const text = rest + coded.toString("latin1");
    const whole = text.length - (text.length % 4);
    rest = text.slice(whole);
    const bytes = Buffer.from(text.slice(0, whole), "base64");
    shownBytes += Buffer.byteLength(decoder.decode(bytes, { stream: true }));
    const skipped = Math.max(0, from - offset);
    if (skipped < bytes.length) yield { stream, offset: offset + skipped, bytes: bytes.subarray(skipped) };
    offset += bytes.length;
  }
  shownBytes += Buffer.byteLength(decoder.decode());
  const notes = { stream, at: 0, from: shownBytes + Math.max(0, from - textBytes), shift: textBytes - shownBytes };
  yield* textChunks(open, new Map([[TEXTS[stream], notes]]), ends);
}
