/** What a GetFile of Halligan's own route collects: a path as bytes, and an archive. Pure. */
import { COMMAND_KEYS, type CommandRequest, type CommandType, type StartCommandRequest } from "@halligan/protocol/api";
import type { OrderArchive } from "@halligan/protocol/link";
import type { DomainError } from "../../errors.ts";

/** `insteadOf`: keys that may stand in the place of a required one. */
export type CommandKeys = Readonly<
  Record<
    CommandType,
    { required: readonly string[]; optional: readonly string[]; insteadOf?: Readonly<Record<string, string>> }
  >
>;

/** Keys of a command on Halligan's own route. */
export const OWN_COMMAND_KEYS = {
  ...COMMAND_KEYS,
  GetFile: { ...COMMAND_KEYS.GetFile, insteadOf: { PathBase64: "Path" } },
} as const satisfies CommandKeys;

export interface ArchiveLimits {
  archiveLimitFiles: number;
  archiveLimitBytes: number;
}

/** Checks what the schema cannot express. */
export function checkCollections(commands: readonly StartCommandRequest[], limits: ArchiveLimits): DomainError | null {
  for (const [index, command] of commands.entries()) {
    const fault = collectionFault(command, limits);
    if (fault !== null) return { code: "InvalidRequestBody", detail: `Commands[${index}]${fault}` };
  }
  return null;
}

function collectionFault({ type, params, archive }: StartCommandRequest, limits: ArchiveLimits): string | null {
  const encoded = params.find(({ key }) => key === "PathBase64")?.value;
  if (type === "GetFile" && encoded !== undefined) {
    const bytes = bytesOf(encoded);
    if (bytes === null) return ': the value of "PathBase64" is not base64 (RFC 4648, with padding)';
    if (bytes.includes(0)) return ': the value of "PathBase64" contains a NUL byte';
  }
  if (!archive) return null;
  if (type !== "GetFile") return `: ${type} takes no archive`;
  const { archiveLimitFiles, archiveLimitBytes } = limits;
  if ((archive.maxFiles ?? 0) > archiveLimitFiles) {
    return `.archive.maxFiles is ${archive.maxFiles}; this server allows at most ${archiveLimitFiles}`;
  }
  if ((archive.maxBytes ?? 0) > archiveLimitBytes) {
    return `.archive.maxBytes is ${archive.maxBytes}; this server allows at most ${archiveLimitBytes}`;
  }
  return null;
}

/** With every limit. A limit that the request leaves out is the server's. */
export function archiveOf(
  { archive }: Pick<StartCommandRequest, "archive">,
  { archiveLimitFiles, archiveLimitBytes }: ArchiveLimits,
): OrderArchive | null {
  if (!archive) return null;
  const { kind, maxFiles = archiveLimitFiles, maxBytes = archiveLimitBytes } = archive;
  return { kind, maxFiles, maxBytes };
}

export interface DevicePath {
  /** Bytes that are not UTF-8 are U+FFFD here. */
  path: string;
  /** Present only for a path that is not UTF-8. */
  pathBase64?: string;
}

/** The path that a GetFile names. */
export function devicePathOf({ params }: { params: readonly CommandRequest["params"][number][] }): DevicePath {
  const encoded = params.find(({ key }) => key === "PathBase64")?.value;
  if (encoded === undefined) return { path: params.find(({ key }) => key === "Path")?.value ?? "" };
  const bytes = bytesOf(encoded) ?? new Uint8Array();
  try {
    return { path: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { path: new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes), pathBase64: encoded };
  }
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function bytesOf(base64: string): Uint8Array | null {
  return BASE64.test(base64) ? Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)) : null;
}
