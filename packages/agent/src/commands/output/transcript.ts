/**
 * The transcript of `docs/contract/lifecycle.md#results`, made from the spooled output without
 * holding it whole.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { open } from "node:fs/promises";
import { MAX_INLINE_TRANSCRIPT_BYTES, type OutputCounts } from "@halligan/protocol/link";
import { isErrno } from "../../disk/errno.ts";
import type { SpoolPaths } from "../../disk/order-files.ts";
import { LIMITS } from "../../limits.ts";
import { outputMember, outputObject } from "./output-facts.ts";

/**
 * The same text as JSON.stringify of the whole. Bytes that are not UTF-8 become U+FFFD; the member
 * `halligan` then has the exact bytes (`output-facts.ts`). Returns the counts of both streams.
 */
export async function* transcriptJson(
  scriptName: string,
  exitCode: number,
  spools: SpoolPaths,
): AsyncGenerator<Uint8Array, OutputCounts, undefined> {
  const encoder = new TextEncoder();
  yield encoder.encode(`{"script_name":${JSON.stringify(scriptName)},"exit_code":${exitCode},"script_output":"`);
  yield* jsonCharacters(readSpool(spools.stdout));
  yield encoder.encode(`","script_errors":"`);
  yield* jsonCharacters(readSpool(spools.stderr));
  yield encoder.encode(`"`);
  const counts = yield* outputMember(spools);
  yield encoder.encode("}");
  return counts;
}

/**
 * The transcript as one text if it fits into the report of the end, else null. The same text as
 * {@link transcriptJson}.
 */
export function inlineTranscript(
  scriptName: string,
  exitCode: number,
  spools: SpoolPaths,
): { transcript: string; output: OutputCounts } | null {
  const stdout = readSmallSpool(spools.stdout);
  const stderr = stdout === null ? null : readSmallSpool(spools.stderr);
  if (stdout === null || stderr === null) return null;
  const decode = (bytes: Uint8Array) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  const { member: halligan, counts: output } = outputObject(spools, { stdout, stderr });
  const transcript = JSON.stringify({
    script_name: scriptName,
    exit_code: exitCode,
    script_output: decode(stdout),
    script_errors: decode(stderr),
    ...(halligan && { halligan }),
  });
  return Buffer.byteLength(transcript) > MAX_INLINE_TRANSCRIPT_BYTES ? null : { transcript, output };
}

/**
 * Null when the file is too large for an inline transcript, or is no file any more. Neither the
 * text nor the JSON is ever shorter than the bytes.
 */
function readSmallSpool(file: string): Uint8Array | null {
  let fd: number;
  try {
    // A script with the agent's rights may have put a pipe there. An ordinary open would wait for a
    // writer indefinitely.
    fd = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    if (isErrno(error, "ENOENT")) return new Uint8Array();
    throw error;
  }
  try {
    const found = fstatSync(fd);
    if (!found.isFile() || found.size > MAX_INLINE_TRANSCRIPT_BYTES) return null;
    const bytes = new Uint8Array(found.size);
    const readBytes = readSync(fd, bytes, 0, bytes.length, 0);
    return bytes.subarray(0, readBytes);
  } finally {
    closeSync(fd);
  }
}

/**
 * The content of a JSON string. A decoder in stream mode never returns half a surrogate pair, so
 * neither does this.
 */
export async function* jsonCharacters(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const encoder = new TextEncoder();
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const escaped = (text: string) => encoder.encode(JSON.stringify(text).slice(1, -1));
  for await (const chunk of chunks) yield escaped(decoder.decode(chunk, { stream: true }));
  yield escaped(decoder.decode());
}

/**
 * A script without output has no file. A script with the agent's rights can have put something else
 * there, such as a pipe, at which an ordinary open would wait. The text says so. The file is read
 * up to its size at the start.
 */
async function* readSpool(file: string): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    await using handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const found = await handle.stat();
    if (!found.isFile()) return yield new TextEncoder().encode("\n[halligan: the script replaced its output file]\n");
    const block = new Uint8Array(LIMITS.spoolReadBytes);
    for (let at = 0; at < found.size; ) {
      const { bytesRead } = await handle.read(block, 0, Math.min(block.length, found.size - at), at);
      if (bytesRead === 0) return;
      yield block.subarray(0, bytesRead);
      at += bytesRead;
    }
  } catch (error) {
    if (!isErrno(error, "ENOENT")) throw error;
  }
}
