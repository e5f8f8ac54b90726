import type { Machine } from "../../domain/machines/machine.ts";
import { lastIpAddress } from "../../odata/entities/machine-record.ts";

/**
 * Columns of `machine` that copy values of `facts`, so that lists filter and sort by them in the
 * same way in both dialects. They are written with `facts` and read only by lists.
 */
export interface MachineListColumns {
  last_ip: string | null;
  os_platform: string;
  version: string | null;
  os_version: string | null;
  os_build: number | null;
  os_architecture: string;
  os_processor: string | null;
  agent_version: string;
}

export function machineListColumns({ facts }: Pick<Machine, "facts">): MachineListColumns {
  return {
    last_ip: lastIpAddress({ facts }),
    os_platform: facts.osPlatform,
    version: facts.version,
    os_version: facts.osVersion,
    os_build: facts.osBuild,
    os_architecture: facts.osArchitecture,
    os_processor: facts.osProcessor,
    agent_version: facts.agentVersion,
  };
}
