import { openAsBlob } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { LIBRARY_FILE_NAME, type LibraryFileWire } from "@halligan/protocol/api";
import type { HalliganClient } from "@halligan/protocol/client";
import { CliError, UsageError } from "../cli-error.ts";

export interface AddLocalFileRequest {
  path: string;
  currentFolder: string;
  /** Name in the library; default: the file's base name. */
  name?: string | undefined;
  override: boolean;
  description?: string | undefined;
  parametersDescription?: string | undefined;
  signal: AbortSignal;
}

/** Whether `path` names a file here. Other trouble than its absence is thrown. */
export async function isLocalFile(path: string, currentFolder: string): Promise<boolean> {
  const found = await stat(resolve(currentFolder, path)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return null;
    throw error;
  });
  return found?.isFile() ?? false;
}

/** Checked before anything is sent, so that a wrong name among several files leaves the library as it was. */
export function libraryNameOf(path: string, name: string | undefined): string {
  const chosen = name ?? basename(path);
  if (LIBRARY_FILE_NAME.test(chosen)) return chosen;
  throw new UsageError(
    `"${chosen}" cannot be a name in the library (letters, digits, "-", "_" and ".", at most 128). ` +
      `Choose one with: halligan library add --name NAME ${path}`,
  );
}

/** Streams a local file into the library. */
export async function addLocalFile(client: HalliganClient, request: AddLocalFileRequest): Promise<LibraryFileWire> {
  const { path, override, description, parametersDescription, signal } = request;
  const fileName = libraryNameOf(path, request.name);
  const fullPath = resolve(request.currentFolder, path);
  if (!(await isLocalFile(path, request.currentFolder))) {
    throw new CliError("localFile", "NoSuchFile", `There is no file ${path} here.`);
  }
  // Read while it is sent, as often as it has to be sent; its size is known, so the server can refuse it early.
  const blob = await openAsBlob(fullPath);
  return client.putLibraryFile(
    { fileName, content: () => blob, override, description, parametersDescription },
    { signal },
  );
}
