import { randomUUID } from "node:crypto";
import type { Duplex } from "node:stream";
import { respondOnSocket } from "./raw-responses.ts";

const TOO_MANY = "This address opens too many agent connections; try again later";

/** `origin`: a browser asks. Every other code: a bound of connections. */
type UpgradeRefusal = { code: "origin" } | { code: "addressRate" | "addressFull"; retryAfterMs: number };

/** Answers an agent's upgrade that is not taken, before a WebSocket costs anything. */
export function refuseUpgrade(socket: Duplex, refusal: UpgradeRefusal): void {
  if (refusal.code === "origin") {
    respondOnSocket(socket, randomUUID(), 403, "Forbidden", "The agent link is not for browsers");
    return;
  }
  const retryAfter = { "retry-after": String(Math.ceil(refusal.retryAfterMs / 1000)) };
  respondOnSocket(socket, randomUUID(), 429, "TooManyRequests", TOO_MANY, retryAfter);
}
