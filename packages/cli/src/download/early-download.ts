import { createHash } from "node:crypto";
import { type HalliganClient, UnexpectedResponseError } from "@halligan/protocol/client";
import { CliError } from "../errors/cli-error.ts";
import { arrivingBytes } from "./arriving-bytes.ts";
import { type DownloadedFile, type Unpacked, unpack } from "./download-file.ts";
import type { Target } from "./target.ts";
import { writeNewFile } from "./write-new-file.ts";

export interface EarlyDownloadOptions {
  actionId: string;
  commandIndex: number;
  target: Target;
  /** A `.tar.gz`, which is saved as it comes. */
  isArchive: boolean;
  maxSizeBytes: number;
  signal: AbortSignal;
}

/** The download of a GetFile that begins before its action has ended. */
export interface EarlyDownload extends AsyncDisposable {
  /**
   * Called after the command has completed. The file has its name when the result is not null. Null
   * when it has to be downloaded in the usual way: the server is older, or the download failed.
   */
  finish(): Promise<DownloadedFile | null>;
}

/**
 * Writes the file under a temporary name while it arrives. It gets its name when the SHA-256 of
 * what arrived is the one in the action's results. Null for a target that shows bytes at once.
 */
export function beginDownload(
  client: HalliganClient,
  { actionId, commandIndex, target, isArchive, maxSizeBytes, signal }: EarlyDownloadOptions,
): EarlyDownload | null {
  if (target.kind === "stdout" || target.path === null) return null;
  const { path, mayReplace } = target;
  const stop = new AbortController();
  const stopped = AbortSignal.any([signal, stop.signal]);
  const expected = Promise.withResolvers<string>();
  // Awaited only by a download that has all bytes.
  expected.promise.catch(() => undefined);

  const download = async (): Promise<DownloadedFile> => {
    const packed = createHash("sha256");
    let counted: Unpacked = { sizeBytes: 0, sha256: "" };
    await writeNewFile(path, mayReplace, async (write) => {
      const hashed = async function* () {
        for await (const chunk of arrivingBytes(client, actionId, commandIndex, stopped)) {
          packed.update(chunk);
          yield chunk;
        }
      };
      counted = await unpack(hashed(), { isArchive, maxSizeBytes, onChunk: () => undefined, signal: stopped }, write);
      if (packed.digest("hex") !== (await expected.promise)) {
        throw new UnexpectedResponseError("The file that arrived has another SHA-256 than the result");
      }
    });
    return { savedAs: path, ...counted };
  };
  const running = download().then(
    (file) => ({ kind: "saved" as const, file }),
    (error: unknown) => ({ kind: "failed" as const, error }),
  );
  const cancel = async () => {
    stop.abort();
    expected.reject(new Error("the download was given up"));
    await running;
  };

  return {
    async finish() {
      try {
        const { value } = await client.getMachineActionResults(actionId, { signal });
        const result = value.find(({ index }) => index === commandIndex);
        if (result === undefined) return null;
        expected.resolve(result.sha256);
      } catch {
        signal.throwIfAborted();
        await cancel();
        return null;
      }
      const ended = await running;
      if (ended.kind === "saved") return ended.file;
      signal.throwIfAborted();
      // Of the local file: the usual way would fail with the same.
      if (ended.error instanceof CliError) throw ended.error;
      return null;
    },
    [Symbol.asyncDispose]: cancel,
  };
}
