import { once } from "node:events";
import type { MachineActionWire } from "@halligan/protocol/api";
import type { HalliganClient } from "@halligan/protocol/client";
import type { OptionSpecs } from "../../arguments/arguments.ts";
import type { CommandContext, Outcome } from "../../command.ts";
import { type OutputOf, outputBytes } from "../../download/output-bytes.ts";
import { CliError, UsageError } from "../../errors/cli-error.ts";

export const EXACT_OUTPUT_OPTIONS = {
  stdout: { type: "boolean", help: "only the bytes that its script wrote to standard output, exactly as they were" },
  stderr: { type: "boolean", help: "the same of standard error; they go to standard output" },
  command: { type: "string", placeholder: "N", help: "with --stdout and --stderr: which command, from 0" },
} as const satisfies OptionSpecs;

const MAX_COMMANDS = 1_000;

/** The stream that was asked for; null for none. */
export function wantedStream({ args, isJson }: Pick<CommandContext, "args" | "isJson">): OutputOf["stream"] | null {
  const streams = (["stdout", "stderr"] as const).filter((name) => args.flag(name));
  const [stream, other] = streams;
  if (stream === undefined) {
    if (args.text("command") !== undefined) throw new UsageError("--command goes with --stdout or --stderr.");
    return null;
  }
  if (other !== undefined) throw new UsageError("--stdout and --stderr are two calls.");
  if (isJson) throw new UsageError(`--${stream} writes bytes, not a document; leave --json out.`);
  return stream;
}

/** Writes the bytes of one stream to standard output while they come. */
export async function writeExactOutput(
  { args, env, signal }: CommandContext,
  client: HalliganClient,
  action: MachineActionWire,
  stream: OutputOf["stream"],
): Promise<Outcome> {
  const commandIndex = args.integer("command", { min: 0, max: MAX_COMMANDS - 1 }) ?? onlyScript(action);
  for await (const chunk of outputBytes(client, { actionId: action.id, commandIndex, stream }, signal)) {
    if (!env.stdout.write(chunk)) await once(env.stdout, "drain", { signal });
  }
  return { json: {}, isStreamed: true };
}

function onlyScript({ id, commands }: MachineActionWire): number {
  const scripts = commands.filter(({ command }) => command.type === "RunScript").map(({ index }) => index);
  const [index, other] = scripts;
  if (index === undefined) throw new CliError("notFound", "ResourceNotFound", `Action ${id} has no script.`);
  if (other === undefined) return index;
  throw new UsageError(`Action ${id} has several scripts; choose one: --command ${scripts.join(" or --command ")}`);
}
