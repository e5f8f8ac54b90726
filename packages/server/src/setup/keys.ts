import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { loadSigningKey, type SigningKey } from "../auth/signing-key.ts";
import type { OrderKeyPair, ServerKeys } from "../service/context.ts";
import { readOrMake } from "./private-files.ts";

export interface Keys extends ServerKeys {
  accessToken: SigningKey;
}

const HMAC_KEY_BYTES = 32;

/** The server's keys, one for each purpose, made at the first start in `<dataDir>/keys`. Losing the order key orphans every agent. */
export async function loadKeys(dataDir: string): Promise<Keys> {
  const folder = join(dataDir, "keys");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const pem = async (name: string) => (await readOrMake(join(folder, name), newEd25519Pem)).toString("utf8");
  const secret = (name: string) => readOrMake(join(folder, name), () => randomBytes(HMAC_KEY_BYTES));
  return {
    order: orderKeyPair(await pem("order.pem")),
    accessToken: await loadSigningKey(await pem("access-token.pem")),
    resultLink: await secret("result-link.key"),
    linkTicket: await secret("link-ticket.key"),
  };
}

function newEd25519Pem(): Buffer {
  const { privateKey } = generateKeyPairSync("ed25519");
  return Buffer.from(privateKey.export({ type: "pkcs8", format: "pem" }));
}

export function orderKeyPair(pem: string): OrderKeyPair {
  const privateKey = createPrivateKey(pem);
  const { x } = createPublicKey(privateKey).export({ format: "jwk" });
  if (privateKey.asymmetricKeyType !== "ed25519" || x === undefined) throw new Error("the order key must be Ed25519");
  return {
    keyId: createHash("sha256").update(Buffer.from(x, "base64url")).digest("hex"),
    publicKey: x,
    privateKey,
  };
}
