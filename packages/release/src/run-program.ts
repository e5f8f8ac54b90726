import { spawn } from "node:child_process";

export interface RunOptions {
  readonly cwd: string;
  /** The whole environment. Default: that of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Written to standard input. */
  readonly input?: string;
}

/** Most output that is kept, in bytes. `npm sbom` writes about 100 KiB. */
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/** What a program wrote to standard output. Rejects with its messages when it fails. */
export async function runProgram(file: string, args: readonly string[], options: RunOptions): Promise<string> {
  const { cwd, env, input } = options;
  const child = spawn(file, args, { cwd, ...(env && { env }), stdio: ["pipe", "pipe", "pipe"] });
  child.stdin.on("error", () => undefined);
  child.stdin.end(input ?? "");
  const [stdout, stderr, code] = await Promise.all([
    textOf(child.stdout),
    textOf(child.stderr),
    new Promise<number | null>((resolve, reject) => child.once("error", reject).once("close", resolve)),
  ]);
  if (code === 0) return stdout;
  throw new Error(`${file} ${args[0] ?? ""} ended with ${code}:\n${stderr.trim() || stdout.trim()}`);
}

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  let text = "";
  for await (const chunk of stream) {
    text += String(chunk);
    if (text.length > MAX_OUTPUT_BYTES) throw new Error(`a program wrote more than ${MAX_OUTPUT_BYTES} bytes`);
  }
  return text;
}
