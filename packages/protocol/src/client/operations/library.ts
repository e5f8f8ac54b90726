import { Collection, LibraryFileVersionListWire, LibraryFileWire } from "../../api/index.ts";
import type { CallOptions } from "../options.ts";
import type { Transport } from "../transport/transport.ts";

/**
 * A file for the library.
 *
 * @example
 * ```ts
 * const request: PutLibraryFileRequest = {
 *   fileName: "triage.sh",
 *   content: () => new Blob(["#!/bin/sh\nuptime\n"]),
 *   override: true,
 *   description: "load and uptime",
 * };
 * console.log((await client.putLibraryFile(request)).sha256);
 * ```
 */
export interface PutLibraryFileRequest {
  fileName: string;
  /** Made anew for every attempt. A Blob tells its size up front; a stream goes out in chunks. */
  content: () => Blob | ReadableStream<Uint8Array>;
  /** Replace a file of that name. Without it, 400 `InvalidInput` with "already exists" in the message. Default false. */
  override?: boolean | undefined;
  /** Left out, a replaced file's description stays, and so does `parametersDescription`. */
  description?: string | undefined;
  /** What the script's parameters mean; also marks the file as having some. */
  parametersDescription?: string | undefined;
  /** Of the content, when it is known: other bytes that arrive are refused with 400 `InvalidInput`. */
  sha256?: string | undefined;
  /** Ids of the device groups whose machines may run it. Left out, those of a replaced file. */
  deviceGroups?: readonly number[] | "all" | undefined;
}

/**
 * The library of scripts and files. Needs the permission Library.Manage; to read the entry of one
 * file, Machine.LiveResponse is enough.
 *
 * @example
 * ```ts
 * for (const file of await client.listLibraryFiles()) console.log(file.fileName, file.sha256);
 * ```
 */
export interface LibraryOperations {
  listLibraryFiles(options?: CallOptions): Promise<LibraryFileWire[]>;
  /** What a name stands for now, through Halligan's own interface. ApiError 404 `ResourceNotFound` when there is none. */
  getLibraryFile(fileName: string, options?: CallOptions): Promise<LibraryFileWire>;
  /** Any size, streamed, through Halligan's own interface. */
  putLibraryFile(request: PutLibraryFileRequest, options?: CallOptions): Promise<LibraryFileWire>;
  deleteLibraryFile(fileName: string, options?: CallOptions): Promise<void>;
  /** Every upload of the name, newest first, replaced and removed ones too. */
  listLibraryFileVersions(fileName: string, options?: CallOptions): Promise<LibraryFileVersionListWire["value"]>;
  /**
   * The bytes as a stream that the caller reads or cancels: of the present version, or of the one
   * with `sha256`.
   */
  downloadLibraryFile(fileName: string, options?: CallOptions & { sha256?: string | undefined }): Promise<Response>;
}

export function libraryOperations(transport: Transport): LibraryOperations {
  return {
    async listLibraryFiles({ signal } = {}) {
      // The contract has no paging here, so no $top is sent.
      const request = { method: "GET", path: "/api/libraryfiles", signal } as const;
      return (await transport.sendForJson(request, Collection(LibraryFileWire))).value;
    },
    getLibraryFile: (fileName, { signal } = {}) =>
      transport.sendForJson(
        { method: "GET", path: `/halligan/v1/library/${encodeURIComponent(fileName)}`, signal },
        LibraryFileWire,
      ),
    putLibraryFile(request, { signal } = {}) {
      const query = new URLSearchParams({ override: String(request.override ?? false) });
      if (request.description !== undefined) query.set("description", request.description);
      if (request.parametersDescription !== undefined) {
        query.set("hasParameters", "true");
        query.set("parametersDescription", request.parametersDescription);
      }
      if (request.sha256 !== undefined) query.set("sha256", request.sha256);
      if (request.deviceGroups !== undefined) query.set("deviceGroups", String(request.deviceGroups));
      const path = `/halligan/v1/library/${encodeURIComponent(request.fileName)}?${query}`;
      return transport.sendForJson({ method: "PUT", path, content: request.content, signal }, LibraryFileWire);
    },
    async deleteLibraryFile(fileName, { signal } = {}) {
      const path = `/api/libraryfiles/${encodeURIComponent(fileName)}`;
      await (await transport.send({ method: "DELETE", path, signal })).body?.cancel();
    },
    async listLibraryFileVersions(fileName, { signal } = {}) {
      const path = `/halligan/v1/library/${encodeURIComponent(fileName)}/versions`;
      return (await transport.sendForJson({ method: "GET", path, signal }, LibraryFileVersionListWire)).value;
    },
    downloadLibraryFile(fileName, { sha256, signal } = {}) {
      const query = sha256 === undefined ? "" : `?${new URLSearchParams({ sha256 })}`;
      const path = `/halligan/v1/library/${encodeURIComponent(fileName)}/content${query}`;
      return transport.send({ method: "GET", path, accept: "application/octet-stream", signal });
    },
  };
}
