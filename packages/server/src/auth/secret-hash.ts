import { createHash } from "node:crypto";
import type { Random } from "./random.ts";
import { sameText } from "./signatures/canonical-text.ts";

const SECRET_BYTES = 32;

/**
 * A new application secret: 32 random bytes as 43 characters of base64url. Shown once, stored only
 * by {@link hashSecret}.
 */
export const newSecret = (random: Random): string => Buffer.from(random(SECRET_BYTES)).toString("base64url");

/**
 * SHA-256 of a secret's text, 64 hex digits in lower case. A plain hash is enough because {@link
 * newSecret} makes every secret from 256 random bits: there is no dictionary to slow down, and a
 * slow hash would let a flood of bad secrets stall the server.
 */
export const hashSecret = (secret: string): string => createHash("sha256").update(secret, "utf8").digest("hex");

/** Whether `secret` is the one stored as `storedHash`. Constant time in the secret's content. */
export const secretMatches = (secret: string, storedHash: string): boolean => sameText(storedHash, hashSecret(secret));
