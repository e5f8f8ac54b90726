/**
 * Reads the enrollment token from a place that other users of the device cannot see: never from an
 * argument (threat 2.8).
 */
import { open } from "node:fs/promises";
import { reasonOf } from "../disk/errno.ts";
import { LIMITS } from "../limits.ts";

export interface TokenSource {
  file: string | undefined;
  useStdin: boolean;
  env: NodeJS.ProcessEnv;
  stdin: AsyncIterable<Uint8Array | string>;
  stdinIsTerminal: boolean;
}

export const TOKEN_VARIABLE = "HALLIGAN_ENROLLMENT_TOKEN";

export async function readEnrollmentToken(source: TokenSource): Promise<string> {
  const token = (await readToken(source)).trim();
  if (token !== "") return token;
  const place = source.file === undefined ? "on standard input" : `in ${source.file}`;
  throw new Error(
    `There is no enrollment token ${place}: it is empty. Make one with: halligan enrollment-token create --uses 1 > FILE`,
  );
}

async function readToken(source: TokenSource): Promise<string> {
  if (source.file !== undefined && source.useStdin) throw new Error("Give --token-file or --token-stdin, not both.");
  if (source.file !== undefined) return await readTokenFile(source.file);
  const fromEnvironment = source.env[TOKEN_VARIABLE];
  if (!source.useStdin && fromEnvironment) return fromEnvironment;
  if (!source.useStdin && source.stdinIsTerminal) {
    throw new Error(`Give the enrollment token by --token-file FILE, by ${TOKEN_VARIABLE}, or on standard input.`);
  }
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of source.stdin) {
    const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
    sizeBytes += bytes.length;
    if (sizeBytes > LIMITS.maxTokenBytes)
      throw new Error("The text on standard input is too long to be an enrollment token.");
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString("utf8");
}

async function readTokenFile(file: string): Promise<string> {
  try {
    await using handle = await open(file, "r");
    const block = new Uint8Array(LIMITS.maxTokenBytes);
    const { bytesRead } = await handle.read(block, 0, block.length, null);
    return Buffer.from(block.subarray(0, bytesRead)).toString("utf8");
  } catch (error) {
    throw new Error(`The token file ${file} cannot be read: ${reasonOf(error)}.`, { cause: error });
  }
}
