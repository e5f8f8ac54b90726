import { err, ok, type Result } from "@halligan/protocol/errors";
import type { Caller } from "../../auth/caller.ts";
import type { FollowedBlob } from "../../blobs/blob-store.ts";
import type { MachineAction } from "../../domain/actions/machine-action.ts";
import type { DomainError } from "../../domain/errors.ts";
import { uploadRefusal } from "../../domain/results/result-space.ts";
import { ActionWatch } from "../actions/watch/watch-action.ts";
import type { ServiceContext } from "../context.ts";
import { events } from "../events.ts";
import { actionInScope } from "../machine-scope.ts";
import { downloadOf, resultOf } from "../results/create-download-url.ts";
import { DownloadWatch } from "../results/download-watch.ts";

export interface FollowRequest {
  readonly actionId: string;
  readonly index: number;
  /** Offset of the first byte that the caller wants. */
  readonly fromBytes: number;
  /** The transfer to which the bytes before `fromBytes` belonged; null when there are none. */
  readonly transferId: string | null;
  /** Longest wait for the first byte. */
  readonly waitMs: number;
  readonly rereadIntervalMs: number;
  readonly isStillAdmitted: () => Promise<boolean>;
}

/** A collected file, complete or still arriving. */
export interface FollowedFile {
  /** Differs when the device sends the file again from its start. */
  readonly transferId: string;
  readonly fileName: string;
  readonly contentType: string;
  /** What is left from the offset on; null while the file is arriving. */
  readonly lengthBytes: number | null;
  readonly content: FollowedBlob;
  /** Aborted when the download is no longer allowed, or the rest will not come. */
  readonly watch: Disposable & { readonly signal: AbortSignal };
}

type Of = Pick<FollowRequest, "actionId" | "index" | "isStillAdmitted">;

/**
 * `GET /halligan/v1/actions/{id}/commands/{index}/file`: the bytes of a GetFile from the first
 * stored part on. Object storage does not show the parts of an upload; there the file begins when
 * it is complete. `signal`: the caller went away.
 */
export async function followResult(
  context: ServiceContext,
  caller: Caller,
  request: FollowRequest,
  signal: AbortSignal,
): Promise<Result<FollowedFile, DomainError>> {
  const { clock, resultSpace } = context;
  const { actionId, index, waitMs } = request;
  const endsAtMs = clock.monotonicMs() + waitMs;
  const opened = await ActionWatch.open(context, caller, actionId, request);
  if (!opened.ok) return opened;
  using watch = opened.value;
  for (;;) {
    const begun = new AbortController();
    using subscription = new DisposableStack();
    // Before the store is read, so that no start is missed.
    subscription.defer(resultSpace.starts.onStart(actionId.toLowerCase(), index, () => begun.abort()));
    const woken = AbortSignal.any([signal, begun.signal]);
    const found = await find(context, caller, request);
    if (!found.ok) return found;
    const file = await open(context, caller, request, found.value, endsAtMs, woken);
    if (file !== null) {
      if (file.ok) await recordDownload(context, caller, found.value.action, index);
      return file;
    }
    const next = () => watch.next(Math.max(0, endsAtMs - clock.monotonicMs()), woken);
    let step = await next();
    // Bytes that have arrived are not yet durable; the start of an upload is signalled above.
    while (step.kind === "transfers") step = await next();
    if (begun.signal.aborted && !signal.aborted) continue;
    if (step.kind === "over" || step.kind === "quiet") return err({ code: "ResultNotReady", actionId, index });
  }
}

interface Found {
  readonly action: MachineAction;
  /** The result of the command, or its newest upload; null when there is neither. */
  readonly source:
    | { readonly kind: "complete"; readonly resultId: string; readonly sizeBytes: number; readonly sha256: string }
    | { readonly kind: "arriving"; readonly resultId: string }
    | null;
}

