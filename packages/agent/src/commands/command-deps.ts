import type { DeviceSecretKey } from "../core/order-secrets.ts";
import type { DataFolder } from "../disk/data-folder.ts";
import type { Cgroups } from "../process/cgroups/cgroups.ts";
import type { KeptProcesses } from "../process/kept-processes.ts";
import type { RunAsFeature } from "../process/run-as/change-user.ts";
import type { ScriptPipes } from "../process/script-pipes.ts";
import type { TransferDeps } from "../transfer/server-request.ts";
import type { KeptScripts } from "./kept-scripts.ts";
import type { LiveSpools } from "./output/live-spools.ts";
import type { Environment } from "./script-environment.ts";

/** What the commands need from the rest of the agent. */
export interface CommandDeps extends TransferDeps {
  folder: DataFolder;
  machineId: string;
  bootId: string;
  cgroups: Cgroups;
  keptScripts: KeptScripts;
  liveSpools: LiveSpools;
  keptProcesses: KeptProcesses;
  scriptPipes: ScriptPipes;
  /** Result of `takeScriptSettings`. */
  inheritsSettings: boolean;
  /** Result of `runAsFeature`. */
  runAs: RunAsFeature | null;
  /** The environment of every script (`baseEnvironment`). */
  environment: Environment;
  /** Null when this agent takes no secrets. */
  secretKey: DeviceSecretKey | null;
}
