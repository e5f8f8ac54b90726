import { chmod, mkdir } from "node:fs/promises";
import path from "node:path";
import { replaceFile } from "../disk/durable.ts";
import { readAgentConfig } from "../identity/agent-config.ts";
import { requireInside } from "./inside-root.ts";
import { installLayout, UNIT_NAME } from "./layout.ts";
import { linkCommand, placeExecutable } from "./place-executable.ts";
import { serviceState, systemctl } from "./systemd.ts";
import { unitText } from "./unit.ts";

export interface Install {
  /** `/`, or the folder of a system that is not running; then no service is started. */
  readonly root: string;
  /** The executable that runs this. */
  readonly source: string;
  readonly versionLine: string;
  /** The server that was named, or null. */
  readonly serverUrl: string | null;
  /** Enrolls into this data folder. Called only when the folder is not enrolled. */
  readonly enroll: (dataRoot: string) => Promise<void>;
  readonly say: (line: string) => void;
}

/**
 * Makes this device's agent a service. Every step can be repeated: an install over an existing one
 * repairs or upgrades it and keeps its enrollment. The enrollment is the first step, because a
 * wrong server or token must leave nothing behind.
 */
export async function install({ root, source, versionLine, serverUrl, enroll, say }: Install): Promise<void> {
  const layout = installLayout(root);
  const running = installLayout("/");
  await requireInside(root, layout);
  const config = await readAgentConfig(layout.dataRoot);
  await mkdir(path.dirname(layout.dataRoot), { recursive: true, mode: 0o755 });
  if (config === null) await enroll(layout.dataRoot);
  else if (serverUrl !== null && serverUrl !== config.serverUrl) {
    throw new Error(
      `this device is enrolled at ${config.serverUrl}. To move it to ${serverUrl}, uninstall it first: halligan-agent uninstall`,
    );
  } else say(`Enrolled as machine ${config.machineId} at ${config.serverUrl} before.`);
  await placeExecutable(source, layout, versionLine);
  await linkCommand(layout, running.executable);
  await mkdir(path.dirname(layout.unit), { recursive: true, mode: 0o755 });
  await replaceFile(layout.unit, unitText(running));
  await chmod(layout.unit, 0o644);
  say(`${versionLine} is in ${layout.executable}`);
  if (layout.unit !== running.unit) return say(`${layout.unit} is written. Enable it in that system: ${UNIT_NAME}`);
  systemctl("daemon-reload");
  systemctl("enable", UNIT_NAME);
  systemctl("restart", UNIT_NAME);
  const { active } = serviceState();
  if (active !== "active") throw new Error(`${UNIT_NAME} is ${active}. See: journalctl -u ${UNIT_NAME}`);
  say(`${UNIT_NAME} runs, and starts with the system.`);
}
