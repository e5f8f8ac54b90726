import { err, ok, type Result } from "@halligan/protocol/errors";
import { Sha256 } from "@halligan/protocol/link";
import { Value } from "typebox/value";
import { type ErrorResponse, httpError } from "../../../edge/http-response.ts";

/**
 * A SHA-256 of a path or a query, in lower case; or the refusal. PowerShell's Get-FileHash writes
 * capitals.
 */
export function readSha256(text: string, place: string): Result<string, ErrorResponse> {
  const sha256 = text.toLowerCase();
  return Value.Check(Sha256, sha256)
    ? ok(sha256)
    : err(httpError(400, "InvalidInput", `${place} must have 64 hex digits, as sha256sum prints it`));
}
