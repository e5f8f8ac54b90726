/** The service manager, as the install uses it. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { UNIT_NAME } from "./layout.ts";

const CALL_TIMEOUT_MS = 90_000;
/** Only what its programs need, so that nothing of the caller's environment changes them. */
const ENVIRONMENT = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" };

export interface ServiceState {
  /** As `systemctl is-active` prints it: active, inactive, failed, activating. */
  readonly active: string;
  readonly enabled: string;
}

/** Whether systemd runs this system (sd_booted(3)). */
export const isSystemdRunning = (): boolean => existsSync("/run/systemd/system");

/** @throws a sentence for people with what systemctl says */
export function systemctl(...args: readonly string[]): void {
  const { status, stderr, error } = call("systemctl", args);
  if (status === 0) return;
  throw new Error(`systemctl ${args.join(" ")} failed: ${error?.message ?? stderr.trim()}`);
}

export function serviceState(): ServiceState {
  const said = (command: string) => call("systemctl", [command, UNIT_NAME]).stdout.trim() || "unknown";
  return { active: said("is-active"), enabled: said("is-enabled") };
}

function call(file: string, args: readonly string[]) {
  return spawnSync(file, args, { encoding: "utf8", timeout: CALL_TIMEOUT_MS, env: ENVIRONMENT });
}
