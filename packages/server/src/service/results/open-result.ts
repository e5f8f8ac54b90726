import { err, ok, type Result } from "@halligan/protocol/errors";
import type { DownloadUrlOrigin } from "../../auth/signatures/download-url.ts";
import type { DomainError } from "../../domain/errors.ts";
import type { ServiceContext } from "../context.ts";
import { downloadOf, resultOf } from "./create-download-url.ts";
import { accountOfUrl } from "./download-url-origin.ts";

/** The location of the bytes of a result, and the file name of the download. */
export interface OpenedResult {
  /** Of the link's maker: downloads are counted for it. */
  accountId: string;
  fileName: string;
  contentType: string;
  /** JSON that a device wrote; otherwise the gzip of a file. */
  isTranscript: boolean;
  sizeBytes: number;
  sha256: string;
  content: { kind: "bytes"; bytes: Uint8Array } | { kind: "blob"; resultId: string };
}

/** Called repeatedly while a download is running. */
export const isLinkStillGood = (
  { store }: Pick<ServiceContext, "store">,
  actionId: string,
  origin: DownloadUrlOrigin | null,
): Promise<boolean> => store.read(async (tx) => (await accountOfUrl(tx, actionId, origin)) !== null);

/**
 * The result for a signed link. The caller has checked the signature. The store is read each time,
 * so that a link ends with its action, with its maker, and when it is revoked.
 */
export async function openResult(
  { store }: ServiceContext,
  actionId: string,
  index: number,
  origin: DownloadUrlOrigin | null,
): Promise<Result<OpenedResult, DomainError>> {
  return store.read(async (tx) => {
    const action = await tx.actions.byId(actionId);
    if (!action) return err({ code: "MachineActionNotFound", actionId });
    const accountId = await accountOfUrl(tx, actionId, origin);
    if (accountId === null) return err({ code: "ResultLinkRevoked" });
    const result = resultOf(action, index);
    if (!result.ok) return result;
    const download = {
      accountId,
      ...downloadOf(action, index),
      isTranscript: action.commands[index]?.type === "RunScript",
    };
    if (result.value.kind === "blob") {
      const { resultId, sizeBytes, sha256 } = result.value;
      return ok({ ...download, sizeBytes, sha256, content: { kind: "blob", resultId } as const });
    }
    const bytes = await tx.results.inline(actionId, index);
    if (!bytes) throw new Error(`the transcript of action ${actionId}, command ${index} is not in the store`);
    return ok({
      ...download,
      sizeBytes: bytes.length,
      sha256: result.value.sha256,
      content: { kind: "bytes", bytes } as const,
    });
  });
}
