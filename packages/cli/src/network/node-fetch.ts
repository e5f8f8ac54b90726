/**
 * fetch with node's HTTP client. The platform's fetch cannot use our proxy rules. Under Bun, it
 * also ignores certificate authorities that the program sets.
 */
import http from "node:http";
import https from "node:https";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Fetch } from "@halligan/protocol/client";
import type { Network } from "@halligan/protocol/network";
import { userAgent } from "@halligan/protocol/version";

/** Returns redirects to the caller, as with `redirect: "manual"`. */
export function nodeFetch(network: Pick<Network, "agentFor">): Fetch {
  return async (address, init) => {
    const url = new URL(address);
    const signal = init.signal ?? undefined;
    signal?.throwIfAborted();
    const body = bodyOf(init.body);
    const headers = new Headers(init.headers);
    if (!headers.has("user-agent")) headers.set("user-agent", userAgent("halligan"));
    if (body?.type && !headers.has("content-type")) headers.set("content-type", body.type);
    if (body && body.sizeBytes !== null) headers.set("content-length", String(body.sizeBytes));
    const request = (url.protocol === "https:" ? https : http).request(url, {
      method: init.method ?? "GET",
      headers: Object.fromEntries(headers),
      agent: network.agentFor(url),
      ...(signal && { signal }),
    });
    const answered = new Promise<http.IncomingMessage>((resolve, reject) => {
      request.once("response", resolve).once("error", reject);
    });
    // If sending fails too, that error is the one to report.
    answered.catch(() => undefined);
    try {
      await send(request, body?.content ?? null, answered);
      return responseOf(await answered, signal);
    } catch (error) {
      request.destroy();
      signal?.throwIfAborted();
      throw error;
    }
  };
}

interface Body {
  content: string | ReadableStream<Uint8Array>;
  sizeBytes: number | null;
  type: string | null;
}

function bodyOf(body: RequestInit["body"]): Body | null {
  if (body === null || body === undefined) return null;
  if (typeof body === "string") return { content: body, sizeBytes: Buffer.byteLength(body), type: null };
  if (body instanceof URLSearchParams) {
    const content = body.toString();
    const type = "application/x-www-form-urlencoded;charset=UTF-8";
    return { content, sizeBytes: Buffer.byteLength(content), type };
  }
  if (body instanceof Blob) return { content: body.stream(), sizeBytes: body.size, type: body.type || null };
  if (body instanceof ReadableStream) return { content: body, sizeBytes: null, type: null };
  throw new TypeError("A body of this kind is not sent");
}

/** A server can respond before it has read the whole body, for example with a refusal. */
async function send(
  request: http.ClientRequest,
  content: Body["content"] | null,
  answered: Promise<unknown>,
): Promise<void> {
  if (content === null || typeof content === "string") {
    request.end(content ?? undefined);
    return;
  }
  const sent = pipeline(Readable.from(chunksOf(content)), request);
  sent.catch(() => undefined);
  await Promise.race([sent, answered]);
}

async function* chunksOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

function responseOf(incoming: http.IncomingMessage, signal: AbortSignal | undefined): Response {
  const status = incoming.statusCode ?? 0;
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) {
    for (const one of Array.isArray(value) ? value : [value ?? ""]) headers.append(name, one);
  }
  if (WITHOUT_BODY.has(status)) {
    incoming.resume();
    return new Response(null, { status, headers });
  }
  const chunks: AsyncIterator<Uint8Array> = incoming[Symbol.asyncIterator]();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const next = await chunks.next();
        if (!next.done) return controller.enqueue(next.value);
        if (!incoming.complete) throw new Error("the connection was closed before the end of the body");
        controller.close();
      } catch (cause) {
        signal?.throwIfAborted();
        // As the platform's fetch reports it.
        throw new TypeError("terminated", { cause });
      }
    },
    cancel: () => void incoming.destroy(),
  });
  return new Response(body, { status, headers });
}