/** The state in the store. An error when the command has no file, and will have none. */
async function find(
  context: Pick<ServiceContext, "store" | "clock">,
  caller: Caller,
  { actionId, index }: Pick<FollowRequest, "actionId" | "index">,
): Promise<Result<Found, DomainError>> {
  return context.store.read(async (tx): Promise<Result<Found, DomainError>> => {
    const action = await actionInScope(tx, caller, actionId);
    if (!action) return err({ code: "MachineActionNotFound", actionId });
    const never = (detail: string) => err({ code: "ResultNotFound", actionId, index, detail } as const);
    const result = resultOf(action, index);
    if (action.commands[index]?.type === "RunScript") {
      return err({ code: "InvalidInput", detail: "only a GetFile command has a file" });
    }
    if (result.ok) {
      if (result.value.kind !== "blob") return never("the result is no file");
      return ok({ action, source: { ...result.value, kind: "complete" } });
    }
    if (result.error.code !== "ResultNotReady") return result;
    const refusal = uploadRefusal(action, index, context.clock.nowMs());
    if (refusal !== null) return never(refusal);
    const newest = (await tx.resultSpace.ofCommand(action.id, index)).at(-1);
    return ok({ action, source: newest ? { kind: "arriving", resultId: newest.resultId } : null });
  });
}

/** Null when there is no byte to send yet. */
async function open(
  context: ServiceContext,
  caller: Caller,
  request: FollowRequest,
  { action, source }: Found,
  endsAtMs: number,
  signal: AbortSignal,
): Promise<Result<FollowedFile, DomainError> | null> {
  if (source === null) return null;
  const { blobs, clock } = context;
  const { actionId, index, fromBytes, rereadIntervalMs } = request;
  const transferId = transferIdOf(source.resultId);
  if (request.transferId !== null && request.transferId !== transferId)
    return err({ code: "TransferChanged", actionId, index });
  using held = new DisposableStack();
  const isAllowed = () => isStillArriving(context, caller, request, source.resultId);
  const watch = held.use(new DownloadWatch(context, action.id, rereadIntervalMs, isAllowed));
  const file = { transferId, ...downloadOf(action, index), watch };
  if (source.kind === "complete") {
    const { sizeBytes } = source;
    if (fromBytes > sizeBytes) return err({ code: "InvalidInput", detail: `the file has ${sizeBytes} bytes` });
    const range = fromBytes === 0 || fromBytes === sizeBytes ? undefined : { start: fromBytes, end: sizeBytes - 1 };
    const content = await blobs.openResult(source, range);
    if (content === null) return err({ code: "ResultNotFound", actionId, index, detail: "its bytes are gone" });
    held.move();
    return ok({ ...file, lengthBytes: sizeBytes - fromBytes, content });
  }
  const late = new AbortController();
  held.defer(clock.after(Math.max(0, endsAtMs - clock.monotonicMs()), () => late.abort()));
  const ended = AbortSignal.any([signal, watch.signal, late.signal]);
  const content = await blobs.followResult?.(source.resultId, fromBytes, ended);
  if (!content) return null;
  held.move();
  return ok({ ...file, lengthBytes: null, content });
}

/**
 * The id of a result is the name of an object, which no caller needs. The same transfer has the
 * same text on every node.
 */
const transferIdOf = (resultId: string): string => resultId.slice(0, 32);

/** Called repeatedly while the file is sent. */
async function isStillArriving(
  context: Pick<ServiceContext, "store" | "clock">,
  caller: Caller,
  of: Of,
  resultId: string,
): Promise<boolean> {
  if (!(await of.isStillAdmitted())) return false;
  const found = await find(context, caller, of);
  return found.ok && found.value.source?.resultId === resultId;
}

async function recordDownload(
  { store, clock }: ServiceContext,
  caller: Caller,
  action: MachineAction,
  index: number,
): Promise<void> {
  await store.write((tx) => events.resultLinkCreated(tx, caller, action, index, clock.nowMs(), { isDownload: true }));
}
