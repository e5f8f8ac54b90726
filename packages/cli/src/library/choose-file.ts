import { fileNameFault, type StartCommandRequest } from "@halligan/protocol/api";
import { ApiError, type HalliganClient } from "@halligan/protocol/client";
import { didYouMean } from "@halligan/protocol/text";
import type { CommandContext } from "../command.ts";
import { CliError } from "../errors/cli-error.ts";
import { changedWhileRead, isChangedFile, isLocalFile, type LocalFile, readLocalFile } from "./local-file.ts";
import { isStdin, readStdinScript, type TypedScript } from "./typed-script.ts";

/**
 * The file that a person named as FILE or SCRIPT, with the hash of its present content. Only this
 * content is used, even if the file changes later.
 */
export type ChosenFile = { kind: "library"; name: string; sha256: string } | ({ kind: "local" } & LocalFile);

/** A name with this prefix is in the library, whatever files the current folder has. */
const LIBRARY_PREFIX = "library:";

/**
 * Chooses a SCRIPT. A dash is standard input, and a name with a slash is a local file. For other
 * names, the library comes first, so that a stray file in the current folder does not silently
 * replace a shared script.
 */
export async function chooseScript(
  context: CommandContext,
  client: HalliganClient,
  typed: string,
): Promise<ChosenFile | TypedScript> {
  if (isStdin(typed)) return readStdinScript(context);
  if (typed.startsWith(LIBRARY_PREFIX)) return ofLibrary(context, client, typed.slice(LIBRARY_PREFIX.length));
  const { env, signal } = context;
  if (hasSlash(typed)) return local(context, typed);
  const isLocal = await isLocalFile(typed, env.currentFolder);
  const found = await findInLibrary(client, typed, signal);
  if (found !== null) {
    if (isLocal) context.note(`Using ${typed} of the library; for the local file write ./${typed}`);
    return found;
  }
  if (isLocal) return local(context, typed);
  throw await noSuchFile(client, typed, signal);
}

/** Chooses a FILE to put: a local file if it exists, else a library file. */
export async function chooseFile(context: CommandContext, client: HalliganClient, typed: string): Promise<ChosenFile> {
  if (typed.startsWith(LIBRARY_PREFIX)) return ofLibrary(context, client, typed.slice(LIBRARY_PREFIX.length));
  if (hasSlash(typed) || (await isLocalFile(typed, context.env.currentFolder))) return local(context, typed);
  return ofLibrary(context, client, typed);
}

/** Uploads content that the start does not have in itself. The library does not change. */
export async function stage(
  context: CommandContext,
  client: HalliganClient,
  file: ChosenFile | TypedScript,
): Promise<void> {
  if (file.kind === "library" || (file.kind === "typed" && file.text !== null)) return;
  const { signal } = context;
  try {
    await client.stageContent(file.sha256, file.content, { signal });
  } catch (error) {
    if (file.kind === "local" && isChangedFile(error)) throw changedWhileRead(file.path);
    throw error;
  }
}

/** The member of a start request that pins this content. */
export function pinOf(file: ChosenFile | TypedScript): Pick<StartCommandRequest, "sha256" | "staged" | "content"> {
  if (file.kind === "typed" && file.text !== null) return { content: file.text };
  return file.kind === "library" ? { sha256: file.sha256 } : { staged: file.sha256 };
}

async function local(context: CommandContext, path: string): Promise<ChosenFile> {
  const file = await readLocalFile(path, context.env.currentFolder, context.signal);
  context.note(`Using the local file ${path} (SHA-256 ${file.sha256})`);
  return { kind: "local", ...file };
}

async function ofLibrary({ signal }: CommandContext, client: HalliganClient, name: string): Promise<ChosenFile> {
  const found = await findInLibrary(client, name, signal);
  if (found === null) throw await noSuchFile(client, name, signal);
  return found;
}

async function findInLibrary(client: HalliganClient, name: string, signal: AbortSignal): Promise<ChosenFile | null> {
  // No file of the library has it, and as a part of a path it could mean another one.
  if (fileNameFault(name) !== null) return null;
  try {
    const { fileName, sha256 } = await client.getLibraryFile(name, { signal });
    return { kind: "library", name: fileName, sha256 };
  } catch (error) {
    // Not every 404: a server without this operation says NotFound.
    if (error instanceof ApiError && error.code === "ResourceNotFound") return null;
    throw error;
  }
}

async function noSuchFile(client: HalliganClient, typed: string, signal: AbortSignal): Promise<CliError> {
  const reason = didYouMean(typed, await libraryNames(client, signal));
  return new CliError(
    "notFound",
    "FileNotFound",
    `"${typed}" is neither in the library nor a file in this folder.${reason} See: halligan library list`,
  );
}

/** None when the application may run scripts but not list the library. */
async function libraryNames(client: HalliganClient, signal: AbortSignal): Promise<string[]> {
  try {
    return (await client.listLibraryFiles({ signal })).map(({ fileName }) => fileName);
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return [];
    throw error;
  }
}

function hasSlash(path: string): boolean {
  return path.includes("/") || (process.platform === "win32" && path.includes("\\"));
}
