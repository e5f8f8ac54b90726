/** A data folder and a fake server for commands that run without the core. */

import { generateKeyPairSync, randomBytes } from "node:crypto";
import path from "node:path";
import type { Order, OrderCommand, SecretEnv } from "@halligan/protocol/link";
import { sealSecret, signSecretKey } from "@halligan/protocol/link-crypto";
import { type MonotonicClock, systemClock } from "@halligan/protocol/time";
import { realRandom } from "../../src/agent.ts";
import type { CommandDeps } from "../../src/commands/command-deps.ts";
import { KeptScripts } from "../../src/commands/kept-scripts.ts";
import { LiveSpools } from "../../src/commands/output/live-spools.ts";
import { agentEnvironment, treeMark } from "../../src/commands/script-environment.ts";
import type { CommandJob } from "../../src/core/ports.ts";
import { dataFolder } from "../../src/disk/data-folder.ts";
import { ensureDataFolders } from "../../src/disk/private-folder.ts";
import { agentNetwork } from "../../src/network/agent-network.ts";
import { readBootId } from "../../src/process/boot-id.ts";
import { CgroupHome, findCgroupHome } from "../../src/process/cgroups/cgroup-home.ts";
import { Cgroups } from "../../src/process/cgroups/cgroups.ts";
import { KeptProcesses } from "../../src/process/kept-processes.ts";
import { type RunAsFeature, runAsFeature } from "../../src/process/run-as/change-user.ts";
import { ScriptPipes } from "../../src/process/script-pipes.ts";
import { type AgentSettings, DEFAULT_SETTINGS } from "../../src/settings.ts";
import { temporaryFolder } from "./agent-process.ts";
import { silentLog } from "./fake-ports.ts";
import { DEFAULT_LIMITS, FakeServer } from "./fake-server.ts";

export interface WorldOptions {
  /** A folder that is there, instead of `data` in a temporary one. */
  root?: string;
  /**
   * Where commands get their cgroups; null for none, left out for what an agent would find here.
   */
  cgroupFolder?: string | null;
  clock?: MonotonicClock;
  settings?: Partial<AgentSettings>;
  /** Default false: a shell sets the environment of scripts, not the process of the tests. */
  inheritsSettings?: boolean;
  /** Default: what an agent would find here. */
  runAs?: RunAsFeature | null;
  /** The environment that an agent would have been started with. */
  env?: NodeJS.ProcessEnv;
}

export async function commandWorld(options: WorldOptions = {}) {
  const temporary = await temporaryFolder();
  const server = new FakeServer();
  const folder = dataFolder(options.root ?? path.join(temporary.path, "data"));
  ensureDataFolders(folder);
  // Its own, as test files that run at the same time share the cgroups of this device.
  const machineId = randomBytes(20).toString("hex");
  const configured = options.cgroupFolder;
  const found = configured === null ? null : findCgroupHome({ machineId, configured, log: silentLog });
  const cgroupHome = found ?? (configured ? new CgroupHome(configured, machineId) : null);
  const bootId = readBootId();
  const { privateKey } = generateKeyPairSync("x25519");
  const announced = signSecretKey(machineId, privateKey, generateKeyPairSync("ed25519").privateKey);
  const settings = { ...DEFAULT_SETTINGS, ...options.settings };
  const cgroups = new Cgroups(silentLog, cgroupHome);
  const deps: CommandDeps = {
    serverUrl: await server.listen(),
    clock: options.clock ?? systemClock,
    random: realRandom,
    log: silentLog,
    settings,
    serverConnection: { ticket: async (dead, signal) => (dead ? await forEver(signal) : "ticket-0") },
    network: agentNetwork({}, settings),
    folder,
    machineId,
    bootId,
    cgroups,
    keptScripts: new KeptScripts(settings),
    liveSpools: new LiveSpools(folder),
    keptProcesses: new KeptProcesses({
      root: folder.root,
      bootId,
      cgroups,
      log: silentLog,
      settings,
      markOf: treeMark,
    }),
    scriptPipes: new ScriptPipes(folder.pipes, silentLog, options.clock ?? systemClock),
    inheritsSettings: options.inheritsSettings ?? false,
    runAs: options.runAs === undefined ? runAsFeature() : options.runAs,
    environment: agentEnvironment(options.env ?? { HALLIGAN_ENROLLMENT_TOKEN: "secret" }, silentLog),
    secretKey: { privateKey, announced },
  };
  const actionId = `11111111-2222-4333-8444-${randomBytes(6).toString("hex")}`;
  const job = <C extends OrderCommand>(command: C, limits: Partial<Order["limits"]> = {}): CommandJob<C> => ({
    actionId,
    orderSeq: 1,
    index: command.index,
    command,
    limits: { ...DEFAULT_LIMITS, ...limits },
    earlier: [],
    secretEnv: null,
  });
  /** As a caller of the API encrypts them. */
  const secretEnv = (values: Record<string, string>): SecretEnv => ({
    key: announced.key,
    values: Object.entries(values).map(([name, value]) => ({
      name,
      sealed: sealSecret(machineId, announced.key, { name, value: Buffer.from(value) }) ?? "",
    })),
  });
  return {
    temporary: temporary.path,
    server,
    folder,
    deps,
    cgroupHome,
    job,
    secretEnv,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await temporary[Symbol.asyncDispose]();
    },
  };
}

function forEver(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
}
