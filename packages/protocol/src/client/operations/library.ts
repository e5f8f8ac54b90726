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
  /**
   * Called once for every attempt, also when the upload is repeated after a lost connection, which
   * needs `override`. A Blob states its size in advance; a stream is sent in chunks.
   */
  content: () => Blob | ReadableStream<Uint8Array>;
  /**
   * Replace a file of that name. Without it, 400 `InvalidInput` with "already exists" in the
   * message. Default false.
   */
  override?: boolean | undefined;
  /**
   * When omitted, the description of a replaced file stays. The same holds for
   * `parametersDescription`.
   */
  description?: string | undefined;
  /** What the script's parameters mean. It also marks the file as a script with parameters. */
  parametersDescription?: string | undefined;
  /**
   * SHA-256 of the content, when it is known. If other bytes arrive, the server refuses them with
   * 400 `InvalidInput`.
   */
  sha256?: string | undefined;
  /**
   * Ids of the device groups whose machines may run the file. When omitted, a replaced file keeps
   * its groups.
   */
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
  /**
   * The present content of a name, through Halligan's own interface. ApiError 404
   * `ResourceNotFound` when there is none.
   */
  getLibraryFile(fileName: string, options?: CallOptions): Promise<LibraryFileWire>;
  /** Uploads a file of any size as a stream, through Halligan's own interface. */
  putLibraryFile(request: PutLibraryFileRequest, options?: CallOptions): Promise<LibraryFileWire>;
  deleteLibraryFile(fileName: string, options?: CallOptions): Promise<void>;
  /** Every upload of the name, newest first, including replaced and removed ones. */
  listLibraryFileVersions(fileName: string, options?: CallOptions): Promise<LibraryFileVersionListWire["value"]>;
  /**
   * The bytes as a stream that the caller reads or cancels. They are those of the present version,
   * or of the version with `sha256`.
   */
  downloadLibraryFile(fileName: string, options?: CallOptions & { sha256?: string | undefined }): Promise<Response>;
}

export function libraryOperations(transport: Transport): LibraryOperations {
  return {
    async listLibraryFiles({ signal } = {}) {
      // The contract has no paging for this list, so the client sends no $top.
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
      // With `override` the same bytes get the name again. Without it the repeated upload would be
      // refused because of the first one.
      const isRepeatable = request.override === true;
      return transport.sendForJson(
        { method: "PUT", path, content: request.content, isRepeatable, signal },
        LibraryFileWire,
      );
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
