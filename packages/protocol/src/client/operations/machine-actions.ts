import {
  ActionEvidenceWire,
  ActionResultsWire,
  ActionTimingWire,
  type MachineActionEvent,
  MachineActionWire,
  ResultLinkWire,
  type RunLiveResponseRequest,
  StagedContentWire,
  type StartLiveResponseRequest,
} from "../../api/index.ts";
import type { ListOptions } from "../odata.ts";
import type { CallOptions } from "../options.ts";
import type { Transport } from "../transport/transport.ts";
import { watchMachineAction } from "./action-events.ts";
import { listAll } from "./list-all.ts";

/**
 * Starts, reads, watches and cancels machine actions.
 *
 * @example
 * ```ts
 * const running = await client.listMachineActions({ filter: "status eq 'InProgress'" });
 * for (const action of running) await client.cancelMachineAction(action.id, "end of the exercise");
 * ```
 */
export interface MachineActionOperations {
  /** 400 `ActiveRequestAlreadyExists` when the machine has an unfinished action; its id ends the message. */
  runLiveResponse(
    machineId: string,
    request: RunLiveResponseRequest,
    options?: CallOptions,
  ): Promise<MachineActionWire>;
  /**
   * The same through Halligan's own interface, which takes the bytes that the caller means beside their names. 409
   * `LibraryFileChanged` when a pinned library file is another one by now.
   */
  startLiveResponse(
    machineId: string,
    request: StartLiveResponseRequest,
    options?: CallOptions,
  ): Promise<MachineActionWire>;
  /** Uploads bytes for `startLiveResponse`; only this caller's actions may refer to them. Repeating it is fine. */
  stageContent(sha256: string, content: Blob, options?: CallOptions): Promise<StagedContentWire>;
  getMachineAction(actionId: string, options?: CallOptions): Promise<MachineActionWire>;
  /** Where its time went. A server other than Halligan has no such thing: 404. */
  getMachineActionTiming(actionId: string, options?: CallOptions): Promise<ActionTimingWire>;
  /** Size, SHA-256 and, of a file that changed while it was collected, how. Halligan's own. */
  getMachineActionResults(actionId: string, options?: CallOptions): Promise<ActionResultsWire>;
  /** What the device signed about the end of each command. Halligan's own. */
  getMachineActionEvidence(actionId: string, options?: CallOptions): Promise<ActionEvidenceWire>;
  /** Its state now, then each change until the final one; see `watchMachineAction`. A server other than Halligan has no such thing. */
  watchMachineAction(actionId: string, options?: CallOptions): AsyncGenerator<MachineActionEvent>;
  /** Newest first unless `orderBy` says otherwise. */
  listMachineActions(options?: ListOptions): Promise<MachineActionWire[]>;
  cancelMachineAction(actionId: string, comment: string, options?: CallOptions): Promise<MachineActionWire>;
  /**
   * An address that grants access to one command's result by itself, for 30 minutes. 400 `BadRequest` while the command
   * runs, 404 `ResourceNotFound` when there will never be one.
   */
  getResultLink(actionId: string, commandIndex: number, options?: CallOptions): Promise<string>;
}

export function machineActionOperations(transport: Transport): MachineActionOperations {
  return {
    runLiveResponse: (machineId, request, { signal } = {}) =>
      transport.sendForJson(
        {
          method: "POST",
          path: `/api/machines/${encodeURIComponent(machineId)}/runliveresponse`,
          json: request,
          signal,
        },
        MachineActionWire,
      ),
    startLiveResponse: (machineId, request, { signal } = {}) =>
      transport.sendForJson(
        {
          method: "POST",
          path: `/halligan/v1/machines/${encodeURIComponent(machineId)}/actions`,
          json: request,
          signal,
        },
        MachineActionWire,
      ),
    stageContent: (sha256, content, { signal } = {}) =>
      transport.sendForJson(
        {
          method: "PUT",
          path: `/halligan/v1/content/${encodeURIComponent(sha256)}`,
          content: () => content,
          signal,
        },
        StagedContentWire,
      ),
    getMachineAction: (actionId, { signal } = {}) =>
      transport.sendForJson({ method: "GET", path: actionPath(actionId), signal }, MachineActionWire),
    getMachineActionTiming: (actionId, { signal } = {}) =>
      transport.sendForJson(
        { method: "GET", path: `/halligan/v1/actions/${encodeURIComponent(actionId)}/timing`, signal },
        ActionTimingWire,
      ),
    getMachineActionResults: (actionId, { signal } = {}) =>
      transport.sendForJson(
        { method: "GET", path: `/halligan/v1/actions/${encodeURIComponent(actionId)}/results`, signal },
        ActionResultsWire,
      ),
    getMachineActionEvidence: (actionId, { signal } = {}) =>
      transport.sendForJson(
        { method: "GET", path: `/halligan/v1/actions/${encodeURIComponent(actionId)}/evidence`, signal },
        ActionEvidenceWire,
      ),
    watchMachineAction: (actionId, options) => watchMachineAction(transport, actionId, options),
    listMachineActions: (options = {}) => listAll(transport, "/api/machineactions", MachineActionWire, options),
    cancelMachineAction: (actionId, comment, { signal } = {}) =>
      transport.sendForJson(
        { method: "POST", path: `${actionPath(actionId)}/cancel`, json: { Comment: comment }, signal },
        MachineActionWire,
      ),
    async getResultLink(actionId, commandIndex, { signal } = {}) {
      const path = `${actionPath(actionId)}/GetLiveResponseResultDownloadLink(index=${commandIndex})`;
      return (await transport.sendForJson({ method: "GET", path, signal }, ResultLinkWire)).value;
    },
  };
}

function actionPath(actionId: string): string {
  return `/api/machineactions/${encodeURIComponent(actionId)}`;
}
