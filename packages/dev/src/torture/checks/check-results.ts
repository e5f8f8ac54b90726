import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import type { CommandStatusWire, MachineActionWire } from "@halligan/protocol/api";
import { ApiError, type HalliganClient } from "@halligan/protocol/client";
import type { Ledger } from "../ledger.ts";
import type { Expected } from "../plan.ts";
import type { Violations } from "../violations.ts";

/**
 * Downloads every result there is, and compares it with what the command must have made. Answers
 * with how many.
 */
export async function checkResults(
  client: HalliganClient,
  actions: readonly MachineActionWire[],
  ledger: Ledger,
  violations: Violations,
): Promise<number> {
  let checked = 0;
  for (const action of actions) {
    const plan = ledger.accepted.get(action.id)?.plan;
    for (const command of action.commands) {
      const expected = plan?.expected[command.index];
      if (!expected || expected.type === "PutFile") continue;
      const faultText = await violationOf(client, action.id, command, expected);
      if (faultText === "none") continue;
      checked += 1;
      if (faultText !== null) {
        const name = `command ${command.index} (${expected.type}, ${command.commandStatus})`;
        violations.add(`action ${action.id} (${action.status}): the result of ${name} ${faultText}`);
      }
    }
  }
  return checked;
}

/** Null for a good result, "none" where there is none and need not be one. */
async function violationOf(
  client: HalliganClient,
  actionId: string,
  { index, commandStatus }: CommandStatusWire,
  expected: Exclude<Expected, { type: "PutFile" }>,
): Promise<string | null> {
  const isWhole = commandStatus === "Completed";
  try {
    const link = await client.getDownloadUrl(actionId, index);
    if (expected.type === "RunScript") {
      const transcript = await client.downloadTranscript(link);
      return isWhole ? wholeTranscript(transcript, expected) : cutTranscript(transcript.script_output, expected.output);
    }
    const response = await client.downloadResult(link);
    const content = gunzipSync(Buffer.from(await response.arrayBuffer()));
    const sha256 = createHash("sha256").update(content).digest("hex");
    return sha256 === expected.sha256 ? null : `has ${content.length} bytes instead of ${expected.sizeBytes}`;
  } catch (cause) {
    if (!isWhole && cause instanceof ApiError && cause.status === 404) return "none";
    return `cannot be had: ${cause instanceof Error ? cause.message : cause}`;
  }
}

const LEFT_CHILDREN = /^\[halligan: The script left \d processes? running: [^\n]*\]\n$/;

function wholeTranscript(
  transcript: { script_output: string; exit_code: number; script_errors: string },
  expected: Extract<Expected, { type: "RunScript" }>,
): string | null {
  if (transcript.exit_code !== expected.exitCode) return `says exit code ${transcript.exit_code}`;
  // The script with children may end before the cancel or the time limit that was meant for it.
  const errors = transcript.script_errors.replace(LEFT_CHILDREN, "");
  if (errors !== "") return `has errors: ${errors.slice(0, 200)}`;
  if (transcript.script_output === expected.output) return null;
  return `has ${transcript.script_output.length} characters instead of ${expected.output.length}`;
}

/** What was kept of a script that did not end is how its output began. */
const cutTranscript = (output: string, expected: string) =>
  expected.startsWith(output) ? null : `is not how its output begins: ${output.slice(0, 200)}`;
