import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { CommandResult, Ended, SignedEnd } from "@halligan/protocol/link";
import { openEnd } from "@halligan/protocol/link-crypto";
import { wellFormedJson } from "@halligan/protocol/text";

/** What is kept with a result, so that anyone can verify it later. */
export interface EndEvidence {
  payload: string;
  signature: string;
  /** Raw, base64url: the device's key at that time. */
  publicKey: string;
}

/**
 * The evidence of a report, when the device's key signed just what the report says and the bytes that came with it. Bytes that were
 * uploaded are compared where they are kept.
 */
export function checkSignedEnd(report: Ended, machineId: string, publicKey: string): EndEvidence | null {
  if (!report.evidence) return null;
  const end = openEnd(report.evidence, publicKey);
  if (!end) return null;
  const { actionId, orderSeq, index, outcome, errors } = report;
  const { v: _, startId: __, exitCode: ___, ...signed } = end;
  const told = { machineId, actionId, orderSeq, index, outcome, errors, result: resultFacts(report.result) };
  return isDeepStrictEqual(signed, told) ? { ...report.evidence, publicKey } : null;
}

function resultFacts(result: CommandResult | null): SignedEnd["result"] {
  if (result === null) return null;
  if (result.kind === "inline") {
    const bytes = Buffer.from(wellFormedJson(result.transcript));
    return { kind: "inline", sizeBytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
  }
  const { kind, sizeBytes, sha256, fileChange } = result;
  return { kind, sizeBytes, sha256, ...(fileChange && { fileChange }) };
}
