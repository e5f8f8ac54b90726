/**
 * The manifest of an archive that a GetFile with `archive` makes: JSON Lines in
 * `manifest/000001.jsonl` and the parts after it. The collected files are under `files/`, so no
 * name on the device can be taken for a part of the manifest.
 */
import { type Static, Type } from "typebox";
import { FileChangeKind } from "./file-change.ts";

/** Both folders of the archive. */
export const ARCHIVE_FILES = "files";
export const ARCHIVE_MANIFEST = "manifest";

const Path = {
  /** On the device. Bytes that are not UTF-8 are U+FFFD here. */
  path: Type.String(),
  /** The exact bytes; present only when they are not UTF-8. */
  pathBase64: Type.Optional(Type.String()),
};
const Count = Type.Integer({ minimum: 0 });

/** The first line. */
export const ManifestStart = Type.Object({
  type: Type.Literal("start"),
  version: Type.Literal(1),
  kind: Type.Union([Type.Literal("folder"), Type.Literal("pattern")]),
  /** As it was asked for. */
  ...Path,
  maxFiles: Count,
  maxBytes: Count,
});
export type ManifestStart = Static<typeof ManifestStart>;

/** One for each name, in the order of the archive. Members that are not known are absent. */
export const ManifestEntry = Type.Object({
  type: Type.Union([
    Type.Literal("file"),
    Type.Literal("folder"),
    Type.Literal("link"),
    /** Another name of a file that is in the archive, `target`. */
    Type.Literal("hardLink"),
    // These three are not in the archive.
    Type.Literal("fifo"),
    Type.Literal("socket"),
    Type.Literal("device"),
    Type.Literal("unknown"),
  ]),
  ...Path,
  target: Type.Optional(Type.String()),
  targetBase64: Type.Optional(Type.String()),
  /** Of the file in the archive. */
  sizeBytes: Type.Optional(Count),
  sha256: Type.Optional(Type.String()),
  /** Four octal digits. */
  mode: Type.Optional(Type.String()),
  uid: Type.Optional(Count),
  gid: Type.Optional(Count),
  owner: Type.Optional(Type.String()),
  group: Type.Optional(Type.String()),
  /** ISO 8601 with nine digits: of the content, of the attributes, and of the last access. */
  modifiedAt: Type.Optional(Type.String()),
  changedAt: Type.Optional(Type.String()),
  accessedAt: Type.Optional(Type.String()),
  /** How the file changed while it was read. */
  change: Type.Optional(Type.Array(FileChangeKind)),
  /** Zeros at the end of the file in the archive, in place of bytes that could not be read. */
  paddedBytes: Type.Optional(Count),
  /** Why it is not in the archive, or only in part. */
  error: Type.Optional(Type.String()),
});
export type ManifestEntry = Static<typeof ManifestEntry>;

/** The last line. An archive without it is not complete. */
export const ManifestEnd = Type.Object({
  type: Type.Literal("end"),
  /** Lines between the first and this one. */
  entries: Count,
  /** Regular files in the archive, with their other names. */
  files: Count,
  /** Content of all files. */
  bytes: Count,
  /** Entries with `error`. */
  errors: Count,
  /** The limit that ended the collection or left files out; null when all is there. */
  truncated: Type.Union([Type.Literal("maxFiles"), Type.Literal("maxBytes"), Type.Null()]),
});
export type ManifestEnd = Static<typeof ManifestEnd>;

export const ManifestLine = Type.Union([ManifestStart, ManifestEntry, ManifestEnd]);
export type ManifestLine = Static<typeof ManifestLine>;

/**
 * File name of an archive, from the path that was asked for: the name of the folder, or of the one
 * before the first wildcard. Never a name with a separator. Pure.
 */
export function archiveFileName(devicePath: string, kind: ManifestStart["kind"]): string {
  const names = devicePath.split(/[/\\]/);
  const first = kind === "pattern" ? names.findIndex((name) => /[*?[]/.test(name)) : -1;
  const folder: string[] = [];
  for (const name of first < 0 ? names : names.slice(0, first)) {
    if (name === "..") folder.pop();
    else if (name !== "" && name !== ".") folder.push(name);
  }
  return `${(folder.at(-1) ?? "files").replaceAll("\ufffd", "_")}.tar.gz`;
}
