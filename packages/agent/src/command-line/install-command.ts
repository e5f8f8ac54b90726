/** The commands that make the agent a service of this device: install and uninstall. */
import { parseArgs } from "node:util";
import { COMMIT, DEVELOPMENT, versionLine } from "@halligan/protocol/version";
import { install } from "../install/install.ts";
import { isSystemdRunning } from "../install/systemd.ts";
import { uninstall } from "../install/uninstall.ts";
import { checkedServer, ENROLL_OPTIONS, enrollHere, refuseTokenArgument } from "./enroll-command.ts";
import { parsedOrUsage, UsageError } from "./usage-error.ts";

const ROOT_OPTION = { root: { type: "string", default: "/" } } as const;
const VERSION_LINE = versionLine("halligan-agent");

const say = (line: string): void => void process.stdout.write(`${line}\n`);

export async function installCommand(argv: string[]): Promise<number> {
  refuseTokenArgument(argv);
  const values = parsedOrUsage(() => parseArgs({ args: argv, options: { ...ENROLL_OPTIONS, ...ROOT_OPTION } }));
  const { server, root } = values;
  const serverUrl = server === undefined ? null : checkedServer(server, values);
  if (COMMIT === DEVELOPMENT) throw new Error("install copies a released executable; this runs from its sources");
  requireService(root, "install");
  // Others may read the program and the unit; the data folder has its own mode.
  process.umask(0o022);
  const enroll = async (data: string): Promise<void> => {
    if (serverUrl === null) throw new UsageError("this device is not enrolled: install needs --server URL");
    await enrollHere(values, serverUrl, { data });
  };
  await install({ root, source: process.execPath, versionLine: VERSION_LINE, serverUrl, enroll, say });
  return 0;
}

export async function uninstallCommand(argv: string[]): Promise<number> {
  const options = { ...ROOT_OPTION, "keep-data": { type: "boolean" } } as const;
  const { root, "keep-data": keepsData = false } = parsedOrUsage(() => parseArgs({ args: argv, options }));
  requireService(root, "uninstall");
  await uninstall(root, keepsData, say);
  return 0;
}

/** @throws a sentence for people where this system cannot have the service */
function requireService(root: string, command: string): void {
  if (process.platform !== "linux") {
    throw new Error(
      `${command} is for Linux with systemd. On this system, start "halligan-agent run" by its service manager.`,
    );
  }
  if (root !== "/") return;
  if (!isSystemdRunning()) throw new Error(`${command} needs systemd, which does not run here`);
  if (process.geteuid?.() !== 0) throw new Error(`${command} needs root: run it with sudo`);
}
