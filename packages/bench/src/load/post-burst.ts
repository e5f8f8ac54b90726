import type { HttpAnswer } from "./http-connection.ts";

/**
 * Sends one request for each path, with this many in parallel, and returns the duration of each.
 * Throws for any other response than 201.
 */
export async function postBurst(
  paths: readonly string[],
  atOnce: number,
  post: (path: string) => Promise<HttpAnswer>,
  signal: AbortSignal,
): Promise<{ wallMs: number; timesMs: number[] }> {
  const timesMs: number[] = [];
  let next = 0;
  const begunMs = performance.now();
  const work = async () => {
    for (let path = paths[next++]; path !== undefined; path = paths[next++]) {
      signal.throwIfAborted();
      const sentMs = performance.now();
      const { status, body } = await post(path);
      if (status !== 201) throw new Error(`the server answered ${status}: ${body.toString("utf8")}`);
      timesMs.push(performance.now() - sentMs);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return { wallMs: performance.now() - begunMs, timesMs };
}
