import { UnreachableError } from "../errors.ts";

/**
 * Returns the response with a body that fails when no chunk arrives within `limitMs`. Without this
 * limit, a server that sends only the head would block a program indefinitely. The time that a slow
 * reader takes does not count.
 */
export function withSilenceLimit(response: Response, limitMs: number, what: string): Response {
  if (response.body === null) return response;
  const reader = response.body.getReader();
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await pieceWithin(reader, limitMs, what);
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
  const { status, statusText, headers } = response;
  return new Response(body, { status, statusText, headers });
}

async function pieceWithin(reader: ReadableStreamDefaultReader<Uint8Array>, limitMs: number, what: string) {
  const silence = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const error = new UnreachableError(`${what}: the answer began, and then nothing came for ${limitMs} ms`);
    silence.reject(error);
    reader.cancel(error).catch(() => undefined);
  }, limitMs);
  try {
    return await Promise.race([reader.read(), silence.promise]);
  } finally {
    clearTimeout(timer);
  }
}
