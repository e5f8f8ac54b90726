import { FINAL_STATUSES } from "@halligan/protocol/api";
import type { HalliganClient } from "@halligan/protocol/client";
import { statusOf } from "../../actions/action-json.ts";
import { failureOfAction, finishAction } from "../../actions/finish-action.ts";
import { cancelOnInterrupt } from "../../actions/interrupt.ts";
import { LiveOutput } from "../../actions/output/live-output.ts";
import { OUTPUT_DOCUMENT_SHAPE, outputDocument } from "../../actions/output/output-document.ts";
import { startedBefore } from "../../actions/start-action.ts";
import { untilReachable } from "../../actions/until-reachable.ts";
import type { CommandContext, CommandDefinition, Outcome } from "../../command.ts";
import { DEFAULT_MAX_SIZE_BYTES } from "../../download/download-file.ts";
import { UsageError } from "../../errors/cli-error.ts";
import { EXIT, exitCodeOfScript } from "../../errors/exit-codes.ts";
import { orSee } from "../../errors/or-see.ts";
import { harmlessText } from "../../render/text/harmless.ts";
import { cancelsOnInterrupt, INTERRUPT_OPTION, positional } from "../shared-options.ts";

export const attach: CommandDefinition = {
  usage: "ACTION",
  details: [
    "The output of the action's scripts as halligan run prints it, from its beginning, and further as it comes. It works " +
      "for a finished action too, any number of times, and for several watchers at once. A connection that breaks goes on " +
      "at the same byte. Ctrl+C stops watching, not the action, unless --on-interrupt cancel was given.",
    "The exit code is that of halligan run.",
  ],
  options: {
    from: { type: "string", placeholder: "WHERE", help: "start (default), or end: only what is written from now on" },
    ...INTERRUPT_OPTION,
  },
  positionals: { min: 1, max: 1 },
  examples: [
    "halligan attach 3f2a0d6e-5b1c-4c58-9a51-0c3f6d1b7a22",
    "halligan attach 3f2a0d6e-5b1c-4c58-9a51-0c3f6d1b7a22 --from end",
  ],
  jsonShape: `one document on each line: ${OUTPUT_DOCUMENT_SHAPE}`,
  async run(context) {
    const { args, signal } = context;
    const actionId = positional(args, 0);
    const from = args.text("from") ?? "start";
    if (from !== "start" && from !== "end") throw new UsageError(`--from takes start or end, not "${from}".`);
    const isCancelled = cancelsOnInterrupt(args);
    const client = await untilReachable(context, () => context.connect());
    // Sent first, because its response tells an unknown action from a server without output.
    const present = await untilReachable(context, () =>
      orSee(client.getMachineAction(actionId, { signal }), "halligan actions"),
    );
    const work = () =>
      context.isJson ? lines(context, client, actionId, from) : text(context, client, actionId, from);
    const isOver = FINAL_STATUSES.has(statusOf(present));
    return isCancelled && !isOver ? cancelOnInterrupt(client, actionId, work) : work();
  },
};

async function text(
  context: CommandContext,
  client: HalliganClient,
  actionId: string,
  from: "start" | "end",
): Promise<Outcome> {
  const { env, progress, note, signal } = context;
  const live = new LiveOutput(client, actionId, env, { from, delayMs: 0, progress, note, signal });
  return finishAction(context, client, {
    started: startedBefore(actionId),
    limitMs: null,
    live,
    targetOf: null,
    maxSizeBytes: DEFAULT_MAX_SIZE_BYTES,
  });
}

async function lines(
  { emit, signal }: CommandContext,
  client: HalliganClient,
  actionId: string,
  from: "start" | "end",
): Promise<Outcome> {
  let scriptExitCode: number | null = null;
  for await (const output of client.watchActionOutput(actionId, { from, signal })) {
    await emit(outputDocument(output), "");
    if (output.event === "command") scriptExitCode = output.data.exitCode ?? scriptExitCode;
  }
  const failure = failureOfAction(await client.getMachineAction(actionId, { signal }));
  return {
    json: {},
    isStreamed: true,
    ...(failure !== null && { notes: `${harmlessText(failure.message)}\n` }),
    exitCode: failure === null ? exitCodeOfScript(scriptExitCode ?? 0) : EXIT[failure.exit],
  };
}
