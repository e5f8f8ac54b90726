import type { Environment } from "../environment.ts";
import { CliError } from "../errors/cli-error.ts";
import { readSmallFile } from "../errors/local-file-error.ts";

const MAX_SECRET_LENGTH = 4_096;

/** The secret from a file, without the line break that editors put at its end. */
export async function readSecretFile(path: string): Promise<string> {
  return checkSecret((await readSmallFile(path, MAX_SECRET_LENGTH * 4)).replace(/\r?\n$/, ""), path);
}

/**
 * The first line of standard input; asked for without showing what is typed where that is a
 * terminal.
 */
export async function readSecretFromStdin(env: Environment, signal: AbortSignal): Promise<string> {
  return checkSecret(await readHiddenLine(env, "Client secret", MAX_SECRET_LENGTH, signal), "standard input");
}

/**
 * The first line of standard input, at most `maxLength` characters and one more. On a terminal,
 * `what` is asked for and what is typed is not shown.
 */
export async function readHiddenLine(
  { stdin, stderr }: Environment,
  what: string,
  maxLength: number,
  signal: AbortSignal,
): Promise<string> {
  const isHidden = stdin.isTTY === true && stdin.setRawMode !== undefined;
  if (isHidden) {
    stderr.write(`${what} (not shown): `);
    stdin.setRawMode?.(true);
  }
  try {
    return await readLine(stdin, maxLength, signal);
  } finally {
    if (isHidden) {
      stdin.setRawMode?.(false);
      stderr.write("\n");
    }
    stdin.pause();
  }
}

export function checkSecret(secret: string, source: string): string {
  if (secret !== "" && secret.length <= MAX_SECRET_LENGTH && !/[\r\n\0]/.test(secret)) return secret;
  throw new CliError("usage", "NoSecret", `${source} does not hold a client secret (one line of text).`);
}

const CTRL_C = "\u0003";
const CTRL_D = "\u0004";
const ERASE = new Set(["\u007f", "\b"]);

function readLine(stdin: Environment["stdin"], maxLength: number, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    let line = "";
    const stop = (settle: () => void) => {
      stdin.off("data", onData);
      stdin.off("end", onEnd);
      stdin.off("error", onError);
      signal.removeEventListener("abort", onAbort);
      settle();
    };
    const onEnd = () => stop(() => resolve(line));
    const onError = (error: Error) => stop(() => reject(error));
    const onAbort = () => stop(() => reject(signal.reason));
    const onData = (chunk: string) => {
      for (const character of chunk) {
        if (character === "\n" || character === "\r" || character === CTRL_D) return onEnd();
        // In raw mode the terminal sends these as text.
        if (character === CTRL_C) return onError(new CliError("interrupted", "Interrupted", "Interrupted."));
        line = ERASE.has(character) ? line.slice(0, -1) : line + character;
        if (line.length > maxLength) return onEnd();
      }
    };
    if (signal.aborted) return reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    stdin.setEncoding("utf8");
    stdin.on("data", onData);
    stdin.on("end", onEnd);
    stdin.on("error", onError);
  });
}
