import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import { MAX_INLINE_CONTENT, SCRIPT_INTERPRETERS, type ScriptInterpreter } from "@halligan/protocol/api";
import type { Arguments, OptionSpecs } from "../arguments/arguments.ts";
import type { CommandContext } from "../command.ts";
import { UsageError } from "../errors/cli-error.ts";

/** A script without a file: from standard input, or a command as it was typed. */
export interface TypedScript {
  kind: "typed";
  sha256: string;
  content: Blob;
  /** The content, if it can be sent inside the start. */
  text: string | null;
}

/** Whether standard input is meant. */
export const isStdin = (typed: string): boolean => typed === "-";

export const INTERPRETER_OPTION = {
  interpreter: {
    type: "string",
    placeholder: "NAME",
    help: `what runs it: ${SCRIPT_INTERPRETERS.join(", ")} (default: shell); a #! line in it comes first`,
  },
} as const satisfies OptionSpecs;

export function interpreterOf(args: Arguments): { interpreter?: ScriptInterpreter } {
  const name = args.text("interpreter");
  if (name === undefined) return {};
  const interpreter = SCRIPT_INTERPRETERS.find((one) => one === name);
  if (interpreter === undefined) {
    throw new UsageError(`--interpreter is one of ${SCRIPT_INTERPRETERS.join(", ")}, not "${name}".`);
  }
  return { interpreter };
}

export function typedScript(bytes: Uint8Array<ArrayBuffer>): TypedScript {
  const isText = bytes.length <= MAX_INLINE_CONTENT && isUtf8(bytes);
  return {
    kind: "typed",
    sha256: createHash("sha256").update(bytes).digest("hex"),
    content: new Blob([bytes]),
    // A decoder that takes the byte order mark away would change the bytes.
    text: isText ? Buffer.from(bytes).toString("utf8") : null,
  };
}

/** It is held in memory: its hash is sent before its bytes. */
const MAX_STDIN_BYTES = 16 * 1024 * 1024;

export async function readStdinScript({ env, note, signal }: CommandContext): Promise<TypedScript> {
  const { stdin } = env;
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  const stop = () => void stdin.destroy();
  signal.addEventListener("abort", stop, { once: true });
  try {
    for await (const chunk of stdin) {
      const bytes = Buffer.from(chunk);
      sizeBytes += bytes.length;
      if (sizeBytes > MAX_STDIN_BYTES) {
        throw new UsageError("Standard input has more than 16 MiB; save it to a file and run that.");
      }
      chunks.push(bytes);
    }
  } finally {
    signal.removeEventListener("abort", stop);
  }
  signal.throwIfAborted();
  if (sizeBytes === 0) throw new UsageError("Standard input is empty, so there is nothing to run.");
  const script = typedScript(new Uint8Array(Buffer.concat(chunks)));
  note(`Using standard input (SHA-256 ${script.sha256})`);
  return script;
}
