import {
  ActionEvidenceWire,
  ActionResultsWire,
  ActionTimingWire,
  ActionWithResultsWire,
  DownloadUrlWire,
  type MachineActionEvent,
  MachineActionWire,
  type RunLiveResponseRequest,
  StagedContentWire,
  type StartLiveResponseRequest,
} from "../../api/index.ts";
import type { ListOptions } from "../odata.ts";
import type { CallOptions, StartOptions } from "../options.ts";
import type { ClientClock } from "../transport/clock.ts";
import type { Transport } from "../transport/transport.ts";
import { type WatchOptions, watchMachineAction } from "./action-events.ts";
import { type ActionOutput, type WatchOutputOptions, watchActionOutput } from "./action-output.ts";
import { startAndWait, type WaitOptions, waitForEnd } from "./action-wait.ts";
import { listAll } from "./list-all.ts";

/**
 * Options of the download of a collected file.
 *
 * @example
 * ```ts
 * const actionId = "11111111-2222-3333-4444-555555555555";
 * const first = await client.downloadCommandFile(actionId, 0, { waitMs: 30_000 });
 * const transferId = first.headers.get("etag")?.replaceAll('"', "") ?? "";
 * const options: FileDownloadOptions = { resume: { fromBytes: 1_000, transferId } };
 * console.log((await client.downloadCommandFile(actionId, 0, options)).status);
 * ```
 */
export interface FileDownloadOptions extends CallOptions {
  /** Longest wait for the first byte, in milliseconds. The server can end it earlier. Default 0. */
  waitMs?: number;
  /** Goes on with a cut download. `transferId`: the ETag of its response, without quotes. */
  resume?: { fromBytes: number; transferId: string } | undefined;
}

/**
 * Options of the download of what a script wrote.
 *
 * @example
 * ```ts
 * const actionId = "11111111-2222-3333-4444-555555555555";
 * const options: CommandOutputOptions = { fromBytes: 1_000 };
 * const rest = await client.downloadCommandOutput(actionId, 0, "stdout", options);
 * console.log(rest.status, rest.headers.get("content-range"));
 * ```
 */
