/** Puts the agent together: the only file that knows every part by name. */

import { randomBytes } from "node:crypto";
import { chmod, readdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { ORDER_ORIGIN, RUN_AS } from "@halligan/protocol/link";
import { systemClock } from "@halligan/protocol/time";
import { deviceRunner } from "./commands/device-runner.ts";
import { removeTemporaryFiles } from "./commands/files/put-file.ts";
import { KeptScripts } from "./commands/kept-scripts.ts";
import { LiveSpools } from "./commands/output/live-spools.ts";
import { agentEnvironment, treeMark } from "./commands/script-environment.ts";
import { removeUserFolders } from "./commands/scripts/user-folder.ts";
import { runAgentCore } from "./core/agent-core.ts";
import type { Log, Random } from "./core/ports.ts";
import { ServerConnection } from "./core/server-connection.ts";
import { type DataFolder, dataFolder } from "./disk/data-folder.ts";
import { replaceFile } from "./disk/durable.ts";
import { isErrno, reasonOf } from "./disk/errno.ts";
import { JournalDisk } from "./disk/journal-disk.ts";
import { ensureDataFolders, ensureInnerFolder, ensurePrivateFolder } from "./disk/private-folder.ts";
import { readAgentConfig, writeAgentConfig } from "./identity/agent-config.ts";
import { keptAuthorities, trustSystemAnd } from "./identity/authority.ts";
import { readDeviceKey } from "./identity/device-key.ts";
import { lockFolder } from "./identity/folder-lock.ts";
import { announcedSecretKey } from "./identity/secret-key.ts";
import { currentFacts } from "./machine-facts/machine-facts.ts";
import { agentNetwork } from "./network/agent-network.ts";
import { LogWriter } from "./owners-log/log-writer.ts";
import { readBootId } from "./process/boot-id.ts";
import { openCgroups } from "./process/cgroups/cgroups.ts";
import { KeptProcesses } from "./process/kept-processes.ts";
import { runAsFeature } from "./process/run-as/change-user.ts";
import { ScriptPipes } from "./process/script-pipes.ts";
import { takeScriptSettings } from "./process/script-settings.ts";
import type { AgentSettings } from "./settings.ts";
import { limitTexts } from "./status/limit-texts.ts";
import { StatusKeeper } from "./status/status-keeper.ts";
import { bandwidth } from "./transfer/bandwidth.ts";
import { webSocketNet } from "./websocket/websocket-net.ts";

export const realRandom: Random = {
  fraction: () => randomBytes(4).readUInt32LE() / 2 ** 32,
  id: () => randomBytes(16).toString("hex"),
};

/**
 * Runs until `signal` is aborted. Rejects with a sentence for people when this folder cannot be
 * used.
 */
export async function runAgent(
  options: { root: string; env: NodeJS.ProcessEnv; log: Log; settings: AgentSettings },
  signal: AbortSignal,
): Promise<void> {
  const { env, log, settings } = options;
  const folder = dataFolder(options.root);
  ensurePrivateFolder(folder.root);
  const config = await readAgentConfig(folder.root);
  if (!config) {
    throw new Error(`${folder.root} is not enrolled. First: halligan-agent enroll --server URL --data ${folder.root}`);
  }
  const environment = agentEnvironment(env, log);
  const bootId = readBootId();
  await using _lock = await lockFolder(folder.root, bootId, systemClock, signal);
  ensureDataFolders(folder);
  await closeOwnFiles(folder.root);
  await emptyWorkAfterRestart(folder, bootId, log);
  await removeTemporaryFiles(folder.work);
  const privateKey = await readDeviceKey(folder.root);
  const secretKey = await announcedSecretKey(folder.root, { machineId: config.machineId, privateKey }, log);
  const serverConnection = new ServerConnection(systemClock);
  using disk = new JournalDisk(folder.root);
  using ownersLog = new LogWriter({ root: folder.root, clock: systemClock, log, settings });
  const { machineId, serverUrl } = config;
  const keptScripts = new KeptScripts(settings);
  const liveSpools = new LiveSpools(folder);
  const cgroups = await openCgroups({ root: folder.root, machineId, env, log, settings });
  const network = agentNetwork(env, settings);
  const keptProcesses = new KeptProcesses({ root: folder.root, bootId, cgroups, log, settings, markOf: treeMark });
  const inheritsSettings = takeScriptSettings(settings.scriptOpenFiles);
  const runAs = runAsFeature();
  if (runAs === RUN_AS) removeUserFolders({ machineId, log });
  const scriptPipes = new ScriptPipes(folder.pipes, log, systemClock);
  const ports = {
    clock: systemClock,
    random: realRandom,
    log,
    serverConnection,
    network,
    settings,
    bandwidth: bandwidth(systemClock, settings),
  };
  log.info("agentStarted", {
    machineId,
    server: serverUrl,
    proxy: network.proxyNameFor(new URL(serverUrl)),
    pid: process.pid,
  });
  const isTls = [serverUrl, network.proxyNameFor(new URL(serverUrl))].some((url) => url?.startsWith("https:"));
  // At each connection: the store of a system changes while its agent runs for months.
  const trust = () => isTls && trustSystemAnd(keptAuthorities(folder.root), env, log);
  const proxy = network.proxyNameFor(new URL(serverUrl));
  const fixed = {
    machineId,
    server: serverUrl,
    proxy,
    limits: [...limitTexts(settings), ...cgroups.limits.texts],
    unavailable: [...cgroups.limits.unavailable],
  };
  const status = new StatusKeeper(folder.root, fixed, serverConnection, log);
  await using _keeping = keptStatus(status);
  await runAgentCore(
    {
      ...ports,
      log: status.log,
      disk,
      ownersLog,
      spools: liveSpools,
      net: webSocketNet(serverUrl, network, trust),
      runner: deviceRunner({
        ...ports,
        serverUrl,
        folder,
        machineId,
        bootId,
        cgroups,
        keptScripts,
        liveSpools,
        keptProcesses,
        scriptPipes,
        inheritsSettings,
        runAs,
        environment,
        secretKey,
      }),
      features: [ORDER_ORIGIN, ...(runAs === null ? [] : [runAs])],
      identity: { machineId, privateKey },
      secretKey,
      pinnedKeys: {
        keys: config.orderKeys,
        setNumber: config.orderKeySet ?? 0,
        recoveryKey: config.recoveryKey ?? null,
      },
      pinKeys: ({ keys, setNumber, recoveryKey }) =>
        writeAgentConfig(folder.root, { ...config, orderKeys: [...keys], orderKeySet: setNumber, recoveryKey }),
      facts: () => currentFacts(config.name),
    },
    signal,
  );
  log.info("agentStopped", { machineId });
}

function keptStatus(status: StatusKeeper): AsyncDisposable {
  const stopping = new AbortController();
  const kept = status.keep(stopping.signal);
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await kept;
    },
  };
}

