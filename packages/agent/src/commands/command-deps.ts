import type { DataFolder } from "../disk/data-folder.ts";
import type { Cgroups } from "../process/cgroups.ts";
import type { TransferDeps } from "../transfer/server-request.ts";

/** What the commands need of the rest of the agent. */
export interface CommandDeps extends TransferDeps {
  folder: DataFolder;
  machineId: string;
  bootId: string;
  cgroups: Cgroups;
  /** The agent's own environment, which scripts inherit but for its secrets. */
  env: NodeJS.ProcessEnv;
}
