import { type Agent, request as sendRequest } from "node:http";

export interface HonestResponse {
  readonly status: number;
  readonly body: string;
}

/**
 * One request of an honest caller; null when no whole response came within the limit. `agent`
 * false: on a connection of its own.
 */
export function honestRequest(
  url: string,
  options: { method: string; token: string; agent: Agent | false; timeoutMs: number; json?: unknown },
): Promise<HonestResponse | null> {
  return new Promise((resolve) => {
    const body = options.json === undefined ? undefined : JSON.stringify(options.json);
    const request = sendRequest(url, {
      method: options.method,
      agent: options.agent,
      signal: AbortSignal.timeout(options.timeoutMs),
      headers: {
        authorization: `Bearer ${options.token}`,
        ...(body !== undefined && { "content-type": "application/json", "content-length": Buffer.byteLength(body) }),
      },
    });
    let answer: HonestResponse | null = null;
    request.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", () => undefined);
      response.on("end", () => {
        answer = { status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8") };
      });
    });
    request.on("error", () => undefined);
    request.on("close", () => resolve(answer));
    request.end(body);
  });
}
