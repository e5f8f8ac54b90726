import { archiveFileName } from "@halligan/protocol/api";
import { err, ok, type Result } from "@halligan/protocol/errors";
import type { Caller } from "../../auth/caller.ts";
import { signDownloadUrl } from "../../auth/signatures/download-url.ts";
import { devicePathOf } from "../../domain/actions/collection/requested-collection.ts";
import { collectedFileName, isEnded, type StoredResult } from "../../domain/actions/command.ts";
import { isFinal, type MachineAction } from "../../domain/actions/machine-action.ts";
import type { DomainError } from "../../domain/errors.ts";
import type { ServiceContext } from "../context.ts";
import { events } from "../events.ts";
import { actionInScope } from "../machine-scope.ts";
import { originOfUrl } from "./download-url-origin.ts";

/**
 * `GET /api/machineactions/{id}/GetLiveResponseResultDownloadLink(index=N)`: a signed link, valid
 * for 30 minutes by default. 400 while the result may still arrive (one client polls for that), 404
 * when it never will.
 */
export async function createDownloadUrl(
  { store, blobs, clock, keys, publicUrl, limits, resultLinks }: ServiceContext,
  caller: Caller,
  actionId: string,
  index: number,
): Promise<Result<string, DomainError>> {
  const nowMs = clock.nowMs();
  const found = await store.read((tx) => actionInScope(tx, caller, actionId));
  if (!found) return err({ code: "MachineActionNotFound", actionId });
  const result = resultOf(found, index);
  if (!result.ok) return result;
  const origin = await store.write(async (tx) => {
    await events.resultLinkCreated(tx, caller, found, index, nowMs);
    return originOfUrl(tx, caller, found.id);
  });
  const expiresAtMs = nowMs + limits.resultLinkLifetimeMs;
  if (resultLinks === "direct" && result.value.kind === "blob") {
    const link = { ...downloadOf(found, index), expiresAtMs };
    const url = await blobs.directLink?.(result.value, link);
    if (url) return ok(url.href);
  }
  return ok(
    signDownloadUrl({ publicUrl, actionId: found.id, index, expiresAtMs, key: keys.resultLink.signing, ...origin }),
  );
}

/** File name and content type of a download: the gzip of a file or archive, or a transcript. */
export function downloadOf(action: MachineAction, index: number): { fileName: string; contentType: string } {
  const command = action.commands[index];
  if (command?.type !== "GetFile") {
    return { fileName: `output_${action.id}_${index}.json`, contentType: "application/json; charset=utf-8" };
  }
  const { path } = devicePathOf(command);
  const fileName = command.archive ? archiveFileName(path, command.archive.kind) : collectedFileName(path);
  return { fileName, contentType: "application/gzip" };
}

/** A result with bytes on this server. */
export type KeptResult = Exclude<StoredResult, { kind: "expired" }>;

/** The result of one command, or the reason why there is none (yet). */
export function resultOf(action: MachineAction, index: number): Result<KeptResult, DomainError> {
  const command = action.commands[index];
  const never = (detail: string) => err({ code: "ResultNotFound", actionId: action.id, index, detail } as const);
  if (!command) return never(`the action has ${action.commands.length} command(s), numbered from 0`);
  if (command.result?.kind === "expired") return never("the time for which results are kept is over");
  if (command.result) return ok(command.result);
  if (command.type === "PutFile") return never("a PutFile command has no result");
  if (isEnded(command)) return never("the command ended without a result");
  if (isFinal(action.status) && action.order?.state !== "out") return never("the command was not run");
  return err({ code: "ResultNotReady", actionId: action.id, index });
}
