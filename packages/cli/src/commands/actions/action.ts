import { actionJson } from "../../actions/action-json.ts";
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
    verify: {
      type: "boolean",
      help: "also download its results and compare them with what the device signed; exit code 86 when that does not hold",
    },
  },
  positionals: { min: 1, max: 1 },
  examples: [
    "halligan action 3f2a0d6e-5b1c-4c58-9a51-0c3f6d1b7a22",
    "halligan action 3f2a0d6e-5b1c-4c58-9a51-0c3f6d1b7a22 --timing",
  ],
  jsonShape:
    "{action: the API's machine action}; with --timing also timing: {steps: [{step, index, at, sinceMs}], totalMs}; " +
    "with --results also results: [{index, type, fileName, sizeBytes, sha256, isAvailable, fileChange}]; " +
    "with --verify also verification: [{index, type, isVerified, problem, sha256}]; " +
    "with --revoke-links also linksRevoked: true",
  async run({ args, connect, env, signal }) {
    const client = await connect();
    const id = positional(args, 0);
    const revokes = args.flag("revoke-links");
    if (revokes) await orSee(client.revokeResultLinks(id, { signal }), "halligan actions");
    const found = await orSee(client.getMachineAction(id, { signal }), "halligan actions");
    const json: Record<string, unknown> = { action: actionJson(found) };
    let text = renderAction(found);
    const width = terminalWidth(env.stdout);
    if (args.flag("timing")) {
      const timing = await client.getMachineActionTiming(id, { signal });
      json.timing = timing;
      text += `\n${renderTiming(timing, found, width)}`;
    }
    if (args.flag("results")) {
      const { value } = await client.getMachineActionResults(id, { signal });
      json.results = value;
      text += `\n${renderResultFacts(value, width)}`;
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
