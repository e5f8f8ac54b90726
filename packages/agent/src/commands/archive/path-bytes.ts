/**
 * Paths as bytes. A name on Linux is any bytes without NUL and slash, so a path is a string with
 * one character for each byte (`latin1`). It compares, sorts and joins as the bytes do.
 */
import { isUtf8 } from "node:buffer";

/** One character for each byte. */
export type PathBytes = string;

export const bytesOfText = (text: string): PathBytes => Buffer.from(text, "utf8").toString("latin1");
export const bufferOf = (path: PathBytes): Buffer => Buffer.from(path, "latin1");
/** For people: what is not UTF-8 becomes U+FFFD. */
export const textOf = (path: PathBytes): string => bufferOf(path).toString("utf8");
export const isText = (path: PathBytes): boolean => isUtf8(bufferOf(path));

/** Members of the manifest for a path. */
export function pathMembers(path: PathBytes): { path: string; pathBase64?: string } {
  const bytes = bufferOf(path);
  return { path: bytes.toString("utf8"), ...(!isUtf8(bytes) && { pathBase64: bytes.toString("base64") }) };
}

export const joined = (folder: PathBytes, name: PathBytes): PathBytes =>
  folder.endsWith("/") ? folder + name : `${folder}/${name}`;
