/**
 * Facts about a script's output that the text of a transcript cannot express: how much of it was
 * kept, and its bytes when they are not UTF-8. They are in a file next to the spool, so that a
 * transcript that is made after a crash is the same.
 */
import { closeSync, constants, fstatSync, openSync, readSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import type { OutputCounts, StreamCounts } from "@halligan/protocol/link";
import { type Static, Type } from "typebox";
import { Compile } from "typebox/compile";
import type { SpoolPaths } from "../../disk/order-files.ts";
import { LIMITS } from "../../limits.ts";

const Count = Type.Integer({ minimum: 0 });
const OutputFacts = Type.Object({
  /** Written by the script. */
  sizeBytes: Count,
  /** Of these, the bytes in the spool. */
  keptBytes: Count,
  /** Size of the spool without the agent's notes at its end. */
  bodyBytes: Count,
});
export type OutputFacts = Static<typeof OutputFacts>;

const outputFacts = Compile(OutputFacts);

const STREAMS = ["stdout", "stderr"] as const;
const MAX_FACTS_BYTES = 512;
const encoder = new TextEncoder();

export const factsFile = (spool: string) => `${spool}.facts`;
// A script with the agent's rights can have put a pipe there. An ordinary open would wait for a
// writer.
const READ = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/**
 * Never throws. On a full disk the facts are lost, not the transcript, and the error of the command
 * also names the loss.
 */
export function writeFacts(spool: string, facts: OutputFacts): void {
  try {
    writeFileSync(factsFile(spool), JSON.stringify(facts), { mode: 0o600 });
  } catch {
    // The disk is full or broken.
  }
}

/** Null when the spool is exactly the script's output, or when another file replaced the facts. */
export function readFacts(spool: string): OutputFacts | null {
  try {
    const fd = openSync(factsFile(spool), READ);
    try {
      if (!fstatSync(fd).isFile()) return null;
      const block = Buffer.alloc(MAX_FACTS_BYTES);
      const value: unknown = JSON.parse(block.toString("utf8", 0, readSync(fd, block, 0, block.length, 0)));
      return outputFacts.Check(value) ? value : null;
    } finally {
      closeSync(fd);
    }
  } catch {
    return null;
  }
}

/**
 * The member `halligan` of a transcript, with a leading comma; nothing when the texts are exactly
 * the output. Returns the counts of both streams.
 */
export async function* outputMember(spools: SpoolPaths): AsyncGenerator<Uint8Array, OutputCounts, undefined> {
  let before = ',"halligan":{';
  const counts: Partial<OutputCounts> = {};
  for (const name of STREAMS) {
    const spool = spools[name];
    const stored = readFacts(spool);
    const endBytes = stored?.bodyBytes ?? Number.POSITIVE_INFINITY;
    const { sizeBytes, isUtf8 } = await examine(readBody(spool, endBytes));
    counts[name] = countsOf(sizeBytes, stored, isUtf8);
    if (stored === null && isUtf8) continue;
    const facts = stored ?? { sizeBytes, keptBytes: sizeBytes, bodyBytes: sizeBytes };
    yield encoder.encode(`${before}"${name}":${JSON.stringify(wireFacts(facts)).slice(0, -1)}`);
    before = ",";
    if (!isUtf8) {
      yield encoder.encode(',"base64":"');
      yield* base64(readBody(spool, endBytes));
      yield encoder.encode('"');
    }
    yield encoder.encode("}");
  }
  if (before === ",") yield encoder.encode("}");
  return both(counts);
}

/**
 * The same for outputs in memory, with the member as an object for JSON.stringify; null when there
 * is none.
 */
export function outputObject(
  spools: SpoolPaths,
  bytes: Record<keyof SpoolPaths, Uint8Array>,
): { member: object | null; counts: OutputCounts } {
  const member: Partial<Record<keyof SpoolPaths, object>> = {};
  const counts: Partial<OutputCounts> = {};
  for (const name of STREAMS) {
    const stored = readFacts(spools[name]);
    const body = bytes[name].subarray(0, stored?.bodyBytes);
    const isUtf8 = isValidUtf8(body);
    counts[name] = countsOf(body.length, stored, isUtf8);
    if (stored === null && isUtf8) continue;
    const facts = stored ?? { sizeBytes: body.length, keptBytes: body.length, bodyBytes: body.length };
    const base64 = isUtf8 ? {} : { base64: Buffer.from(body).toString("base64") };
    member[name] = { ...wireFacts(facts), ...base64 };
  }
  return { member: Object.keys(member).length === 0 ? null : member, counts: both(counts) };
}

const both = ({ stdout = { bytes: 0 }, stderr = { bytes: 0 } }: Partial<OutputCounts>): OutputCounts => ({
  stdout,
  stderr,
});

/** @param bytes of the stream that the transcript has */
function countsOf(bytes: number, stored: OutputFacts | null, isUtf8: boolean): StreamCounts {
  const { sizeBytes = bytes, keptBytes = bytes } = stored ?? {};
  return {
    bytes,
    ...(sizeBytes !== bytes && { writtenBytes: sizeBytes }),
    ...(keptBytes !== bytes && { keptBytes }),
    ...(!isUtf8 && { isBinary: true }),
  };
}

/** As `OutputFactsWire` of the API. */
const wireFacts = ({ sizeBytes, keptBytes, bodyBytes }: OutputFacts) => ({
  sizeBytes,
  keptBytes,
  textBytes: bodyBytes,
});

const strictDecoder = () => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function isValidUtf8(bytes: Uint8Array): boolean {
  try {
    strictDecoder().decode(bytes);
    return true;
  } catch {
    return false;
  }
}

async function examine(chunks: AsyncIterable<Uint8Array>): Promise<{ sizeBytes: number; isUtf8: boolean }> {
  const decoder = strictDecoder();
  let sizeBytes = 0;
  let isUtf8 = true;
  const decode = (chunk?: Uint8Array) => {
    try {
      decoder.decode(chunk, { stream: chunk !== undefined });
    } catch {
      isUtf8 = false;
    }
  };
  for await (const chunk of chunks) {
    sizeBytes += chunk.length;
    if (isUtf8) decode(chunk);
  }
  if (isUtf8) decode();
  return { sizeBytes, isUtf8 };
}

async function* readBody(spool: string, endBytes: number): AsyncGenerator<Uint8Array, void, undefined> {
  const handle = await open(spool, READ).catch(() => null);
  if (handle === null) return;
  await using file = handle;
  const found = await file.stat();
  if (!found.isFile()) return;
  const end = Math.min(endBytes, found.size);
  const block = new Uint8Array(LIMITS.spoolReadBytes);
  for (let at = 0; at < end; ) {
    const { bytesRead } = await file.read(block, 0, Math.min(block.length, end - at), at);
    if (bytesRead === 0) return;
    yield block.subarray(0, bytesRead);
    at += bytesRead;
  }
}

/** Encodes groups of three bytes, so only the last one is padded. */
async function* base64(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  let rest: Uint8Array = new Uint8Array();
  for await (const chunk of chunks) {
    const bytes = Buffer.concat([rest, chunk]);
    const whole = bytes.length - (bytes.length % 3);
    yield encoder.encode(bytes.toString("base64", 0, whole));
    rest = bytes.subarray(whole);
  }
  yield encoder.encode(Buffer.from(rest).toString("base64"));
}
