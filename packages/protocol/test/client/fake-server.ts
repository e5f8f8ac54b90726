import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

export interface SeenRequest {
  method: string;
  url: string;
  authorization: string | undefined;
  headers: IncomingMessage["headers"];
  body: string;
}

export type Answer =
  | { status?: number; headers?: Record<string, string>; json?: unknown; text?: string; isNeverEnded?: boolean }
  | "hang up";

export interface FakeServer extends AsyncDisposable {
  url: string;
  seen: SeenRequest[];
}

/** A real HTTP server that answers as the test says and remembers what it was asked. */
export async function startFakeServer(answer: (request: SeenRequest, index: number) => Answer): Promise<FakeServer> {
  const seen: SeenRequest[] = [];
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const one: SeenRequest = {
      method: request.method ?? "",
      url: decodeURIComponent((request.url ?? "").replaceAll("+", " ")),
      authorization: request.headers.authorization,
      headers: request.headers,
      body: Buffer.concat(chunks).toString(),
    };
    seen.push(one);
    const result = answer(one, seen.length - 1);
    if (result === "hang up") {
      request.socket.destroy();
      return;
    }
    response.writeHead(result.status ?? 200, { "content-type": "application/json", ...result.headers });
    if (result.isNeverEnded) {
      response.write("{");
      return;
    }
    response.end(result.text ?? (result.json === undefined ? "" : JSON.stringify(result.json)));
  };
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export const tokenAnswer = (text: string, expiresIn: number | string = 3_599): Answer => ({
  json: { token_type: "Bearer", expires_in: expiresIn, ext_expires_in: expiresIn, access_token: text },
});

export const errorAnswer = (status: number, code: string, headers: Record<string, string> = {}): Answer => ({
  status,
  headers,
  json: { error: { code, message: `it is ${code}`, target: "11111111-2222-3333-4444-555555555555" } },
});
