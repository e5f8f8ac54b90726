import { ErrorWire } from "@halligan/protocol/api";
import { Compile } from "typebox/compile";
import { boundText } from "../bound-text.ts";
import { LIMITS } from "../limits.ts";
import type { HttpResponse } from "./http-exchange.ts";

const errorWire = Compile(ErrorWire);

/** At most `maxBytes` of a body as text; null for a larger body. */
export async function readBoundedText({ body }: HttpResponse, maxBytes: number): Promise<string | null> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of body) {
    sizeBytes += chunk.length;
    // Leaving the loop destroys the rest of the body.
    if (sizeBytes > maxBytes) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/**
 * The message of the contract's error body, or a message with the status. Reads the body to its end
 * or destroys it.
 */
export async function readErrorMessage(response: HttpResponse): Promise<string> {
  const plain = `The server answered with HTTP status ${response.status}.`;
  try {
    const value: unknown = JSON.parse((await readBoundedText(response, LIMITS.maxErrorBodyBytes)) ?? "");
    return errorWire.Check(value) ? boundText(value.error.message, LIMITS.maxErrorCharacters) : plain;
  } catch {
    return plain;
  }
}
