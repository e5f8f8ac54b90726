/** The transcript of `contract/lifecycle.md` section 5, made from the spooled output without holding it whole. */
import { open } from "node:fs/promises";
import { MAX_INLINE_TRANSCRIPT_BYTES } from "@halligan/protocol/link";
import { isErrno } from "../disk/errno.ts";
import type { SpoolPaths } from "../disk/order-files.ts";
import { LIMITS } from "../limits.ts";

/** The same text as JSON.stringify of the whole; output that is not UTF-8 shows U+FFFD where it is not. */
export async function* transcriptJson(
  scriptName: string,
  exitCode: number,
  spools: SpoolPaths,
): AsyncGenerator<Uint8Array, void, undefined> {
  const encoder = new TextEncoder();
  yield encoder.encode(`{"script_name":${JSON.stringify(scriptName)},"exit_code":${exitCode},"script_output":"`);
  yield* jsonCharacters(readSpool(spools.stdout));
  yield encoder.encode(`","script_errors":"`);
  yield* jsonCharacters(readSpool(spools.stderr));
  yield encoder.encode(`"}`);
}

/** The transcript as one text when it may travel inside the report of the end, else null. */
export async function inlineTranscript(
  scriptName: string,
  exitCode: number,
  spools: SpoolPaths,
): Promise<string | null> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of transcriptJson(scriptName, exitCode, spools)) {
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_INLINE_TRANSCRIPT_BYTES) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** The inside of a JSON string. A decoder in stream mode never gives half a surrogate pair, so neither does this. */
export async function* jsonCharacters(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const encoder = new TextEncoder();
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const escaped = (text: string) => encoder.encode(JSON.stringify(text).slice(1, -1));
  for await (const chunk of chunks) yield escaped(decoder.decode(chunk, { stream: true }));
  yield escaped(decoder.decode());
}

/** A script that wrote nothing has no file. */
async function* readSpool(file: string): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    await using handle = await open(file, "r");
    const block = new Uint8Array(LIMITS.spoolReadBytes);
    for (;;) {
      const { bytesRead } = await handle.read(block, 0, block.length, null);
      if (bytesRead === 0) return;
      yield block.subarray(0, bytesRead);
    }
  } catch (error) {
    if (!isErrno(error, "ENOENT")) throw error;
  }
}
