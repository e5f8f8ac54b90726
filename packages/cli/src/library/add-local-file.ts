import { basename } from "node:path";
import { fileNameFault, type LibraryFileWire } from "@halligan/protocol/api";
import { ApiError, type HalliganClient } from "@halligan/protocol/client";
import { CliError, UsageError } from "../errors/cli-error.ts";
import { changedWhileRead, isChangedFile, readLocalFile } from "./local-file.ts";

export interface AddLocalFileRequest {
  path: string;
  currentFolder: string;
  /** Name in the library; default: the file's base name. */
  name?: string | undefined;
  override: boolean;
  /** Left out, that of a replaced file stays. */
  description?: string | undefined;
  parametersDescription?: string | undefined;
  /** Left out, those of a replaced file stay. */
  deviceGroups?: readonly number[] | "all" | undefined;
  signal: AbortSignal;
}

/**
 * Checked before anything is sent, so that a wrong name among several files leaves the library as
 * it was.
 */
export function libraryNameOf(path: string, name: string | undefined): string {
  const chosen = name ?? basename(path);
  const fault = fileNameFault(chosen);
  if (fault === null) return chosen;
  throw new UsageError(
    `${JSON.stringify(chosen)} cannot be a name in the library: it ${fault}. ` +
      `Choose one with: halligan library add --name NAME ${path}`,
  );
}

/** With `library rollback` and `library remove`, all that changes what a library name means. */
export async function addLocalFile(client: HalliganClient, request: AddLocalFileRequest): Promise<LibraryFileWire> {
  const { path, override, description, parametersDescription, deviceGroups, signal } = request;
  const fileName = libraryNameOf(path, request.name);
  const { content, sha256 } = await readLocalFile(path, request.currentFolder, signal);
  try {
    return await client.putLibraryFile(
      { fileName, content: () => content, sha256, override, description, parametersDescription, deviceGroups },
      { signal },
    );
  } catch (error) {
    if (isChangedFile(error)) throw changedWhileRead(path);
    if (override || !(error instanceof ApiError) || !error.message.includes("already exists")) throw error;
    throw await alreadyThere(client, fileName, signal, error);
  }
}

async function alreadyThere(
  client: HalliganClient,
  fileName: string,
  signal: AbortSignal,
  cause: ApiError,
): Promise<CliError> {
  const { sha256, createdBy, lastUpdatedTime } = await client.getLibraryFile(fileName, { signal });
  const what = `SHA-256 ${sha256}, by ${createdBy}, updated ${lastUpdatedTime}`;
  const message = `The library has a file named ${fileName} (${what}). Replace it with --force, or choose another --name.`;
  return new CliError("refused", cause.code, message, { cause });
}
