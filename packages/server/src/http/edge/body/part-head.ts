import { isUtf8 } from "node:buffer";
import { err, ok, type Result } from "@halligan/protocol/errors";
import { textFault } from "@halligan/protocol/text";
import { parameterOf, parseHeaderParameters } from "./header-parameters.ts";

/** What the headers of a part say, by RFC 7578 section 4. */
export interface PartHead {
  /** In the letter case of the client. */
  readonly name: string;
  /** Without the folders of a path; null when the part has no filename. */
  readonly fileName: string | null;
  /** Media type in lower case; `text/plain` when the part has none. */
  readonly mediaType: string;
  /** Of the text, in lower case; null when the part has none. */
  readonly charset: string | null;
}

/**
 * Encodings that do not change the bytes. RFC 7578 section 4.7 allows no others. With another one,
 * the bytes as sent are not the bytes of the file.
 */
const IDENTITY_ENCODINGS = ["7bit", "8bit", "binary"];

/**
 * Reads the header block of a part, without the empty line at its end. Headers that are not known
 * are ignored. A refusal is the end of a sentence about the part.
 */
export function readPartHead(block: Buffer): Result<PartHead, string> {
  if (!isUtf8(block)) return err("has headers that are not valid UTF-8");
  const headers = readHeaders(block.toString("utf8"));
  if (!headers.ok) return headers;
  const disposition = headers.value.get("content-disposition");
  if (disposition === undefined) return err("has no Content-Disposition header");
  const parsed = parseHeaderParameters(disposition);
  if (parsed?.type !== "form-data") return err("has a Content-Disposition that is not form-data");
  const name = parameterOf(parsed, "name");
  if (name === undefined) return err("has more than one name");
  if (name === null || name === "") return err("has no name");
  const fileName = readFileName(parameterOf(parsed, "filename"), parameterOf(parsed, "filename*"));
  if (!fileName.ok) return fileName;
  const type = parseHeaderParameters(headers.value.get("content-type") ?? "text/plain");
  if (type === null) return err("has a Content-Type that cannot be read");
  if (type.type.startsWith("multipart/") && fileName.value === null) {
    return err("is a multipart body of its own, which is not accepted: send each file as a part");
  }
  const encoding = headers.value.get("content-transfer-encoding")?.trim().toLowerCase() ?? "binary";
  if (!IDENTITY_ENCODINGS.includes(encoding)) {
    return err("has a Content-Transfer-Encoding that is not accepted: send the bytes as they are");
  }
  const charset = parameterOf(type, "charset");
  if (charset === undefined) return err("has more than one charset");
  return ok({ name, fileName: fileName.value, mediaType: type.type, charset: charset?.toLowerCase() || null });
}

function readHeaders(block: string): Result<Map<string, string>, string> {
  const fault = textFault(block);
  if (fault !== null) return err(`has a header that ${fault}`);
  const headers = new Map<string, string>();
  // A line that begins with white space goes on with the one before it.
  for (const line of block.replace(/\r\n[ \t]+/g, " ").split("\r\n")) {
    if (line === "") continue;
    if (/[\r\n]/.test(line)) return err("has a header line that does not end in CR LF");
    const [, name, value = ""] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*:(.*)$/.exec(line) ?? [];
    if (name === undefined) return err("has a header line that is not a name, a colon and a value");
    const known = name.toLowerCase();
    if (headers.has(known)) return err(`has more than one ${name} header`);
    headers.set(known, value.trim());
  }
  return ok(headers);
}

/**
 * `filename` alone counts where it is there: RFC 7578 section 4.2 knows no other. `filename*` is
 * read where a client sends nothing else; .NET sends both, older Python only this for names that
 * are not ASCII.
 */
function readFileName(
  plain: string | null | undefined,
  extended: string | null | undefined,
): Result<string | null, string> {
  if (plain === undefined || extended === undefined) return err("has more than one filename");
  if (plain !== null) return ok(baseOf(plain));
  if (extended === null) return ok(null);
  const [, encoded] = /^utf-8'[^']*'(.*)$/i.exec(extended) ?? [];
  const decoded = encoded === undefined ? null : decodeOrNull(encoded);
  if (decoded === null) return err("has a filename* that is not UTF-8 in percent-encoding");
  const fault = textFault(decoded);
  return fault === null ? ok(baseOf(decoded)) : err(`has a filename* that ${fault}`);
}

function decodeOrNull(encoded: string): string | null {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return null;
  }
}

/** RFC 7578 section 4.2: folders of the sender mean nothing here. */
const baseOf = (path: string): string => path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
