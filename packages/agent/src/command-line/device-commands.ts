/** The commands for the administrator of this device: status and log. */
import { once } from "node:events";
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { installLayout, UNIT_NAME } from "../install/layout.ts";
import { isSystemdRunning, serviceState } from "../install/systemd.ts";
import { escapeControls } from "../log.ts";
import { printLog, sinceMs } from "../owners-log/log-command.ts";
import { shownStatus, statusExit, statusText } from "../status/status-command.ts";
import { dataRoot, PLACE_OPTIONS } from "./place.ts";
import { parsedOrUsage, UsageError } from "./usage-error.ts";

export async function statusCommand(argv: string[]): Promise<number> {
  const options = { ...PLACE_OPTIONS, json: { type: "boolean" } } as const;
  const values = parsedOrUsage(() => parseArgs({ args: argv, options }));
  const status = { ...(await shownStatus(dataRoot(values))), service: installedService() };
  process.stdout.write(values.json === true ? `${escapeControls(JSON.stringify(status))}\n` : statusText(status));
  return statusExit(status);
}

/** The state of the service that `install` has made. Null where there is none. */
function installedService(): string | null {
  if (!isSystemdRunning() || !existsSync(installLayout("/").unit)) return null;
  const { active, enabled } = serviceState();
  return `${UNIT_NAME}: ${active}, ${enabled}`;
}

export async function logCommand(argv: string[]): Promise<number> {
  const options = {
    ...PLACE_OPTIONS,
    follow: { type: "boolean" },
    since: { type: "string" },
    json: { type: "boolean" },
  } as const;
  const values = parsedOrUsage(() => parseArgs({ args: argv, options }));
  const from = values.since === undefined ? null : sinceMs(values.since);
  if (values.since !== undefined && from === null) {
    throw new UsageError(`--since takes a time as 2026-11-28T12:00, or 30m, 2h or 7d, not '${values.since}'`);
  }
  const stopping = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stopping.abort());
  // The reader of a pipe has closed it.
  process.stdout.on("error", () => stopping.abort());
  const wish = { root: dataRoot(values), isJson: values.json === true, follows: values.follow === true };
  await printLog({ ...wish, sinceMs: from }, printed, stopping.signal);
  return 0;
}

/** Waits for a slow reader, so that a large log does not fill the memory. */
async function printed(text: string): Promise<void> {
  if (process.stdout.write(text) || process.stdout.destroyed) return;
  await once(process.stdout, "drain").catch(() => undefined);
}
