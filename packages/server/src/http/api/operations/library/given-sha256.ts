import { Sha256 } from "@halligan/protocol/link";
import { Value } from "typebox/value";
import { type ErrorAnswer, refuse } from "../../../edge/answer.ts";

/**
 * A SHA-256 of a path or a query, in lower case; or the refusal. PowerShell's Get-FileHash writes
 * capitals.
 */
export function readSha256(text: string, place: string): { readonly sha256: string } | ErrorAnswer {
  const sha256 = text.toLowerCase();
  return Value.Check(Sha256, sha256)
    ? { sha256 }
    : refuse(400, "InvalidInput", `${place} must have 64 hex digits, as sha256sum prints it`);
}
