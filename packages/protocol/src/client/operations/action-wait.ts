import { ActionWithResultsWire, type StartLiveResponseRequest } from "../../api/index.ts";
import type { CallOptions, StartOptions } from "../options.ts";
import { readJson } from "../transport/read-response.ts";
import type { Transport } from "../transport/transport.ts";

/**
 * Options of the methods that wait for an action on the server.
 *
 * @example
 * ```ts
 * const actionId = "11111111-2222-3333-4444-555555555555";
 * const options: WaitOptions = { waitMs: 30_000 };
 * console.log((await client.waitForMachineAction(actionId, options)).status);
 * ```
 */
export interface WaitOptions extends CallOptions {
  /** Longest wait in milliseconds. The server can end it earlier. */
  waitMs: number;
}

export async function startAndWait(
  transport: Transport,
  machineId: string,
  request: StartLiveResponseRequest,
  {
    waitMs,
    onAccepted,
    idempotencyKey,
    signal,
  }: WaitOptions & StartOptions & { onAccepted?: (actionId: string) => void },
): Promise<ActionWithResultsWire> {
  const path = `/halligan/v1/machines/${encodeURIComponent(machineId)}/actions`;
  const response = await transport.send({
    method: "POST",
    path: `${path}?wait=${Math.round(waitMs)}ms`,
    json: request,
    idempotencyKey,
    waitMs,
    signal,
  });
  // The head comes when the action is accepted, the body when the wait is over.
  const actionId = response.headers.get("location")?.split("/").at(-1);
  if (actionId !== undefined) onAccepted?.(actionId);
  return await readJson(response, ActionWithResultsWire, `POST ${path}`);
}

export async function waitForEnd(
  transport: Transport,
  actionId: string,
  { waitMs, signal }: WaitOptions,
): Promise<ActionWithResultsWire> {
  const path = `/halligan/v1/actions/${encodeURIComponent(actionId)}`;
  const query = waitMs === 0 ? "" : `?wait=${Math.round(waitMs)}ms`;
  return await transport.sendForJson({ method: "GET", path: `${path}${query}`, waitMs, signal }, ActionWithResultsWire);
}
