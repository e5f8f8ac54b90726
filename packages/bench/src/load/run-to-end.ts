import { once } from "node:events";
import { Agent, IncomingMessage, request } from "node:http";
import { ActionWithResultsWire, type CommandRequest } from "@halligan/protocol/api";
import { Compile } from "typebox/compile";
import type { Api } from "./api.ts";
import { endOf } from "./end-of-action.ts";

/** As long as the server lets a request wait by default. */
const WAIT = "50s";

const Action = Compile(ActionWithResultsWire);
/** A connection for each of the callers that wait, kept for their next action. */
const agent = new Agent({ keepAlive: true });

/**
 * Starts an action on Halligan's own route and returns the output of its first script: one request,
 * as the CLI does it. Throws unless the action Succeeded.
 */
export async function runToEnd(
  api: Api,
  machineId: string,
  commands: readonly CommandRequest[],
  signal: AbortSignal,
): Promise<string> {
  const sent = request(`${api.baseUrl}/halligan/v1/machines/${machineId}/actions?wait=${WAIT}`, {
    method: "POST",
    agent,
    headers: { authorization: `Bearer ${api.token}`, "content-type": "application/json" },
    signal,
  });
  sent.end(JSON.stringify({ Commands: commands, Comment: "bench" }));
  const [response]: unknown[] = await once(sent, "response");
  if (!(response instanceof IncomingMessage)) throw new Error("there is no response");
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString("utf8");
  if (response.statusCode !== 201) throw new Error(`the server answered ${response.statusCode}: ${text}`);
  const action: unknown = JSON.parse(text);
  if (!Action.Check(action)) throw new Error("the action has another shape");
  if (action.status === "Pending" || action.status === "InProgress") {
    await endOf(api, action.id, signal);
    return (await api.transcript(action.id)).script_output;
  }
  const transcript = action.results?.[0]?.transcript;
  if (action.status !== "Succeeded" || transcript === undefined) {
    throw new Error(`action ${action.id} is ${action.status}, with ${action.results?.length ?? 0} transcripts`);
  }
  return transcript.script_output;
}
