/**
 * `status.json` in the data folder: what the running agent says of itself to people on the device.
 * It is replaced as a whole at each change, and not synced, because after a power cut it says
 * nothing.
 */
import { constants } from "node:fs";
import { open, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { type Static, Type } from "typebox";
import { Compile } from "typebox/compile";
import { isErrno } from "../disk/errno.ts";

const MAX_FILE_BYTES = 256 * 1024;
const text = (maxLength: number) => Type.String({ maxLength });

/** Members that a later release adds are ignored. */
export const AgentStatus = Type.Object({
  v: Type.Literal(1),
  pid: Type.Integer({ minimum: 1 }),
  agentVersion: text(64),
  machineId: text(64),
  server: text(4_096),
  /** Without its credentials. */
  proxy: Type.Union([text(4_096), Type.Null()]),
  isConnected: Type.Boolean(),
  /** Since when it is connected, or not; ISO 8601, by the device's clock. */
  since: text(40),
  startedAt: text(40),
  /** Why the last connection ended or could not be made; null while connected. */
  problem: Type.Union([text(4_096), Type.Null()]),
  /** Limits of scripts and transfers, in words. */
  limits: Type.Array(text(500), { maxItems: 64 }),
  /** What this device cannot do, with the reason, in words. */
  unavailable: Type.Array(text(1_000), { maxItems: 64 }),
});
export type AgentStatus = Static<typeof AgentStatus>;

const status = Compile(AgentStatus);

export const statusFile = (root: string): string => path.join(root, "status.json");

export async function writeStatus(root: string, value: AgentStatus): Promise<void> {
  const file = statusFile(root);
  const temporary = `${file}.new`;
  await rm(temporary, { force: true });
  await writeFile(temporary, `${JSON.stringify(value)}\n`, { flag: "wx", mode: 0o600 });
  await rename(temporary, file);
}

/** Null when there is none, or none that this release can read. */
export async function readStatus(root: string): Promise<AgentStatus | null> {
  try {
    // A pipe in its place would not answer otherwise.
    await using handle = await open(statusFile(root), constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const block = Buffer.alloc(MAX_FILE_BYTES);
    const { bytesRead } = await handle.read(block, 0, block.length, 0);
    const value: unknown = JSON.parse(block.toString("utf8", 0, bytesRead));
    return status.Check(value) ? value : null;
  } catch (error) {
    if (error instanceof SyntaxError || isErrno(error, "ENOENT")) return null;
    throw error;
  }
}
