import { Collection, LibraryFileWire } from "../api/index.ts";
import type { CallOptions } from "./options.ts";
import type { Transport } from "./transport.ts";

export interface PutLibraryFileRequest {
  fileName: string;
  /** Made anew for every attempt. A Blob tells its size up front; a stream goes out in chunks. */
  content: () => Blob | ReadableStream<Uint8Array>;
  /** Replace a file of that name. Without it, 400 `InvalidInput` with "already exists" in the message. Default false. */
  override?: boolean | undefined;
  description?: string | undefined;
  /** What the script's parameters mean; also marks the file as having some. */
  parametersDescription?: string | undefined;
}

export interface LibraryOperations {
  listLibraryFiles(options?: CallOptions): Promise<LibraryFileWire[]>;
  /** Any size, streamed, through Halligan's own interface. */
  putLibraryFile(request: PutLibraryFileRequest, options?: CallOptions): Promise<LibraryFileWire>;
  deleteLibraryFile(fileName: string, options?: CallOptions): Promise<void>;
}

export function libraryOperations(transport: Transport): LibraryOperations {
  return {
    async listLibraryFiles({ signal } = {}) {
      // The contract has no paging here, so no $top is sent.
      const request = { method: "GET", path: "/api/libraryfiles", signal } as const;
      return (await transport.sendForJson(request, Collection(LibraryFileWire))).value;
    },
    putLibraryFile(request, { signal } = {}) {
      const query = new URLSearchParams({ override: String(request.override ?? false) });
      if (request.description !== undefined) query.set("description", request.description);
      if (request.parametersDescription !== undefined) {
        query.set("hasParameters", "true");
        query.set("parametersDescription", request.parametersDescription);
      }
      const path = `/halligan/v1/library/${encodeURIComponent(request.fileName)}?${query}`;
      return transport.sendForJson({ method: "PUT", path, content: request.content, signal }, LibraryFileWire);
    },
    async deleteLibraryFile(fileName, { signal } = {}) {
      const path = `/api/libraryfiles/${encodeURIComponent(fileName)}`;
      await (await transport.send({ method: "DELETE", path, signal })).body?.cancel();
    },
  };
}
