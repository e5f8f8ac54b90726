import { err, ok, type Result } from "@halligan/protocol/errors";
import type { OutputStream, StreamCounts } from "@halligan/protocol/link";
import type { Caller } from "../../../auth/caller.ts";
import type { ByteRange } from "../../../blobs/blob-store.ts";
import type { MachineAction } from "../../../domain/actions/machine-action.ts";
import type { DomainError } from "../../../domain/errors.ts";
import type { ServiceContext } from "../../context.ts";
import { events } from "../../events.ts";
import { actionInScope } from "../../machine-scope.ts";
import { resultOf } from "../../results/create-download-url.ts";
import { DownloadWatch } from "../../results/download-watch.ts";
import { openTranscriptOf } from "./open-transcript.ts";
import { streamBytes } from "./stored-output.ts";

export interface OutputRequest {
  readonly actionId: string;
  readonly index: number;
  readonly stream: OutputStream;
  readonly rereadIntervalMs: number;
  readonly isStillAdmitted: () => Promise<boolean>;
}

/** One stream of a script that has ended. */
export interface CommandOutput {
  readonly fileName: string;
  readonly sizeBytes: number;
  /** The same text for the same bytes: they are derived from the transcript with this SHA-256. */
  readonly version: string;
  /** `signal`: nothing more is wanted. */
  readonly open: (signal: AbortSignal, range?: ByteRange) => AsyncIterable<Buffer>;
  readonly watch: () => DownloadWatch;
}

/**
 * `GET /halligan/v1/actions/{id}/commands/{index}/output/{stream}`: the bytes that a script wrote.
 * They are kept in its transcript (docs/decisions/0054-output-as-it-was.md), so they are there as
 * long as it is.
 */
export async function openCommandOutput(
  context: ServiceContext,
  caller: Caller,
  request: OutputRequest,
): Promise<Result<CommandOutput, DomainError>> {
  const { store, clock } = context;
  const found = await store.read((tx) => actionInScope(tx, caller, request.actionId));
  if (!found) return err({ code: "MachineActionNotFound", actionId: request.actionId });
  const counted = countsOf(found, request);
  if (!counted.ok) return counted;
  const { index, stream } = request;
  await store.write((tx) =>
    events.resultLinkCreated(tx, caller, found, index, clock.nowMs(), { isDownload: true, stream }),
  );
  const { counts, sha256 } = counted.value;
  const isAllowed = async () =>
    (await request.isStillAdmitted()) &&
    (await store.read(async (tx) => {
      const action = await actionInScope(tx, caller, found.id);
      return action !== undefined && countsOf(action, request).ok;
    }));
  return ok({
    fileName: `output_${found.id}_${index}.${stream}`,
    sizeBytes: counts.bytes,
    version: `${sha256}-${stream}`,
    open: (signal, range = { start: 0, end: counts.bytes - 1 }) =>
      streamBytes(openTranscriptOf(context, found, index, signal), stream, counts, range),
    watch: () => new DownloadWatch(context, found.id, request.rereadIntervalMs, isAllowed),
  });
}

function countsOf(
  action: MachineAction,
  { index, stream }: Pick<OutputRequest, "index" | "stream">,
): Result<{ counts: StreamCounts; sha256: string }, DomainError> {
  const { id: actionId } = action;
  const type = action.commands[index]?.type;
  if (type !== undefined && type !== "RunScript")
    return err({ code: "ResultNotFound", actionId, index, detail: "only a RunScript command has output" });
  const result = resultOf(action, index);
  if (!result.ok) return result;
  const { output, sha256 } = result.value;
  return output ? ok({ counts: output[stream], sha256 }) : err({ code: "OutputNotCounted", actionId, index });
}
