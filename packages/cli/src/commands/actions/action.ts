import { type ActionTimingWire, FINAL_STATUSES } from "@halligan/protocol/api";
import { ApiError, type HalliganClient } from "@halligan/protocol/client";
import { systemClock } from "@halligan/protocol/time";
import { actionJson, statusOf } from "../../actions/action-json.ts";
import { readScripts, renderScripts } from "../../actions/output/read-scripts.ts";
import { renderVerification } from "../../actions/verification.ts";
import { verifyEvidence } from "../../actions/verify-evidence.ts";
import type { CommandDefinition } from "../../command.ts";
import { EXIT } from "../../errors/exit-codes.ts";
import { orSee } from "../../errors/or-see.ts";
import { renderAction } from "../../render/action.ts";
import { renderResultFacts } from "../../render/result-facts.ts";
import { terminalWidth } from "../../render/text/terminal-width.ts";
import { renderTiming } from "../../render/timing.ts";
import { positional } from "../shared-options.ts";
import { EXACT_OUTPUT_OPTIONS, wantedStream, writeExactOutput } from "./exact-output.ts";

export const action: CommandDefinition = {
  usage: "ACTION",
  options: {
    timing: {
      type: "boolean",
      help: "also where its time went: when each step was reached, and the milliseconds between",
    },
    "revoke-links": {
      type: "boolean",
      help: "first revoke every link to its results that was made; new ones are made as before",
    },
    results: {
      type: "boolean",
      help: "also what is known of its results: size, SHA-256, and how a file changed while it was collected",
    },
    ...EXACT_OUTPUT_OPTIONS,
    script: { type: "boolean", help: "also what its scripts are: name, size, SHA-256 and content" },
    verify: {
      type: "boolean",
      help: "also download its results and compare them with what the device signed; exit code 86 when that does not hold",
    },
  },
  positionals: { min: 1, max: 1 },
  examples: [
    "halligan action 3f2a0d6e-5b1c-4c58-9a51-0c3f6d1b7a22",
    "halligan action 3f2a0d6e-5b1c-4c58-9a51-0c3f6d1b7a22 --timing",
    "halligan action 3f2a0d6e-5b1c-4c58-9a51-0c3f6d1b7a22 --script",
    "halligan action 3f2a0d6e-5b1c-4c58-9a51-0c3f6d1b7a22 --stdout > memory.img",
  ],
  jsonShape:
    "{action: the API's machine action, options?: what its caller chose, secretNames?, waiting?: {reason, since, until, detail, ...} of an unfinished one}; with --timing also timing: {steps: [{step, index, at, sinceMs}], totalMs}; " +
    "with --results also results: [{index, type, fileName, sizeBytes, sha256, isAvailable, fileChange, output?: {stdout: {sizeBytes, writtenBytes, keptBytes, truncated}, stderr}}]; " +
    "with --script also scripts: [{index, scriptName, sha256, sizeBytes, problem, content? or base64?}]; " +
    "with --verify also verification: [{index, type, isVerified, problem, sha256}]; " +
    "with --revoke-links also linksRevoked: true",
  async run(context) {
    const { args, env, signal } = context;
    const stream = wantedStream(context);
    const client = await context.connect();
    const id = positional(args, 0);
    const revokes = args.flag("revoke-links");
    if (revokes) await orSee(client.revokeResultLinks(id, { signal }), "halligan actions");
    const found = await orSee(client.getMachineAction(id, { signal }), "halligan actions");
    if (stream !== null) return writeExactOutput(context, client, found, stream);
    const json: Record<string, unknown> = { action: actionJson(found) };
    const width = terminalWidth(env.stdout);
    const isOver = FINAL_STATUSES.has(statusOf(found));
    const wantsTiming = args.flag("timing");
    const timing = await readTiming(client, id, wantsTiming, signal);
    const options = timing?.options ?? null;
    if (options !== null) json.options = options;
    const secretNames = timing?.secretNames ?? [];
    if (secretNames.length > 0) json.secretNames = secretNames;
    // The action may have ended since.
    const waiting = isOver ? null : (timing?.waiting?.[0] ?? null);
    if (waiting !== null) json.waiting = waiting;
    let text = renderAction(found, { waiting, options, secretNames }, systemClock.nowMs());
    if (wantsTiming && timing !== null) {
      json.timing = timing;
      text += `\n${renderTiming(timing, found, width, systemClock.nowMs())}`;
    }
    if (args.flag("results")) {
      const { value } = await client.getMachineActionResults(id, { signal });
      json.results = value;
      text += `\n${renderResultFacts(value, width)}`;
    }
    if (args.flag("script")) {
      const scripts = await readScripts(client, found, signal);
      json.scripts = scripts;
      text += `\n${renderScripts(scripts)}`;
    }
    const notes = revokes ? "The links to its results are refused now.\n" : "";
    if (revokes) json.linksRevoked = true;
    if (!args.flag("verify")) return { json, text, notes };
    const evidence = await client.getMachineActionEvidence(id, { signal });
    const verified = await verifyEvidence(client, found, evidence, signal);
    json.verification = verified;
    text += `\n${renderVerification(verified, width)}`;
    const isProven = verified.every(({ isVerified }) => isVerified);
    return { json, text, notes, exitCode: isProven ? EXIT.ok : EXIT.notVerified };
  },
};

/**
 * The timing, which has what the action waits for and its options. Null from a server without
 * it, unless it was asked for.
 */
async function readTiming(
  client: HalliganClient,
  id: string,
  isNeeded: boolean,
  signal: AbortSignal,
): Promise<ActionTimingWire | null> {
  try {
    return await client.getMachineActionTiming(id, { signal });
  } catch (error) {
    if (isNeeded || !(error instanceof ApiError && error.status === 404)) throw error;
    return null;
  }
}
