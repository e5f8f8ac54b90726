import { createHash, createPublicKey, X509Certificate } from "node:crypto";
import { open } from "node:fs/promises";
import { errorCode } from "@halligan/protocol/errors";
import { CliError } from "../errors/cli-error.ts";

/** A public key as the server takes it. */
export type PublicJwk = Readonly<Record<string, unknown>>;

/** A certificate chain has under 20 KB. */
const MAX_KEY_FILE_BYTES = 64 * 1024;
const ACCEPTED = "a PEM public key, a PEM certificate, a JWK or a JWK set";

/** The public keys in a file: of a PEM text or a JWK one, of a JWK set all. */
export async function readKeyFile(path: string): Promise<PublicJwk[]> {
  const text = (await readText(path)).trim();
  const keys = text.startsWith("{") ? keysOfJson(text) : keyOfPem(text);
  if (keys === "private") {
    throw unusable(
      path,
      "has a private key, which must stay with the application; give its public key or its certificate",
    );
  }
  if (keys === null || keys.length === 0) throw unusable(path, `is not ${ACCEPTED}`);
  return keys;
}

async function readText(path: string): Promise<string> {
  try {
    await using file = await open(path, "r");
    const buffer = Buffer.alloc(MAX_KEY_FILE_BYTES + 1);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    if (bytesRead > MAX_KEY_FILE_BYTES) throw unusable(path, `is larger than ${MAX_KEY_FILE_BYTES} bytes`);
    return buffer.toString("utf8", 0, bytesRead);
  } catch (cause) {
    if (cause instanceof CliError) throw cause;
    const code = errorCode(cause) ?? "";
    const reasons: Readonly<Record<string, string>> = {
      ENOENT: "is not there",
      EACCES: "may not be read by you",
      EISDIR: "is a folder",
    };
    throw unusable(path, reasons[code] ?? "cannot be read", cause);
  }
}

const unusable = (path: string, reason: string, cause?: unknown): CliError =>
  new CliError("usage", "UnusableKeyFile", `--key: ${path} ${reason}.`, { cause });

function keysOfJson(text: string): PublicJwk[] | "private" | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const keys = isRecord(value) && Array.isArray(value.keys) ? value.keys : [value];
  if (!keys.every(isRecord) || !keys.every(({ kty }) => typeof kty === "string")) return null;
  return keys.some((key) => "d" in key || "k" in key) ? "private" : keys;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Of a certificate chain the first certificate; its `x5t` becomes part of the key, as clients name
 * it.
 */
function keyOfPem(text: string): PublicJwk[] | "private" | null {
  if (text.includes("PRIVATE KEY")) return "private";
  try {
    if (!text.includes("BEGIN CERTIFICATE")) return [{ ...createPublicKey(text).export({ format: "jwk" }) }];
    const certificate = new X509Certificate(text);
    // SHA-1 names the certificate here (RFC 7515 section 4.1.7); nothing is trusted because of it.
    const x5t = createHash("sha1").update(certificate.raw).digest("base64url");
    return [{ ...certificate.publicKey.export({ format: "jwk" }), x5t }];
  } catch {
    return null;
  }
}
