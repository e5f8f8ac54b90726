import {
  ListedMachineWire,
  MachineDetailsWire,
  MachineSecretKeyWire,
  type MachineTagsRequest,
  MachineWire,
} from "../../api/index.ts";
import type { ListOptions } from "../odata.ts";
import type { CallOptions } from "../options.ts";
import type { ApiRequest, Transport } from "../transport/transport.ts";
import { listAll } from "./list-all.ts";

/**
 * Which machines `listMachineDetails` returns.
 *
 * @example
 * ```ts
 * const options: MachineDetailsOptions = { state: "retired", limit: 100 };
 * console.log((await client.listMachineDetails(options)).length);
 * ```
 */
export interface MachineDetailsOptions extends ListOptions {
  /** Default `inUse`. */
  state?: "inUse" | "retired" | "all" | undefined;
  /** Only machines that enrolled with the token of this id. */
  enrollmentTokenId?: string | undefined;
}

/**
 * Reads and changes machines.
 *
 * @example
 * ```ts
 * const machine = await client.getMachine("device-1");
 * await client.setMachineTag(machine.id, { Value: "case-4711", Action: "Add" });
 * const { key } = await client.getMachineSecretKey(machine.id);
 * console.log(key);
 * ```
 */
export interface MachineOperations {
  /** Without retired machines, as in the contract. */
  listMachines(options?: ListOptions): Promise<MachineWire[]>;
  /** ApiError 404 `ResourceNotFound` when there is none. */
  getMachine(machineId: string, options?: CallOptions): Promise<MachineWire>;
  setMachineTag(machineId: string, change: MachineTagsRequest, options?: CallOptions): Promise<MachineWire>;
  /** The methods below are Halligan's own. Another server does not have them. */
  listMachineDetails(options?: MachineDetailsOptions): Promise<ListedMachineWire[]>;
  getMachineDetails(machineId: string, options?: CallOptions): Promise<MachineDetailsWire>;
  /**
   * The key to which secrets for the machine are encrypted. ApiError 409 `SecretsNotSupported` when
   * its agent is too old. `sealSecrets` of `protocol/link-crypto` verifies it and encrypts.
   */
  getMachineSecretKey(machineId: string, options?: CallOptions): Promise<MachineSecretKeyWire>;
  /** Null restores the name that the device reports. */
  renameMachine(machineId: string, name: string | null, options?: CallOptions): Promise<MachineDetailsWire>;
  replaceMachineTags(machineId: string, tags: readonly string[], options?: CallOptions): Promise<MachineDetailsWire>;
  /** Repeating it changes nothing: the first reason stays. */
  retireMachine(machineId: string, reason: string, options?: CallOptions): Promise<MachineDetailsWire>;
  reinstateMachine(machineId: string, options?: CallOptions): Promise<MachineDetailsWire>;
  /** Repeating it changes nothing: the first reason stays. */
  quarantineMachine(machineId: string, reason: string, options?: CallOptions): Promise<MachineDetailsWire>;
  releaseMachine(machineId: string, options?: CallOptions): Promise<MachineDetailsWire>;
  /** 400 `BadRequest` for a machine that is not retired. */
  deleteMachine(machineId: string, options?: CallOptions): Promise<void>;
  setMachineDeviceGroup(machineId: string, groupId: number, options?: CallOptions): Promise<MachineWire>;
}

export function machineOperations(transport: Transport): MachineOperations {
  const changed = (method: ApiRequest["method"], path: string, json: unknown, { signal }: CallOptions = {}) =>
    transport.sendForJson({ method, path, ...(json !== undefined && { json }), signal }, MachineDetailsWire);
  return {
    listMachines: (options = {}) => listAll(transport, "/api/machines", MachineWire, options),
    getMachine: (machineId, { signal } = {}) =>
      transport.sendForJson(
        { method: "GET", path: `/api/machines/${encodeURIComponent(machineId)}`, signal },
        MachineWire,
      ),
    setMachineTag: (machineId, change, { signal } = {}) =>
      transport.sendForJson(
        { method: "POST", path: `/api/machines/${encodeURIComponent(machineId)}/tags`, json: change, signal },
        MachineWire,
      ),
    listMachineDetails({ state, enrollmentTokenId, ...options } = {}) {
      const own = {
        ...(state !== undefined && { state }),
        ...(enrollmentTokenId !== undefined && { enrollmentTokenId }),
      };
      return listAll(transport, MACHINES, ListedMachineWire, options, own);
    },
    getMachineDetails: (machineId, options) => changed("GET", machinePath(machineId), undefined, options),
    getMachineSecretKey: (machineId, { signal } = {}) =>
      transport.sendForJson(
        { method: "GET", path: `${machinePath(machineId)}/secret-key`, signal },
        MachineSecretKeyWire,
      ),
    renameMachine: (machineId, name, options) => changed("PUT", `${machinePath(machineId)}/name`, { name }, options),
    replaceMachineTags: (machineId, tags, options) =>
      changed("PUT", `${machinePath(machineId)}/tags`, { tags }, options),
    retireMachine: (machineId, reason, options) =>
      changed("POST", `${machinePath(machineId)}/retire`, { reason }, options),
    reinstateMachine: (machineId, options) =>
      changed("POST", `${machinePath(machineId)}/reinstate`, undefined, options),
    quarantineMachine: (machineId, reason, options) =>
      changed("POST", `${machinePath(machineId)}/quarantine`, { reason }, options),
    releaseMachine: (machineId, options) => changed("POST", `${machinePath(machineId)}/release`, undefined, options),
    async deleteMachine(machineId, { signal } = {}) {
      await (await transport.send({ method: "DELETE", path: machinePath(machineId), signal })).body?.cancel();
    },
    setMachineDeviceGroup: (machineId, groupId, { signal } = {}) =>
      transport.sendForJson(
        { method: "PUT", path: `${machinePath(machineId)}/device-group`, json: { groupId }, signal },
        MachineWire,
      ),
  };
}

const MACHINES = "/halligan/v1/machines";
const machinePath = (machineId: string): string => `${MACHINES}/${encodeURIComponent(machineId)}`;
