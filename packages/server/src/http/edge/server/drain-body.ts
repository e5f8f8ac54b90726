import type { IncomingMessage } from "node:http";
import type { HttpLimits } from "../limits.ts";
import { announcesBody } from "../read-body.ts";

/**
 * Receives and drops the rest of a body before the response is written. A client that writes the
 * whole request before it reads would otherwise find a closed connection and lose the response. A
 * GET may have a body, which must not be read as the next request of the connection
 * (`docs/contract/clients-in-the-wild.md#paths`). False when the body was too large or too slow.
 * The connection must then close.
 */
export async function drainBody(
  raw: IncomingMessage,
  { bodyTimeoutMs }: HttpLimits,
  drainBytes: number,
  onReceived: (bytes: number) => void = () => undefined,
): Promise<boolean> {
  if (raw.readableEnded || !announcesBody(raw)) return true;
  if (raw.destroyed || drainBytes === 0) return false;
  return await new Promise<boolean>((resolve) => {
    let left = drainBytes;
    const finish = (isSettled: boolean) => {
      clearTimeout(timer);
      raw.off("data", onData).off("end", onEnd).off("close", onGone).off("error", onGone);
      if (!isSettled) raw.pause();
      resolve(isSettled);
    };
    const onData = (chunk: Buffer) => {
      left -= chunk.length;
      onReceived(chunk.length);
      if (left < 0) finish(false);
    };
    const onEnd = () => finish(true);
    const onGone = () => finish(false);
    const timer = setTimeout(() => finish(false), bodyTimeoutMs);
    // A multipart parser whose file is not read would pause the request without end.
    raw.unpipe();
    raw.on("data", onData).on("end", onEnd).on("close", onGone).on("error", onGone);
    raw.resume();
  });
}
