/**
 * The command line of halligan-agent. Exit codes: 0 done, 1 failed, 64 a wrong command line,
 * 78 wrong settings; of `status` those of `status/status-command.ts` too. 64 and 78 are those of
 * halligan (docs/decisions/0024-exit-codes.md).
 */
import { parseArgs } from "node:util";
import { uncheckedTlsFault } from "@halligan/protocol/network";
import { COMMIT, DEVELOPMENT, versionLine } from "@halligan/protocol/version";
import { runAgent } from "./agent.ts";
import { logCommand, statusCommand } from "./command-line/device-commands.ts";
import { enrollCommand } from "./command-line/enroll-command.ts";
import { installCommand, uninstallCommand } from "./command-line/install-command.ts";
import { dataRoot, effectiveSettings, PLACE_OPTIONS } from "./command-line/place.ts";
import { parsedOrUsage, UsageError } from "./command-line/usage-error.ts";
import { fileCalls } from "./commands/files/file-calls.ts";
import { printSettings } from "./config/print-settings.ts";
import { CONFIG_FILE_NAME } from "./config/read-settings.ts";
import { SettingsError } from "./config/settings-error.ts";
import { TOKEN_VARIABLE } from "./identity/enrollment-token.ts";
import { jsonLog } from "./log.ts";
import { runtimeVariableFault } from "./process/environment/runtime-variables.ts";
import { closeInheritedDescriptors } from "./process/inherited-descriptors.ts";
import { takeSignals } from "./signals.ts";

const HELP = `${versionLine("halligan-agent")}: lets a Halligan server run live response on this device.

  halligan-agent enroll --server URL [options]   make this device known to a server, once
      --token-file FILE     file with the enrollment token
      --token-stdin         read the token from standard input (also when it is piped in)
                            or set ${TOKEN_VARIABLE}
      --name NAME           what the device is called instead of its host name
      --ca FILE             trust this certificate authority (PEM) too, also at later starts
                            (default: the file that NODE_EXTRA_CA_CERTS names)
      --allow-plain-http    accept an http:// server that is not on this device
  halligan-agent install [--server URL] [options]   copy this program to its place, enroll, and run it as a service (Linux
                            with systemd). The options are those of enroll without --data and --config. Over an existing
                            install it repairs or upgrades, and needs no option. --root DIR: into the files of another system
  halligan-agent uninstall [--keep-data]         stop the service and remove all that install made
  halligan-agent run [options]                   work until stopped by SIGTERM, SIGINT or SIGQUIT; other signals are ignored
  halligan-agent status [options]                print whether the agent runs and is connected, and its limits
      --json                one JSON object; exit codes: 0 connected, 3 not running, 4 running and not connected
  halligan-agent log [options]                   print the owner's log: who asked what of this device, and how it ended
      --follow              go on with new entries until interrupted
      --since TIME          from this time on: 2026-11-28T12:00, or how long ago, as 30m, 2h or 7d
      --json                one JSON object a line
  halligan-agent config [options]                print the settings, where each comes from, and what each may be
  halligan-agent help | --help | --version

Options of all but install and uninstall:
      --data DIR            data folder (default: HALLIGAN_AGENT_DATA, else the system's usual place)
      --config FILE         configuration file (default: HALLIGAN_AGENT_CONFIG, else ${CONFIG_FILE_NAME} in the data folder)

Settings are the limits of the agent and of its scripts' processes, the cgroup of commands, and what scripts get of the
agent's environment. A variable comes before the file, and the file before the default: kill_grace_ms in the file is
HALLIGAN_AGENT_KILL_GRACE_MS. \`halligan-agent config > FILE\` makes a file to begin with.

enroll and run take the proxy of HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY (or in lower case), with credentials as
http://USER:PASSWORD@HOST:PORT, and trust the system's certificate store (or SSL_CERT_FILE, SSL_CERT_DIR).
`;

const EXIT_USAGE = 64;
const EXIT_CONFIGURATION = 78;

process.exitCode = await main(process.argv.slice(2));

async function main(argv: string[]): Promise<number> {
  try {
    return await dispatch(argv);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`halligan-agent: ${message}\n`);
    if (error instanceof SettingsError) return EXIT_CONFIGURATION;
    return error instanceof UsageError ? EXIT_USAGE : 1;
  }
}

async function dispatch([command, ...rest]: string[]): Promise<number> {
  // Not from sources, where the runtime's options are the developer's choice.
  const runtimeFault = COMMIT === DEVELOPMENT ? null : runtimeVariableFault(process.env);
  if (runtimeFault !== null) throw new SettingsError([runtimeFault]);
  if (rest.includes("--help")) command = "help";
  const tlsFault = uncheckedTlsFault(process.env);
  if (tlsFault !== null && (command === "enroll" || command === "install" || command === "run"))
    throw new Error(tlsFault);
  switch (command) {
    case "enroll":
      return await enrollCommand(rest);
    case "install":
      return await installCommand(rest);
    case "uninstall":
      return await uninstallCommand(rest);
    case "run":
      return await runCommand(rest);
    case "status":
      return await statusCommand(rest);
    case "log":
      return await logCommand(rest);
    case "config":
      return await configCommand(rest);
    case "help":
    case "--help":
    case "-h":
      process.stdout.write(HELP);
      return 0;
    case "--version":
      process.stdout.write(`${versionLine("halligan-agent")}\n`);
      return 0;
    case undefined:
      process.stderr.write(HELP);
      return EXIT_USAGE;
    default:
      throw new UsageError(`there is no command '${command}'. See: halligan-agent help`);
  }
}

async function runCommand(argv: string[]): Promise<number> {
  const values = parsedOrUsage(() => parseArgs({ args: argv, options: PLACE_OPTIONS }));
  const { numbers, env, file, isFileThere, sources } = await effectiveSettings(values);
  closeInheritedDescriptors();
  const stopping = new AbortController();
  const stop = () => stopping.abort(new Error("The agent received a signal to stop."));
  const log = jsonLog((line) => process.stderr.write(line));
  takeSignals(log, stop);
  const changed = [...sources].flatMap(([key, { from }]) => (from === "default" ? [] : key));
  log.info("settingsRead", { file: isFileThere ? file : null, changed: changed.join(" ") });
  try {
    await runAgent({ root: dataRoot(values), env, log, settings: numbers }, stopping.signal);
  } catch (error) {
    if (!stopping.signal.aborted) throw error;
  }
  // At an exit, Node waits for the threads of its pool, even for a thread that waits for a file
  // system without a response.
  if (fileCalls.stuck > 0) process.kill(process.pid, "SIGKILL");
  // A socket that the other side does not close would keep the process; everything that counts is
  // on disk.
  process.exit(0);
}

async function configCommand(argv: string[]): Promise<number> {
  const values = parsedOrUsage(() => parseArgs({ args: argv, options: PLACE_OPTIONS }));
  process.stdout.write(printSettings(await effectiveSettings(values)));
  return 0;
}
