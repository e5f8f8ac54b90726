import type { ActionOptions, MachineActionWire, StartCommandRequest } from "@halligan/protocol/api";
import { ApiError, type HalliganClient, UnreachableError } from "@halligan/protocol/client";
import type { CommandContext } from "../command.ts";
import { CliError, InterruptedError } from "../errors/cli-error.ts";
import { harmlessLine } from "../render/text/harmless.ts";

export interface StartRequest {
  machineId: string;
  /** The machine as the person named it: its id or its name. */
  named: string;
  commands: StartCommandRequest[];
  comment: string | undefined;
  options?: ActionOptions;
}

/**
 * Starts the action. When the outcome is unknown (no response, interrupted), the error says that
 * the action may have started.
 */
export async function startAction(
  { signal }: CommandContext,
  client: HalliganClient,
  { machineId, named, commands, comment, options }: StartRequest,
): Promise<MachineActionWire> {
  try {
    const request = { Commands: commands, Comment: comment ?? "halligan", ...(options && { options }) };
    return await client.startLiveResponse(machineId, request, { signal });
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

/** `pin`: the content that a name refers to. */
export function command(
  type: StartCommandRequest["type"],
  params: Record<string, string>,
  pin: Pick<StartCommandRequest, "sha256" | "staged"> = {},
): StartCommandRequest {
  return { type, params: Object.entries(params).map(([key, value]) => ({ key, value })), ...pin };
}
