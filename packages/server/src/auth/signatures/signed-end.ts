import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import {
  type CommandResult,
  type Ended,
  endSigningBytes,
  parseSignedEnd,
  type SignedEnd,
} from "@halligan/protocol/link";
import { wellFormedJson } from "@halligan/protocol/text";
import type { DeviceKey } from "./device-key.ts";
import type { SignatureCheck } from "./signature-check.ts";

/** Kept with a result, so that it can be verified later by any party. */
export interface EndEvidence {
  payload: string;
  signature: string;
  /** Raw, base64url: the device's key at that time. */
  publicKey: string;
}

/**
 * The evidence of a report, if the device's key signed exactly the content of the report and the
 * bytes that came with it. Uploaded bytes are compared where they are stored.
 *
 * @returns null when the report has no evidence, differs from its evidence, or was not signed by
 * `key`
 */
export async function checkSignedEnd(
  report: Ended,
  machineId: string,
  key: DeviceKey,
  check: SignatureCheck,
): Promise<EndEvidence | null> {
  if (!report.evidence) return null;
  const { payload, signature } = report.evidence;
  const end = parseSignedEnd(payload);
  if (!end || !saysTheSame(end, report, machineId)) return null;
  const isSigned = await check(endSigningBytes(payload), key.object, Buffer.from(signature, "base64url"));
  return isSigned ? { payload, signature, publicKey: key.raw } : null;
}

function saysTheSame(end: SignedEnd, report: Ended, machineId: string): boolean {
  const { actionId, orderSeq, index, outcome, errors } = report;
  const { v: _, startId: __, exitCode: ___, ...signed } = end;
  const reported = { machineId, actionId, orderSeq, index, outcome, errors, result: resultFacts(report.result) };
  return isDeepStrictEqual(signed, reported);
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
