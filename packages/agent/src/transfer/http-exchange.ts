/**
 * One HTTP request with node's own client. fetch would copy each part of an upload once more (2 GB:
 * 200 MB resident at the peak, three times as much as this) and reports no progress of the upload.
 */
import { once } from "node:events";
import type http from "node:http";
import https from "node:https";
import { type Network, nodeHttp } from "@halligan/protocol/network";
import { userAgent } from "@halligan/protocol/version";
import type { TokenBucket } from "./bandwidth.ts";

export interface HttpRequest {
  method: "GET" | "PUT" | "POST";
  url: string;
  headers: Readonly<Record<string, string>>;
  /** The caller does not change it until the exchange has ended. */
  body?: Uint8Array;
  /** Called whenever the network has accepted bytes of the body. */
  onProgress?: () => void;
  /** The bandwidth cap of the body. */
  cap?: TokenBucket | undefined;
}

export interface HttpResponse {
  status: number;
  headers: http.IncomingHttpHeaders;
  /** The caller must read it to its end or destroy it. */
  body: http.IncomingMessage;
}

const BODY_SLICE_BYTES = 256 * 1024;

/**
 * Resolves with the head of the response, whatever its status. Rejects when there was no response,
 * or with the signal's reason.
 */
export async function exchange(
  request: HttpRequest,
  network: Pick<Network, "agentFor">,
  signal: AbortSignal,
): Promise<HttpResponse> {
  signal.throwIfAborted();
  const url = new URL(request.url);
  const isTls = url.protocol === "https:";
  const outgoing = (isTls ? https : nodeHttp).request(url, {
    method: request.method,
    headers: {
      "user-agent": userAgent("halligan-agent"),
      ...request.headers,
      "content-length": request.body?.length ?? 0,
    },
    agent: network.agentFor(url),
    signal,
  });
  const answered = once(outgoing, "response");
  // A response can come, or the connection can break, while the body is being sent.
  answered.catch(() => undefined);
  try {
    const isWhole = await sendBody(outgoing, request, signal);
    const [response] = await answered;
    if (!(response instanceof nodeHttp.IncomingMessage)) throw new Error("no HTTP answer");
    if (!isWhole) {
      const status = response.statusCode ?? 0;
      if (status < 300) throw new Error("The server answered before it had the whole body.");
      // The server still reads this connection as the body. Nothing else may be sent on it.
      response.once("close", () => outgoing.destroy());
    }
    return { status: response.statusCode ?? 0, headers: response.headers, body: response };
  } catch (error) {
    outgoing.destroy();
    signal.throwIfAborted();
    throw error;
  }
}

/**
 * Returns whether the whole body was sent. It was not when a response came before, or when the
 * connection broke.
 */
async function sendBody(outgoing: http.ClientRequest, request: HttpRequest, signal: AbortSignal): Promise<boolean> {
  const body = request.body ?? new Uint8Array();
  const over = new AbortController();
  const stop = () => over.abort();
  outgoing.once("response", stop);
  outgoing.once("error", stop);
  outgoing.once("close", stop);
  const sliceBytes = request.cap?.sliceBytes(BODY_SLICE_BYTES) ?? BODY_SLICE_BYTES;
  for (let at = 0; at < body.length; at += sliceBytes) {
    const slice = body.subarray(at, at + sliceBytes);
    if (request.cap) {
      await request.cap.take(slice.length, AbortSignal.any([signal, over.signal])).catch(() => undefined);
      signal.throwIfAborted();
    }
    if (over.signal.aborted) return false;
    const hasRoom = outgoing.write(slice);
    if (!hasRoom) {
      await once(outgoing, "drain", { signal: AbortSignal.any([signal, over.signal]) }).catch(() => undefined);
      signal.throwIfAborted();
    }
    request.onProgress?.();
  }
  outgoing.end();
  return true;
}
