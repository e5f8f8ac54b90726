import { randomUUID } from "node:crypto";
import type {
  ActionOptions,
  ActionWithResultsWire,
  StartCommandRequest,
  StartLiveResponseRequest,
} from "@halligan/protocol/api";
import { ApiError, type HalliganClient, UnreachableError } from "@halligan/protocol/client";
import type { SecretEnv } from "@halligan/protocol/link";
import type { CommandContext } from "../command.ts";
import { CliError, InterruptedError } from "../errors/cli-error.ts";
import { harmlessLine } from "../render/text/harmless.ts";

export interface StartRequest {
  machineId: string;
  /** The machine as the person named it: its id or its name. */
  named: string;
  commands: StartCommandRequest[];
  comment: string | undefined;
  options?: ActionOptions | undefined;
  secretEnv?: SecretEnv | undefined;
}

/** An action on the server, and what the response to the start says of it. */
export interface Started {
  actionId: string;
  /** Null when only the id is known. */
  created: ActionWithResultsWire | null;
  isAccepted: boolean;
  /** How long the start has waited for the end of the action. */
  waitedMs: number;
}

/** An action that another call has started. */
export const startedBefore = (actionId: string): Started => ({
  actionId,
  created: null,
  isAccepted: false,
  waitedMs: 0,
});

/**
 * How long the start itself waits for the end, without a terminal for the progress. Most scripts
 * end within it. After it the events of the action say what a longer one waits for, which the
 * response to a start cannot do before its end.
 */
const WAIT_WITH_START_MS = 3_000;

/**
 * The longest wait of the start. None on a terminal, where the events of the action show what goes
 * on, and with `--no-wait`.
 */
export function waitWithStartMs({ args, env }: CommandContext, limitMs: number | null): number | null {
  if (args.flag("no-wait") || env.stderr.isTTY) return null;
  return Math.min(WAIT_WITH_START_MS, limitMs ?? WAIT_WITH_START_MS);
}

/**
 * Starts the action. With `waitMs` one request also waits for its end. The client repeats a start
 * whose response was lost; its idempotency key prevents a second action. When the outcome is
 * unknown (no response, interrupted), the error says that the action may have started.
 * `onAccepted`: called as soon as the id is known, while the start still waits.
 */
export async function startAction(
  { signal }: CommandContext,
  client: HalliganClient,
  { machineId, named, commands, comment, options, secretEnv }: StartRequest,
  waitMs: number | null,
  onAccepted: (actionId: string) => void = () => undefined,
): Promise<Started> {
  try {
    const request = {
      Commands: commands,
      Comment: comment ?? "halligan",
      ...(options && { options }),
      ...(secretEnv && { secretEnv }),
    };
    if (waitMs !== null) return await startAndWait(client, machineId, request, waitMs, onAccepted, signal);
    const created = await client.startLiveResponse(machineId, request, { idempotencyKey: randomUUID(), signal });
    onAccepted(created.id);
    return { actionId: created.id, created, isAccepted: true, waitedMs: 0 };
  } catch (error) {
    const look = `The action may have been started; see: halligan actions --machine ${machineId}`;
    if (error instanceof InterruptedError) throw new InterruptedError(error.signal, `Interrupted. ${look}`);
    if (error instanceof UnreachableError) {
      throw new CliError("unreachable", "Unreachable", `${error.message}\n${look}`, { cause: error });
    }
    if (error instanceof ApiError && error.code === "ActiveRequestAlreadyExists") {
      const blockingId = /active action id:\s*([0-9a-f-]{36})/i.exec(error.message)?.[1];
      const hint = blockingId === undefined ? "" : `\nSee: halligan action ${blockingId}`;
      const json = blockingId === undefined ? {} : { blockingActionId: blockingId };
      const message = harmlessLine(withName(error.message, machineId, named));
      throw new CliError("machineBusy", error.code, `${message}${hint}`, { json, cause: error });
    }
    throw error;
  }
}

/** The server knows machines by their ids, and a person by their names. */
const withName = (message: string, machineId: string, named: string): string =>
  named.toLowerCase() === machineId ? message : `${named}: ${message}`;

/** What breaks off after the server has accepted the action ends only this way of waiting. */
async function startAndWait(
  client: HalliganClient,
  machineId: string,
  request: StartLiveResponseRequest,
  waitMs: number,
  told: (actionId: string) => void,
  signal: AbortSignal,
): Promise<Started> {
  const startedAtMs = performance.now();
  let acceptedId: string | null = null;
  const startedAs = (actionId: string, created: ActionWithResultsWire | null): Started => ({
    actionId,
    created,
    isAccepted: true,
    waitedMs: performance.now() - startedAtMs,
  });
  try {
    const onAccepted = (actionId: string) => {
      acceptedId = actionId;
      told(actionId);
    };
    const created = await client.startLiveResponseAndWait(machineId, request, {
      waitMs,
      onAccepted,
      idempotencyKey: randomUUID(),
      signal,
    });
    return startedAs(created.id, created);
  } catch (error) {
    if (acceptedId === null) throw error;
    return startedAs(acceptedId, null);
  }
}

/** `more`: the content that a name refers to, or the archive of a GetFile. */
export function command(
  type: StartCommandRequest["type"],
  params: Record<string, string>,
  more: Pick<StartCommandRequest, "sha256" | "staged" | "content" | "interpreter" | "archive"> = {},
): StartCommandRequest {
  return { type, params: Object.entries(params).map(([key, value]) => ({ key, value })), ...more };
}