/**
 * The working folder lasts until the device restarts
 * (`docs/contract/choices.md#scripts-and-working-folder`). Where the system names no boot it is
 * kept.
 */
async function emptyWorkAfterRestart(folder: DataFolder, bootId: string, log: Log): Promise<void> {
  const file = path.join(folder.root, "work-boot-id");
  let before: string | null = null;
  try {
    before = await readFile(file, "utf8");
  } catch (error) {
    if (!isErrno(error, "ENOENT")) throw error;
  }
  if (before === bootId) return;
  if (before !== null) {
    try {
      await rm(folder.work, { recursive: true, force: true });
      log.info("workFolderEmptied");
    } catch (error) {
      // Even root may be unable to remove a file (immutable, a mount). The agent starts anyway,
      // although the folder is not empty.
      log.error("workFolderNotEmptied", { error: reasonOf(error) });
    }
    ensureInnerFolder(folder.work);
  }
  await replaceFile(file, bootId);
}

/**
 * The agent's files are created with mode 0600. This corrects the mode of other files, for example
 * from a restored backup, and removes incomplete files.
 */
async function closeOwnFiles(root: string): Promise<void> {
  for (const entry of await readdir(root, { withFileTypes: true })) {
    const file = path.join(root, entry.name);
    if (entry.isSymbolicLink()) throw new Error(`${file} is a link; the agent keeps its files in its own folder only.`);
    if (!entry.isFile()) continue;
    if (entry.name.endsWith(".new")) await rm(file, { force: true });
    else if (process.platform !== "win32") await chmod(file, 0o600);
  }
}
