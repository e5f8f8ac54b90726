import { LIBRARY_FILE_NAME } from "@halligan/protocol/api";
import { ApiError, type HalliganClient } from "@halligan/protocol/client";
import { CliError } from "../cli-error.ts";
import type { CommandContext } from "../command.ts";
import { didYouMean } from "../suggest.ts";
import { addLocalFile, isLocalFile } from "./add-local-file.ts";

/**
 * The library name for a SCRIPT that a person typed. With a slash it is a local file, which is added (override). Without
 * one the library comes first, so that a stray file in the current folder never replaces a shared script unasked.
 */
export async function placeScript(context: CommandContext, client: HalliganClient, typed: string): Promise<string> {
  if (hasSlash(typed)) return addAndSay(context, client, typed);
  const names = await libraryNames(client, context.signal);
  const isLocal = await isLocalFile(typed, context.env.currentFolder);
  if (names === null || names.includes(typed)) {
    if (isLocal) context.note(`Using ${typed} of the library; for the local file write ./${typed}`);
    return typed;
  }
  if (isLocal) return addAndSay(context, client, typed);
  throw noSuchFile(typed, names);
}

/** The library name for a FILE to put: a local file is added (override), else it is a name in the library. */
export async function placeFile(context: CommandContext, client: HalliganClient, typed: string): Promise<string> {
  if (hasSlash(typed) || (await isLocalFile(typed, context.env.currentFolder))) {
    return addAndSay(context, client, typed);
  }
  const names = await libraryNames(client, context.signal);
  if (names === null || names.includes(typed)) return typed;
  throw noSuchFile(typed, names);
}

async function addAndSay(context: CommandContext, client: HalliganClient, path: string): Promise<string> {
  const { env, signal } = context;
  const { fileName, sha256 } = await addLocalFile(client, {
    path,
    currentFolder: env.currentFolder,
    override: true,
    signal,
  });
  context.note(`Added ${path} to the library as ${fileName} (SHA-256 ${sha256})`);
  return fileName;
}

/** Null when the application may run scripts but not see the library: then the name is taken as it is. */
async function libraryNames(client: HalliganClient, signal: AbortSignal): Promise<string[] | null> {
  try {
    return (await client.listLibraryFiles({ signal })).map(({ fileName }) => fileName);
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return null;
    throw error;
  }
}

function noSuchFile(typed: string, names: readonly string[]): CliError {
  const reason = LIBRARY_FILE_NAME.test(typed) ? didYouMean(typed, names) : "";
  return new CliError(
    "notFound",
    "FileNotFound",
    `"${typed}" is neither in the library nor a file in this folder.${reason} See: halligan library list`,
  );
}

function hasSlash(path: string): boolean {
  return path.includes("/") || (process.platform === "win32" && path.includes("\\"));
}
