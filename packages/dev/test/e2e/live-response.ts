import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { type CommandRequest, FINAL_STATUSES, type MachineActionWire } from "@halligan/protocol/api";
import { until } from "../../../protocol/test/support/until.ts";
import type { World } from "../../src/world.ts";

export const putFile = (fileName: string): CommandRequest => ({
  type: "PutFile",
  params: [{ key: "FileName", value: fileName }],
});
export const runScript = (scriptName: string, args?: string): CommandRequest => ({
  type: "RunScript",
  params: [{ key: "ScriptName", value: scriptName }, ...(args === undefined ? [] : [{ key: "Args", value: args }])],
});
export const getFile = (path: string): CommandRequest => ({ type: "GetFile", params: [{ key: "Path", value: path }] });

export async function addScript(world: World, fileName: string, text: string): Promise<void> {
  await world.client.putLibraryFile({ fileName, override: true, content: () => new Blob([text]) });
}

/** Starts the sequence and waits for its end, whatever that is. */
export async function runToEnd(
  world: World,
  machineId: string,
  commands: CommandRequest[],
): Promise<MachineActionWire> {
  const { id } = await world.client.runLiveResponse(machineId, { Commands: commands, Comment: "test" });
  return waitForEnd(world, id);
}

export function waitForEnd(world: World, actionId: string): Promise<MachineActionWire> {
  return waitFor(world, actionId, ({ status }) => FINAL_STATUSES.has(status));
}

export async function waitFor(
  world: World,
  actionId: string,
  holds: (action: MachineActionWire) => boolean,
): Promise<MachineActionWire> {
  return until(
    async () => {
      const action = await world.client.getMachineAction(actionId);
      if (holds(action)) return action;
      await sleep(25);
      return null;
    },
    `the awaited state of action ${actionId}`,
    { withinMs: 120_000 },
  );
}

export const transcriptOf = async (world: World, actionId: string, index: number) =>
  world.client.downloadTranscript(await world.client.getDownloadUrl(actionId, index));

/** The collected file, unpacked. */
export async function collected(world: World, actionId: string, index: number): Promise<Buffer> {
  const response = await world.client.downloadResult(await world.client.getDownloadUrl(actionId, index));
  return gunzipSync(Buffer.from(await response.arrayBuffer()));
}

export const sha256Of = (content: Uint8Array): string => createHash("sha256").update(content).digest("hex");