export interface CommandOutputOptions extends CallOptions {
  /** Bytes that are left out at the beginning, to go on with a cut download. Default 0. */
  fromBytes?: number;
}

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
  /**
   * 400 `ActiveRequestAlreadyExists` when the machine has an unfinished action; its id ends the
   * message.
   */
  runLiveResponse(
    machineId: string,
    request: RunLiveResponseRequest,
    options?: StartOptions,
  ): Promise<MachineActionWire>;
  /**
   * Like `runLiveResponse`, through Halligan's own interface. The request can pin the content of
   * each library file. 409 `LibraryFileChanged` when a pinned file has changed since.
   */
  startLiveResponse(
    machineId: string,
    request: StartLiveResponseRequest,
    options?: StartOptions,
  ): Promise<MachineActionWire>;
  /**
   * Like `startLiveResponse`, and waits for the end of the action. The action that it returns is
   * final, with its small transcripts in `results`, or the wait was over before: look at `status`,
   * and go on with `waitForMachineAction`. `onAccepted` has the id as soon as the action is
   * accepted, also when the connection breaks later. 403 `Forbidden` without a permission that
   * reads actions. Only Halligan has this.
   *
   * @example
   * ```ts
   * const request: StartLiveResponseRequest = {
   *   Commands: [{ type: "RunScript", params: [{ key: "ScriptName", value: "triage.sh" }] }],
   *   Comment: "case 4711",
   * };
   * const action = await client.startLiveResponseAndWait(machineId, request, { waitMs: 30_000 });
   * console.log(action.status, action.results?.[0]?.transcript.script_output);
   * ```
   */
  startLiveResponseAndWait(
    machineId: string,
    request: StartLiveResponseRequest,
    options: WaitOptions & StartOptions & { onAccepted?: (actionId: string) => void },
  ): Promise<ActionWithResultsWire>;
  /**
   * The action when it is final, or when the wait is over; `waitMs: 0` for its present state. A
   * final action has its small transcripts in `results`. 429 when too many requests wait. Only
   * Halligan has this.
   *
   * @example
   * ```ts
   * let action = await client.waitForMachineAction(actionId, { waitMs: 30_000 });
   * while (!FINAL_STATUSES.has(action.status)) {
   *   action = await client.waitForMachineAction(actionId, { waitMs: 30_000 });
   * }
   * for (const { transcript } of action.results ?? []) console.log(transcript.script_output);
   * ```
   */
  waitForMachineAction(actionId: string, options: WaitOptions): Promise<ActionWithResultsWire>;
  /**
   * Uploads bytes for `startLiveResponse`. Only actions of this caller can refer to them. A
   * repetition changes nothing.
   */
  stageContent(sha256: string, content: Blob, options?: CallOptions): Promise<StagedContentWire>;
  getMachineAction(actionId: string, options?: CallOptions): Promise<MachineActionWire>;
  /** How long each phase of the action took. Only Halligan has this; another server returns 404. */
  getMachineActionTiming(actionId: string, options?: CallOptions): Promise<ActionTimingWire>;
  /**
   * The size and the SHA-256 of each result, and how a file changed while it was collected. Only
   * Halligan has this.
   */
  getMachineActionResults(actionId: string, options?: CallOptions): Promise<ActionResultsWire>;
  /**
   * The bytes of the script that a RunScript runs or ran, as a stream that the caller reads or
   * cancels. `etag` is their SHA-256 in quotes. 404 `ResourceNotFound` when they are no longer
   * kept. Only Halligan has this.
   */
  downloadScript(actionId: string, commandIndex: number, options?: CallOptions): Promise<Response>;
  /**
   * The bytes that a RunScript wrote to one of its streams, as a stream that the caller reads or
   * cancels. 400 `BadRequest` while the command runs, 404 `OutputNotAvailable` when the agent of
   * the machine was older. Only Halligan has this.
   *
   * @example
   * ```ts
   * const response = await client.downloadCommandOutput(actionId, 0, "stdout");
   * if (response.body !== null) await writeFile("stdout.bin", response.body);
   * ```
   */
  downloadCommandOutput(
    actionId: string,
    commandIndex: number,
    stream: "stdout" | "stderr",
    options?: CommandOutputOptions,
  ): Promise<Response>;
  /** What the device signed about the end of each command. Only Halligan has this. */
  getMachineActionEvidence(actionId: string, options?: CallOptions): Promise<ActionEvidenceWire>;
  /**
   * The present state of the action, then each change until the final one. See
   * `watchMachineAction`. Only Halligan has this.
   */
  watchMachineAction(actionId: string, options?: WatchOptions): AsyncGenerator<MachineActionEvent>;
  /**
   * What the scripts of the action write, as it comes, and from their transcripts afterwards. A
   * watch whose connection breaks goes on by itself, without a byte twice or missing. Only Halligan
   * has this; another server returns 404.
   */
  watchActionOutput(actionId: string, options?: WatchOutputOptions): AsyncGenerator<ActionOutput>;
  /** Newest first unless `orderBy` sets another order. */
  listMachineActions(options?: ListOptions): Promise<MachineActionWire[]>;
  /** The same, with what each unfinished action waits for in `waiting`. Only Halligan has this. */
  listMachineActionDetails(options?: ListOptions): Promise<ActionWithResultsWire[]>;
  cancelMachineAction(actionId: string, comment: string, options?: CallOptions): Promise<MachineActionWire>;
  /**
   * The gzip of a collected file, also while the device still sends it. The body ends only after
   * the server has verified the whole; a body that breaks off is no whole file. Compare its SHA-256
   * with that of `getMachineActionResults`. 400 `BadRequest` while nothing has arrived, 409
   * `TransferChanged` when the device sends the file again. Only Halligan has this.
   *
   * @example
   * ```ts
   * const response = await client.downloadCommandFile(actionId, 0, { waitMs: 30_000 });
   * if (response.body !== null) await writeFile("result.gz", response.body);
   * ```
   */
  downloadCommandFile(actionId: string, commandIndex: number, options?: FileDownloadOptions): Promise<Response>;
  /**
   * A URL that grants access to one command's result without a token, for 30 minutes. 400
   * `BadRequest` while the command runs, 404 `ResourceNotFound` when it has no result.
   */
  getDownloadUrl(actionId: string, commandIndex: number, options?: CallOptions): Promise<string>;
}

