import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { until } from "../../../../protocol/test/support/until.ts";
import { at, shown, textAt } from "./json.ts";
import type { Target } from "./target.ts";

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Buffer;
  readonly text: string;
  /** The JSON of the body; undefined when it is none. */
  readonly body: unknown;
}

export interface Sending {
  /** Sent as JSON with `Content-Type: application/json`. */
  readonly json?: unknown;
  readonly body?: string | Uint8Array | FormData | URLSearchParams;
  readonly headers?: Readonly<Record<string, string>>;
  /** Another token than the API's own; null for none. */
  readonly token?: string | null;
}

export interface Command {
  readonly type: string;
  readonly params: readonly { readonly key: string; readonly value: string }[];
}

export const FINAL: ReadonlySet<unknown> = new Set(["Succeeded", "Failed", "TimeOut", "Cancelled"]);

/**
 * Plain fetch with a bearer token: what every client of the contract does, and not our own client,
 * so that it holds for other servers.
 */
export class Api {
  readonly target: Target;
  readonly token: string;
  readonly #honoursRetryAfter: boolean;

  private constructor(target: Target, token: string, honoursRetryAfter: boolean) {
    this.target = target;
    this.token = token;
    this.#honoursRetryAfter = honoursRetryAfter;
  }

  /**
   * `honoursRetryAfter`: waits and repeats on 429, for servers whose throttles cannot be lifted.
   */
  static async open(target: Target, { honoursRetryAfter = false } = {}): Promise<Api> {
    const answer = await post(target.tokenUrl, {
      body: new URLSearchParams({
        scope: "https://api.securitycenter.microsoft.com/.default",
        client_id: target.clientId,
        client_secret: target.clientSecret,
        grant_type: "client_credentials",
      }),
    });
    assert.equal(answer.status, 200, `no token: ${answer.text}`);
    return new Api(target, textAt(answer.body, "access_token"), honoursRetryAfter);
  }

  /** `path`: as it goes out, such as `/api/machines`. */
  async send(method: string, path: string, sending: Sending = {}): Promise<Answer> {
    const token = sending.token === undefined ? this.token : sending.token;
    for (;;) {
      const answer = await send(method, `${this.target.baseUrl}${path}`, {
        ...sending,
        headers: { ...(token !== null && { authorization: `Bearer ${token}` }), ...sending.headers },
      });
      if (answer.status !== 429 || !this.#honoursRetryAfter) return answer;
      await sleep(1_000 * Number(answer.headers.get("retry-after") ?? 20));
    }
  }

  get(path: string, sending: Sending = {}): Promise<Answer> {
    return this.send("GET", path, sending);
  }

  post(path: string, json: unknown, sending: Sending = {}): Promise<Answer> {
    return this.send("POST", path, { json, ...sending });
  }

  run(machineId: string, commands: readonly Command[], comment = "wire test"): Promise<Answer> {
    return this.post(`/api/machines/${machineId}/runliveresponse`, { Commands: commands, Comment: comment });
  }

  /** Starts and must be let: the id. */
  async start(machineId: string, commands: readonly Command[], comment?: string): Promise<string> {
    const answer = await this.run(machineId, commands, comment);
    assert.equal(answer.status, 201, answer.text);
    return textAt(answer.body, "id");
  }

  action(id: string): Promise<Answer> {
    return this.get(`/api/machineactions/${id}`);
  }

  /** Asks until it holds; the body then. */
  async waitFor(id: string, holds: (action: unknown) => boolean): Promise<unknown> {
    return until(
      async () => {
        const { status, body, text } = await this.action(id);
        assert.equal(status, 200, text);
        if (holds(body)) return body;
        await sleep(this.#honoursRetryAfter ? 2_000 : 15);
        return null;
      },
      `the awaited state of action ${id}`,
      { withinMs: 120_000 },
    );
  }

  waitForEnd(id: string): Promise<unknown> {
    return this.waitFor(id, (action) => FINAL.has(at(action, "status")));
  }

  async runToEnd(machineId: string, commands: readonly Command[]): Promise<unknown> {
    return this.waitForEnd(await this.start(machineId, commands));
  }

  cancel(id: string, comment = "wire test"): Promise<Answer> {
    return this.post(`/api/machineactions/${id}/cancel`, { Comment: comment });
  }

  downloadUrl(id: string, index: number): Promise<Answer> {
    return this.get(`/api/machineactions/${id}/GetLiveResponseResultDownloadLink(index=${index})`);
  }

  /** Fetched by its link alone, as clients do. */
  async result(id: string, index: number): Promise<Answer> {
    const link = await this.downloadUrl(id, index);
    assert.equal(link.status, 200, link.text);
    return fetchLink(textAt(link.body, "value"));
  }

  async transcript(id: string, index = 0): Promise<unknown> {
    const { status, body, text } = await this.result(id, index);
    assert.equal(status, 200, text);
    return body;
  }
}

export const fetchLink = (url: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> =>
  send("GET", url, { headers });

export const post = (url: string, sending: Sending): Promise<Answer> => send("POST", url, sending);

/** One request, redirects not followed: no answer of the contract is one. */
export async function send(method: string, url: string, { json, body, headers }: Sending): Promise<Answer> {
  const content = json === undefined ? body : JSON.stringify(json);
  const response = await fetch(url, {
    method,
    redirect: "manual",
    headers: { ...(json !== undefined && { "content-type": "application/json" }), ...headers },
    ...(content !== undefined && { body: content }),
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  const text = bytes.toString("utf8");
  return { status: response.status, headers: response.headers, bytes, text, body: parsed(text) };
}

export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export const statusOf = (action: unknown): string => textAt(action, "status");

/** Fails with the whole action, so that its errors are seen. */
export function assertSucceeded(action: unknown): void {
  assert.equal(at(action, "status"), "Succeeded", shown(action));
}
