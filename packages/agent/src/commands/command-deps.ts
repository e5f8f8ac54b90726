import type { DataFolder } from "../disk/data-folder.ts";
import type { Cgroups } from "../process/cgroups.ts";
import type { TransferDeps } from "../transfer/server-request.ts";
import type { KeptScripts } from "./kept-scripts.ts";

/** What the commands need of the rest of the agent. */
export interface CommandDeps extends TransferDeps {
  folder: DataFolder;
  machineId: string;
  bootId: string;
  cgroups: Cgroups;
  keptScripts: KeptScripts;
  /** The agent's own environment, which scripts inherit but for its secrets. */
  env: NodeJS.ProcessEnv;
}
