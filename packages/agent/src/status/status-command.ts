/**
 * `halligan-agent status`: what the running agent says of itself. Exit codes: 0 connected, 3 not
 * running (as of a service manager), 4 running and not connected.
 */
import { versionLine } from "@halligan/protocol/version";
import { isErrno, reasonOf } from "../disk/errno.ts";
import { readAgentConfig } from "../identity/agent-config.ts";
import { holderOf } from "../identity/folder-lock.ts";
import { readBootId } from "../process/boot-id.ts";
import { localTime, visible } from "../text-for-people.ts";
import { type AgentStatus, readStatus } from "./status-file.ts";

export const STATUS_EXIT = { connected: 0, notRunning: 3, notConnected: 4 } as const;

/** In `--json`. */
export interface ShownStatus {
  dataFolder: string;
  isEnrolled: boolean;
  isRunning: boolean;
  isConnected: boolean;
  server: string | null;
  machineId: string | null;
  /** State of the service that `halligan-agent install` has made; null where there is none. */
  service: string | null;
  /** Null while no agent runs. */
  agent: Omit<AgentStatus, "v" | "isConnected" | "server" | "machineId"> | null;
}

/** Rejects with a sentence for people. */
export async function shownStatus(root: string): Promise<Omit<ShownStatus, "service">> {
  try {
    const config = await readAgentConfig(root);
    const pid = await holderOf(root, readBootId());
    const found = pid === null ? null : await readStatus(root);
    // The file of an agent that was killed stays, and its successor may not have written yet.
    const status = found?.pid === pid ? found : null;
    const base = { dataFolder: root, isEnrolled: config !== null, isRunning: pid !== null };
    const names = { server: config?.serverUrl ?? null, machineId: config?.machineId ?? null };
    if (!status) return { ...base, ...names, isConnected: false, agent: null };
    const { v: _, isConnected, server, machineId, ...agent } = status;
    return { ...base, isConnected, server, machineId, agent };
  } catch (error) {
    if (!isErrno(error, "EACCES", "EPERM")) throw error;
    const who = process.platform === "win32" ? "an administrator" : "root and the agent's user";
    throw new Error(`The status in ${root} can be read by ${who} only: ${reasonOf(error)}.`, { cause: error });
  }
}

export function statusExit({ isRunning, isConnected }: Pick<ShownStatus, "isRunning" | "isConnected">): number {
  if (!isRunning) return STATUS_EXIT.notRunning;
  return isConnected ? STATUS_EXIT.connected : STATUS_EXIT.notConnected;
}

const NAME_COLUMNS = 14;

/** A fact a line. */
export function statusText(status: ShownStatus): string {
  const { agent } = status;
  const since = agent ? ` since ${localTime(agent.since)}` : "";
  const connection = !status.isRunning ? "not running" : status.isConnected ? "connected" : "not connected";
  const facts: [string, string | null][] = [
    ["server", status.server ?? `none: this device is not enrolled in ${status.dataFolder}`],
    ["machine", status.machineId],
    ["connection", `${connection}${since}`],
    ["service", status.service],
    ["problem", agent?.problem ?? null],
    ["proxy", agent?.proxy ?? null],
    ["agent", agent && `${agent.agentVersion}, process ${agent.pid}, started ${localTime(agent.startedAt)}`],
    ["program", agent ? null : versionLine("halligan-agent")],
    ["data folder", status.dataFolder],
    ...(agent?.limits ?? []).map((text): [string, string] => ["limit", text]),
    ...(agent?.unavailable ?? []).map((text): [string, string] => ["unavailable", text]),
  ];
  return facts
    .flatMap(([name, text]) => (text === null ? [] : [`${name.padEnd(NAME_COLUMNS)}${visible(text)}\n`]))
    .join("");
}
