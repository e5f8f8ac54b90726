import { MachineWire } from "../api/index.ts";
import { listAll } from "./list-all.ts";
import type { ListOptions } from "./odata.ts";
import type { CallOptions } from "./options.ts";
import type { Transport } from "./transport.ts";

export interface MachineOperations {
  listMachines(options?: ListOptions): Promise<MachineWire[]>;
  /** ApiError 404 `ResourceNotFound` when there is none. */
  getMachine(machineId: string, options?: CallOptions): Promise<MachineWire>;
}

export function machineOperations(transport: Transport): MachineOperations {
  return {
    listMachines: (options = {}) => listAll(transport, "/api/machines", MachineWire, options),
    getMachine: (machineId, { signal } = {}) =>
      transport.sendForJson(
        { method: "GET", path: `/api/machines/${encodeURIComponent(machineId)}`, signal },
        MachineWire,
      ),
  };
}
