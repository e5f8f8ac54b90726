import { once } from "node:events";
import { Agent, IncomingMessage, request } from "node:http";
import { FINAL_STATUSES, MachineActionWire } from "@halligan/protocol/api";
import { Type } from "typebox";
import { Compile } from "typebox/compile";
import type { Api } from "./api.ts";

/** No action of a bench takes longer, so a longer one is lost. */
const PATIENCE_MS = 180_000;
/**
 * The last event is searched for in this part of the stream's end. An action of one command has
 * about a thousand characters.
 */
const TAIL_CHARS = 64 * 1024;

const ActionState = Compile(Type.Object({ id: Type.String(), status: MachineActionWire.properties.status }));
/** A connection for each of the callers that wait, kept for their next action. */
const agent = new Agent({ keepAlive: true });

/**
 * Follows an action by its server-sent events, as the CLI does, until the server ends the stream
 * after the final state. Throws unless it Succeeded: nothing in a bench fails, so another end is
 * the end of the measurement.
 */
export async function endOf(api: Api, actionId: string, signal: AbortSignal): Promise<void> {
  const asked = request(`${api.baseUrl}/halligan/v1/actions/${actionId}/events`, {
    agent,
    headers: { authorization: `Bearer ${api.token}`, accept: "text/event-stream" },
    signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]),
  });
  asked.end();
  const [response] = await once(asked, "response");
  if (!(response instanceof IncomingMessage)) throw new Error("there is no answer");
  response.setEncoding("utf8");
  let tail = "";
  for await (const chunk of response) tail = `${tail}${chunk}`.slice(-TAIL_CHARS);
  if (response.statusCode !== 200) throw new Error(`the server answered ${response.statusCode}: ${tail}`);
  const status = lastStatus(tail);
  if (status === null || !FINAL_STATUSES.has(status)) throw new Error(`action ${actionId} is ${status}: it is lost`);
  if (status !== "Succeeded") throw new Error(`action ${actionId} is ${status}`);
}

/** The other events, of transfers, have no status. */
function lastStatus(tail: string): MachineActionWire["status"] | null {
  for (const line of tail.split("\n").reverse()) {
    if (!line.startsWith("data: {") || !line.endsWith("}")) continue;
    const value: unknown = JSON.parse(line.slice("data: ".length));
    if (ActionState.Check(value)) return value.status;
  }
  return null;
}
