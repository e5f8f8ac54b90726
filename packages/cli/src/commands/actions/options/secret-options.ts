import type { HalliganClient } from "@halligan/protocol/client";
import {
  MAX_SECRET_BYTES,
  MAX_SECRETS,
  MIN_REDACTED_BYTES,
  repeatedSecretName,
  type SecretEnv,
  secretNameFault,
} from "@halligan/protocol/link";
import { isSecretValue, sealSecrets } from "@halligan/protocol/link-crypto";
import type { Arguments, OptionSpecs } from "../../../arguments/arguments.ts";
import type { CommandContext } from "../../../command.ts";
import { CliError, UsageError } from "../../../errors/cli-error.ts";
import { readSmallFileBytes } from "../../../errors/local-file-error.ts";
import { readHiddenLine } from "../../../profile/secret.ts";

/** Of a start with a script. */
export const SECRET_OPTIONS = {
  secret: {
    type: "string",
    multiple: true,
    placeholder: "NAME[=@FILE]",
    help: "give the script this environment variable, encrypted to the machine; the value is that of FILE, or asked for",
  },
} as const satisfies OptionSpecs;

export const SECRET_DETAILS =
  "--secret NAME=@FILE takes the value from a file, without a line break at its end; --secret NAME asks for it without " +
  "showing it, or reads a line of standard input in a pipe. A value is no argument, because other users can see arguments. " +
  "Only the device can decrypt it: the server stores ciphertext, and what the script prints of it becomes [secret NAME].";

interface NamedSecret {
  name: string;
  /** Null: from standard input. */
  file: string | null;
}

export interface ReadSecret {
  name: string;
  value: Uint8Array;
}

/** @param isStdinTaken the script is read from standard input */
export async function readSecrets(context: CommandContext, isStdinTaken: boolean): Promise<ReadSecret[]> {
  const named = namedSecrets(context.args);
  const typed = named.filter(({ file }) => file === null);
  if (typed.length > 0 && isStdinTaken) {
    throw new UsageError(
      `--secret ${typed[0]?.name} would be read from standard input, which is the script. Use --secret NAME=@FILE.`,
    );
  }
  const lines = typed.length > 0 && !context.env.stdin.isTTY ? await readLines(context, typed.length) : null;
  const secrets: ReadSecret[] = [];
  for (const { name, file } of named) {
    const value = file === null ? (lines?.shift() ?? (await ask(context, name))) : await fromFile(file);
    if (value.length > MAX_SECRET_BYTES || !isSecretValue(value)) {
      const source = file === null ? `The value of ${name}` : `${file}, the value of ${name},`;
      throw new CliError(
        "usage",
        "NoSecret",
        `${source} is empty, has more than ${MAX_SECRET_BYTES} bytes, is not UTF-8, or contains a NUL character.`,
      );
    }
    if (value.length < MIN_REDACTED_BYTES) {
      context.note(`${name} has fewer than ${MIN_REDACTED_BYTES} bytes, so it is not taken out of the output`);
    }
    secrets.push({ name, value });
  }
  return secrets;
}

/**
 * The `secretEnv` of a start; undefined without secrets.
 *
 * @param named the machine as the person named it. An id is what the server's key is verified
 * against; for a name, the server says which machine it means.
 */
export async function encryptSecrets(
  { signal }: CommandContext,
  client: HalliganClient,
  { machineId, named }: { machineId: string; named: string },
  secrets: readonly ReadSecret[],
): Promise<SecretEnv | undefined> {
  if (secrets.length === 0) return undefined;
  const id = /^[0-9a-f]{40}$/i.test(named) ? named.toLowerCase() : machineId;
  const sealed = sealSecrets(id, await client.getMachineSecretKey(id, { signal }), secrets);
  if (!sealed.ok) throw new CliError("notVerified", "SecretsNotEncrypted", sealed.error);
  return sealed.value;
}

function namedSecrets(args: Arguments): NamedSecret[] {
  const secrets = args.texts("secret").map((text): NamedSecret => {
    const [, name = "", , source] = /^([^=]*)(=(.*))?$/s.exec(text) ?? [];
    const fault = secretNameFault(name);
    if (fault !== null) throw new UsageError(`--secret: ${name === "" ? "the name" : name} ${fault}.`);
    if (source === undefined) return { name, file: null };
    // The value is not repeated: it may be one.
    if (!source.startsWith("@") || source === "@") {
      throw new UsageError(
        `--secret ${name}=... takes @FILE, no value, because other users can see arguments. Use --secret ${name}=@FILE, or --secret ${name} alone to be asked for it.`,
      );
    }
    return { name, file: source.slice(1) };
  });
  if (secrets.length > MAX_SECRETS) throw new UsageError(`--secret can be given ${MAX_SECRETS} times.`);
  const repeated = repeatedSecretName(secrets.map(({ name }) => name));
  if (repeated !== null) throw new UsageError(`--secret ${repeated} is given twice.`);
  return secrets;
}

/** Editors put a line break at the end of a file, and it is no part of a password. */
async function fromFile(path: string): Promise<Uint8Array> {
  const bytes = await readSmallFileBytes(path, MAX_SECRET_BYTES + 2);
  if (bytes.at(-1) !== LINE_FEED) return bytes;
  return bytes.subarray(0, bytes.at(-2) === CARRIAGE_RETURN ? -2 : -1);
}

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

async function ask({ env, signal }: CommandContext, name: string): Promise<Uint8Array> {
  return Buffer.from(await readHiddenLine(env, `Value of ${name}`, MAX_SECRET_BYTES, signal));
}

/** The next lines of a pipe, one for each secret, in the order of the options. */
async function readLines({ env, signal }: CommandContext, count: number): Promise<Uint8Array[]> {
  const { stdin } = env;
  const stop = () => void stdin.destroy();
  signal.addEventListener("abort", stop, { once: true });
  let text = Buffer.alloc(0);
  try {
    for await (const chunk of stdin) {
      text = Buffer.concat([text, Buffer.from(chunk)]);
      if (text.length > count * (MAX_SECRET_BYTES + 2) || linesOf(text).length > count) break;
    }
  } finally {
    signal.removeEventListener("abort", stop);
  }
  signal.throwIfAborted();
  const lines = linesOf(text).slice(0, count);
  if (lines.length === count) return lines;
  throw new UsageError(`Standard input has ${lines.length} lines for ${count} secrets.`);
}

function linesOf(text: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let from = 0; from < text.length; ) {
    const end = text.indexOf(LINE_FEED, from);
    const line = text.subarray(from, end < 0 ? text.length : end);
    lines.push(line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line);
    from = end < 0 ? text.length : end + 1;
  }
  return lines;
}