export function machineActionOperations(transport: Transport, clock: ClientClock): MachineActionOperations {
  return {
    runLiveResponse: (machineId, request, { idempotencyKey, signal } = {}) =>
      transport.sendForJson(
        {
          method: "POST",
          path: `/api/machines/${encodeURIComponent(machineId)}/runliveresponse`,
          json: request,
          idempotencyKey,
          signal,
        },
        MachineActionWire,
      ),
    startLiveResponse: (machineId, request, { idempotencyKey, signal } = {}) =>
      transport.sendForJson(
        {
          method: "POST",
          path: `/halligan/v1/machines/${encodeURIComponent(machineId)}/actions`,
          json: request,
          idempotencyKey,
          signal,
        },
        MachineActionWire,
      ),
    startLiveResponseAndWait: (machineId, request, options) => startAndWait(transport, machineId, request, options),
    waitForMachineAction: (actionId, options) => waitForEnd(transport, actionId, options),
    stageContent: (sha256, content, { signal } = {}) =>
      transport.sendForJson(
        {
          method: "PUT",
          path: `/halligan/v1/content/${encodeURIComponent(sha256)}`,
          content: () => content,
          isRepeatable: true,
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
    downloadScript: (actionId, commandIndex, { signal } = {}) =>
      transport.send({
        method: "GET",
        path: `/halligan/v1/actions/${encodeURIComponent(actionId)}/commands/${commandIndex}/script`,
        accept: "application/octet-stream",
        signal,
      }),
    downloadCommandOutput: (actionId, commandIndex, stream, { fromBytes = 0, signal } = {}) =>
      transport.send({
        method: "GET",
        path: `/halligan/v1/actions/${encodeURIComponent(actionId)}/commands/${commandIndex}/output/${stream}`,
        accept: "application/octet-stream",
        fromBytes,
        signal,
      }),
    getMachineActionEvidence: (actionId, { signal } = {}) =>
      transport.sendForJson(
        { method: "GET", path: `/halligan/v1/actions/${encodeURIComponent(actionId)}/evidence`, signal },
        ActionEvidenceWire,
      ),
    watchMachineAction: (actionId, options) => watchMachineAction(transport, actionId, options),
    watchActionOutput: (actionId, options) => watchActionOutput(transport, clock, actionId, options),
    listMachineActions: (options = {}) => listAll(transport, "/api/machineactions", MachineActionWire, options),
    listMachineActionDetails: (options = {}) =>
      listAll(transport, "/halligan/v1/actions", ActionWithResultsWire, options),
    cancelMachineAction: (actionId, comment, { signal } = {}) =>
      transport.sendForJson(
        { method: "POST", path: `${actionPath(actionId)}/cancel`, json: { Comment: comment }, signal },
        MachineActionWire,
      ),
    downloadCommandFile: (actionId, commandIndex, { waitMs = 0, resume, signal } = {}) => {
      const query = new URLSearchParams({
        ...(waitMs > 0 && { wait: `${Math.round(waitMs)}ms` }),
        ...(resume && { from: String(resume.fromBytes), transfer: resume.transferId }),
      });
      const path = `/halligan/v1/actions/${encodeURIComponent(actionId)}/commands/${commandIndex}/file?${query}`;
      return transport.send({ method: "GET", path, accept: "application/gzip", waitMs, signal });
    },
    async getDownloadUrl(actionId, commandIndex, { signal } = {}) {
      const path = `${actionPath(actionId)}/GetLiveResponseResultDownloadLink(index=${commandIndex})`;
      return (await transport.sendForJson({ method: "GET", path, signal }, DownloadUrlWire)).value;
    },
  };
}

function actionPath(actionId: string): string {
  return `/api/machineactions/${encodeURIComponent(actionId)}`;
}
