import { createHmac, createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { loadSigningKey, type SigningKey } from "../../auth/tokens/signing-key.ts";
import { ConfigError } from "../../config/config.ts";
import type { NodeFacts } from "../../domain/cluster/node-lease.ts";
import type { KeyRing, OrderKeyPair, ServerKeys } from "../../service/context.ts";
import { isMissing, readOrMake } from "../private-files.ts";
import { orderKeyOf } from "./order-key.ts";
import { type RecoveryKeyFile, readRecoveryKey } from "./recovery-key.ts";

export interface LoadedKeys extends Omit<ServerKeys, "orderKeySet" | "recovery"> {
  accessToken: KeyRing<SigningKey>;
  recoveryFile: RecoveryKeyFile | null;
}

export type Keys = LoadedKeys & ServerKeys;

const HMAC_KEY_BYTES = 32;

/** The required content of each kind of file. */
const FORMS = {
  ".pem": "a private key in PEM (PKCS #8) is wanted, Ed25519 for orders",
  ".key": `${HMAC_KEY_BYTES} random bytes are wanted`,
} as const;

/**
 * The folder of the keys, and whether keys may be created there. With several nodes the keys must
 * exist, because otherwise each node would create its own.
 */
export interface KeyFolder {
  folder: string;
  makes: boolean;
}

/**
 * The server's keys, one for each purpose: `order.pem`, `access-token.pem`, `result-link.key`,
 * `link-ticket.key`. If the order key is lost, no agent accepts an order. The folder may also have
 * keys that are accepted and do not sign, such as `order-next.pem` before a rotation and
 * `order-previous.pem` after it: with several nodes a key must be known everywhere before the first
 * one signs with it. `recovery.pem` outranks the order keys on the devices.
 */
export async function loadKeys({ folder, makes }: KeyFolder): Promise<LoadedKeys> {
  if (makes) await mkdir(folder, { recursive: true, mode: 0o700 });
  const one = async <K>(
    name: string,
    extension: keyof typeof FORMS,
    read: (content: Buffer) => K | Promise<K>,
    make: () => Uint8Array,
  ) => {
    const parsed = async (file: string, content: Buffer) => {
      try {
        return await read(content);
      } catch (cause) {
        // The library's own message names no file ("DECODER routines::unsupported").
        throw new ConfigError(`the key ${file} is not usable: ${FORMS[extension]}`, { cause });
      }
    };
    const own = join(folder, `${name}${extension}`);
    const signing = await parsed(own, await (makes ? readOrMake(own, make) : readGiven(own)));
    const others: K[] = [];
    for (const phase of ["next", "previous"]) {
      const file = join(folder, `${name}-${phase}${extension}`);
      const other = await readIfThere(file);
      if (other) others.push(await parsed(file, other));
    }
    return { signing, accepted: [signing, ...others] };
  };
  const secret = (name: string) => one(name, ".key", hmacKey, () => randomBytes(HMAC_KEY_BYTES));
  const order = await one("order", ".pem", (pem) => orderKeyPair(pem.toString("utf8")), newEd25519Pem);
  const accessToken = await one("access-token", ".pem", (pem) => loadSigningKey(pem.toString("utf8")), newEd25519Pem);
  const resultLink = await secret("result-link");
  const linkTicket = await secret("link-ticket");
  const recoveryFile = await readRecoveryKey(folder, makes ? newEd25519Pem : null);
  return { order, accessToken, resultLink, linkTicket, recoveryFile };
}

/**
 * Fingerprints that nodes compare: a key that one node signs with must be accepted by the others.
 * They reveal no secret.
 */
export function keyFingerprints(keys: LoadedKeys): NodeFacts["keys"] {
  const hmac = (purpose: string, key: Uint8Array) =>
    `${purpose} ${createHmac("sha256", key).update(`halligan fingerprint of ${purpose}`).digest("hex").slice(0, 16)}`;
  const of = (pick: <K>(ring: KeyRing<K>) => readonly K[]): string[] => [
    ...pick(keys.order).map(({ keyId }) => `order ${keyId.slice(0, 16)}`),
    ...pick(keys.accessToken).map(({ kid }) => `access-token ${kid.slice(0, 16)}`),
    ...pick(keys.resultLink).map((key) => hmac("result-link", key)),
    ...pick(keys.linkTicket).map((key) => hmac("link-ticket", key)),
  ];
  return { signs: of((ring) => [ring.signing]), accepts: of((ring) => ring.accepted) };
}

function hmacKey(content: Buffer): Uint8Array {
  if (content.length >= HMAC_KEY_BYTES) return content;
  throw new Error(`it has ${content.length} bytes`);
}

async function readGiven(file: string): Promise<Buffer> {
  const content = await readIfThere(file);
  if (content) return content;
  throw new ConfigError(
    `the key ${file} is missing: HALLIGAN_KEYS_DIR must hold all keys, copied from the first node's data folder`,
  );
}

async function readIfThere(file: string): Promise<Buffer | null> {
  try {
    return await readFile(file);
  } catch (cause) {
    if (isMissing(cause)) return null;
    throw cause;
  }
}

function newEd25519Pem(): Buffer {
  const { privateKey } = generateKeyPairSync("ed25519");
  return Buffer.from(privateKey.export({ type: "pkcs8", format: "pem" }));
}

export function orderKeyPair(pem: string): OrderKeyPair {
  const privateKey = createPrivateKey(pem);
  return { ...orderKeyOf(createPublicKey(privateKey)), privateKey };
}
