/**
 * Headers of a tar archive: POSIX ustar, with a PAX header before it for what does not fit. Pure.
 *
 * Names are bytes. A PAX record has UTF-8 by the standard; a name that is not UTF-8 and does not
 * fit into the ustar header has the record `hdrcharset=BINARY` before it.
 */
import { isText, type PathBytes } from "./path-bytes.ts";

export const TAR_BLOCK_BYTES = 512;
/** At the end of an archive. */
export const TAR_END_BYTES = 2 * TAR_BLOCK_BYTES;

export interface TarEntry {
  /** Without a slash at the beginning. */
  path: PathBytes;
  type: "file" | "folder" | "link" | "hardLink";
  /** Zero for everything that is not a file. */
  sizeBytes: number;
  mode: number;
  uid: number;
  gid: number;
  owner: string | null;
  group: string | null;
  modifiedNs: bigint;
  /** Of a link; of a hard link the path in the archive. */
  target: PathBytes;
}

const TYPE_FLAGS = { file: "0", hardLink: "1", link: "2", folder: "5" } as const;
const PAX = "x";
const NAME_BYTES = 100;
const OWNER_BYTES = 31;
const LARGEST_ID = 0o7777777;
const LARGEST_SIZE = 0o77777777777;
const NS_PER_SECOND = 1_000_000_000n;

export const paddingBytes = (sizeBytes: number): number =>
  (TAR_BLOCK_BYTES - (sizeBytes % TAR_BLOCK_BYTES)) % TAR_BLOCK_BYTES;

export function tarHeader(entry: TarEntry): Uint8Array {
  const path = entry.type === "folder" ? `${entry.path}/` : entry.path;
  const records = paxRecords(entry, path);
  const header = ustar({ ...entry, path }, TYPE_FLAGS[entry.type]);
  if (records === "") return header;
  const body = Buffer.from(records, "latin1");
  const pax = { ...entry, path: "pax", mode: 0o644, sizeBytes: body.length, target: "" };
  return Buffer.concat([ustar(pax, PAX), body, new Uint8Array(paddingBytes(body.length)), header]);
}

function paxRecords({ sizeBytes, uid, gid, owner, group, modifiedNs, target }: TarEntry, path: PathBytes): string {
  const records: [string, string][] = [];
  const names: [string, PathBytes][] = [
    ["path", path],
    ["linkpath", target],
  ];
  const long = names.filter(([, name]) => name.length > NAME_BYTES || (isText(name) && !isAscii(name)));
  if (long.some(([, name]) => !isText(name))) records.push(["hdrcharset", "BINARY"]);
  records.push(...long);
  if (sizeBytes > LARGEST_SIZE) records.push(["size", String(sizeBytes)]);
  if (uid > LARGEST_ID) records.push(["uid", String(uid)]);
  if (gid > LARGEST_ID) records.push(["gid", String(gid)]);
  if (owner !== null && !fitsOwner(owner)) records.push(["uname", owner]);
  if (group !== null && !fitsOwner(group)) records.push(["gname", group]);
  if (modifiedNs % NS_PER_SECOND !== 0n || modifiedNs < 0n) records.push(["mtime", secondsText(modifiedNs)]);
  return records.map(([key, value]) => paxRecord(key, value)).join("");
}

/** "LENGTH KEY=VALUE\n", where the length counts itself. */
function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  let length = rest.length;
  while (length !== rest.length + String(length).length) length = rest.length + String(length).length;
  return `${length}${rest}`;
}

function secondsText(ns: bigint): string {
  const [sign, size] = ns < 0n ? ["-", -ns] : ["", ns];
  return `${sign}${size / NS_PER_SECOND}.${String(size % NS_PER_SECOND).padStart(9, "0")}`;
}

/** Readable the same way in every encoding. */
const isAscii = (text: string): boolean => /^[ -~]*$/.test(text);
const fitsOwner = (name: string): boolean => name.length <= OWNER_BYTES && isAscii(name);

function ustar(entry: TarEntry, typeFlag: string): Buffer {
  const block = Buffer.alloc(TAR_BLOCK_BYTES);
  const text = (value: string, at: number, size: number) => block.write(value.slice(0, size), at, size, "latin1");
  const octal = (value: number, at: number, size: number) =>
    text(
      `${Math.max(0, value)
        .toString(8)
        .padStart(size - 1, "0")}\0`,
      at,
      size,
    );
  const seconds = Number(entry.modifiedNs / NS_PER_SECOND);
  text(entry.path, 0, NAME_BYTES);
  octal(entry.mode & 0o7777, 100, 8);
  octal(entry.uid > LARGEST_ID ? 0 : entry.uid, 108, 8);
  octal(entry.gid > LARGEST_ID ? 0 : entry.gid, 116, 8);
  octal(entry.sizeBytes > LARGEST_SIZE ? 0 : entry.sizeBytes, 124, 12);
  octal(seconds > LARGEST_SIZE ? 0 : seconds, 136, 12);
  text(" ".repeat(8), 148, 8);
  text(typeFlag, 156, 1);
  text(entry.target, 157, NAME_BYTES);
  text("ustar\x0000", 257, 8);
  if (entry.owner !== null && fitsOwner(entry.owner)) text(entry.owner, 265, OWNER_BYTES);
  if (entry.group !== null && fitsOwner(entry.group)) text(entry.group, 297, OWNER_BYTES);
  octal(0, 329, 8);
  octal(0, 337, 8);
  const sum = block.reduce((total, byte) => total + byte, 0);
  text(`${sum.toString(8).padStart(6, "0")}\0 `, 148, 8);
  return block;
}
