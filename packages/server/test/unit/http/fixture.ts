import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { Readable } from "node:stream";
import type { TestContext } from "node:test";
import { pino } from "pino";
import { Type } from "typebox";
import type { Caller } from "../../../src/auth/caller.ts";
import { refuseToken } from "../../../src/auth/token-refusal.ts";
import { LIBRARY, READ, START } from "../../../src/http/api/access-rules.ts";
import { anonymous, permitted, ticket } from "../../../src/http/edge/access.ts";
import { form, jsonBody, multipart, noBody, stream } from "../../../src/http/edge/body/body-kinds.ts";
import { bytes, empty, json } from "../../../src/http/edge/declared-responses.ts";
import { created, httpError, noContent, ok } from "../../../src/http/edge/http-response.ts";
import { operationsOf } from "../../../src/http/edge/operation.ts";
import { blobResponse } from "../../../src/http/edge/response/send-stream.ts";
import { buildHttpApp, type HttpAppOptions } from "../../../src/http/edge/server/app.ts";
import { isStorageUnavailable } from "../../../src/http/storage-unavailable.ts";

export interface World {
  readonly content: Buffer;
  /** Operations wait for it when it is set. */
  gate?: Promise<void>;
  readonly seen: string[];
}

const operation = operationsOf<World>();

/** What every operation has to say, and these tests do not look at. */
export const PLAIN = { rateLimit: "none", doc: { tag: "Tests", summary: "For a test" } } as const;
export const ANY = { 200: json("Anything.", Type.Unknown()) };
const BYTES_OR_PART = { 200: bytes("Bytes.", {}), 206: bytes("A range of them.", {}) };
const PARAMETER = { description: "For a test.", schema: Type.String() };

const Run = Type.Object(
  {
    Commands: Type.Array(
      Type.Object(
        { type: Type.Union([Type.Literal("RunScript"), Type.Literal("GetFile")]) },
        { additionalProperties: false },
      ),
      { minItems: 1 },
    ),
    Comment: Type.String({ maxLength: 100 }),
  },
  { additionalProperties: false },
);

const operations = [
  operation({
    name: "GetMachine",
    method: "GET",
    path: "/api/machines/:id",
    access: permitted(READ),
    ...PLAIN,
    doc: { ...PLAIN.doc, path: { id: PARAMETER } },
    responses: ANY,
    body: noBody,
    handler: ({ params, rawQuery, query, caller }) =>
      ok({ id: params.id, rawQuery, top: query.get("$top"), by: caller.name }),
  }),
  operation({
    name: "DeleteMachine",
    method: "DELETE",
    path: "/api/machines/:machineId",
    access: permitted(READ),
    ...PLAIN,
    doc: { ...PLAIN.doc, path: { machineId: PARAMETER } },
    responses: { 204: empty("It is removed.") },
    body: noBody,
    handler: () => noContent(),
  }),
  operation({
    name: "Run",
    method: "POST",
    path: "/api/machines/:machineId/runliveresponse",
    access: permitted(START),
    ...PLAIN,
    doc: { ...PLAIN.doc, path: { machineId: PARAMETER } },
    responses: { 201: json("It runs.", Type.Unknown()) },
    body: jsonBody(Run),
    handler: ({ body }) => created({ types: body.Commands.map((command) => command.type), comment: body.Comment }),
  }),
  operation({
    name: "Link",
    method: "GET",
    path: "/api/machineactions/:actionId/GetLiveResponseResultDownloadLink(index=:index(\\d+))",
    access: permitted(READ),
    ...PLAIN,
    doc: { ...PLAIN.doc, path: { actionId: PARAMETER, index: PARAMETER } },
    responses: ANY,
    body: noBody,
    handler: ({ params }) => ok(params),
  }),
  operation({
    name: "Token",
    method: "POST",
    path: "/:tenant/oauth2/token",
    access: anonymous,
    ...PLAIN,
    doc: { ...PLAIN.doc, path: { tenant: PARAMETER } },
    responses: ANY,
    body: form,
    errors: "oauth",
    handler: ({ body }) => ok(Object.fromEntries(body)),
  }),
  operation({
    name: "Upload",
    method: "POST",
    path: "/api/libraryfiles",
    access: permitted(LIBRARY),
    ...PLAIN,
    responses: ANY,
    body: multipart({ fileBytes: 1_000_000 }),
    async handler({ body, headers }) {
      const parts: Record<string, unknown> = {};
      for await (const part of body) {
        if (headers["x-stop-early"] !== undefined) return httpError(400, "InvalidInput", "not wanted");
        if (part.kind === "field") parts[part.name] = part.value;
        else {
          let sizeBytes = 0;
          for await (const chunk of part.stream) sizeBytes += chunk.length;
          parts[part.name] = { fileName: part.fileName, sizeBytes };
        }
      }
      return ok(parts);
    },
  }),
  operation({
    name: "PutPart",
    method: "PUT",
    path: "/agent/v1/parts/:part",
    access: ticket,
    ...PLAIN,
    doc: { ...PLAIN.doc, path: { part: PARAMETER } },
    responses: ANY,
    body: stream,
    async handler({ body, params, headers, ticket: { machineId } }) {
      let received = 0;
      for await (const chunk of body.stream) {
        received += chunk.length;
        if (headers["x-stop-early"] !== undefined) break;
      }
      return ok({ received, announced: body.sizeBytes, machineId, part: params.part });
    },
  }),
  operation({
    name: "Download",
    method: "GET",
    path: "/halligan/v1/results/:id",
    access: anonymous,
    ...PLAIN,
    doc: { ...PLAIN.doc, path: { id: PARAMETER } },
    responses: BYTES_OR_PART,
    body: noBody,
    handler: (request, { content }) =>
      blobResponse(request, {
        sizeBytes: content.length,
        contentType: "application/octet-stream",
        open: async (range) => ({
          sizeBytes: content.length,
          stream: Readable.from([range === undefined ? content : content.subarray(range.start, range.end + 1)]),
        }),
      }),
  }),
  operation({
    name: "Torn",
    method: "GET",
    path: "/torn",
    access: anonymous,
    ...PLAIN,
    responses: { 200: bytes("Bytes.", {}) },
    body: noBody,
    handler: () => ({
      kind: "bytes",
      status: 200 as const,
      lengthBytes: 100,
      headers: {},
      open: async () => ({ stream: Readable.from([Buffer.from("short")]) }),
    }),
  }),
  operation({
    name: "Endless",
    method: "GET",
    path: "/endless",
    access: anonymous,
    ...PLAIN,
    responses: { 200: bytes("Bytes.", {}) },
    body: noBody,
    handler: (_request, { seen }) => ({
      kind: "bytes",
      status: 200 as const,
      lengthBytes: Number.MAX_SAFE_INTEGER,
      headers: {},
      async open() {
        const stream = new Readable({ read: () => void stream.push(Buffer.alloc(100_000)) });
        seen.push("opened");
        stream.once("close", () => seen.push("closed"));
        return { stream };
      },
    }),
  }),
  operation({
    name: "Slow",
    method: "GET",
    path: "/slow",
    access: anonymous,
    ...PLAIN,
    responses: ANY,
    body: noBody,
    async handler(_request, world) {
      world.seen.push("slow");
      await world.gate;
      return ok({ done: true });
    },
  }),
  operation({
    name: "Refused",
    method: "PUT",
    path: "/refused",
    access: ticket,
    ...PLAIN,
    responses: {},
    body: stream,
    handler: () => httpError(507, "InsufficientStorage", "no room"),
  }),
  operation({
    name: "Broken",
    method: "GET",
    path: "/broken",
    access: anonymous,
    ...PLAIN,
    responses: {},
    body: noBody,
    handler: () => {
      throw new Error("secret of the inside");
    },
  }),
];

const ALL: Caller = {
  kind: "application",
  id: "c1",
  clientId: "c1",
  name: "Playbook",
  roles: new Set(["Machine.Read.All", "Machine.LiveResponse", "Library.Manage"]),
};

/** The app on a real port, its log lines, and raw sockets to it. Closed after the test. */
export async function startApp(
  t: TestContext,
  overrides: Partial<HttpAppOptions<World>> = {},
  world: Partial<World> = {},
) {
  const lines: string[] = [];
  const app = buildHttpApp<World>({
    operations,
    context: Object.assign(world, { content: Buffer.from("0123456789"), seen: [] }),
    log: pino({ level: "trace" }, { write: (line: string) => void lines.push(line) }),
    verifyToken: async (token) =>
      token === "good" ? ALL : token === "poor" ? { ...ALL, roles: new Set() } : refuseToken("Expired"),
    readTicket: (text) => (text === "v1" ? { machineId: "m1", connectionEpoch: 1 } : null),
    isCurrentTicket: () => true,
    isUnavailable: isStorageUnavailable,
    throttle: async () => null,
    addresses: { countAnonymous: () => null, countForged: () => null },
    ...overrides,
  });
  await app.listen({ host: "127.0.0.1", port: 0 });
  t.after(() => app.close());
  const address = app.server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const { port } = address;
  const open = async (): Promise<Socket> => {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => socket.destroy());
    t.after(() => socket.destroy());
    await once(socket, "connect");
    return socket;
  };
  return { app, lines, port, base: `http://127.0.0.1:${port}`, open };
}

export const GOOD = { authorization: "Bearer good" };

/** Everything a socket says until it closes. */
export async function readAll(socket: Socket): Promise<string> {
  let text = "";
  for await (const chunk of socket) text += String(chunk);
  return text;
}

/** Writes `text`, and answers with what comes back until the server closes. */
export async function talk(socket: Socket, text: string | Buffer): Promise<string> {
  const answer = readAll(socket);
  socket.write(text);
  return await answer;
}

/** The `error` of a contract error body. */
export function errorOf(text: string): { code: string; message: string; target: string } {
  const body: unknown = JSON.parse(text.slice(text.indexOf("{")));
  if (typeof body !== "object" || body === null || !("error" in body)) throw new Error(`no error in ${text}`);
  const { error } = body;
  if (typeof error !== "object" || error === null) throw new Error(`no error in ${text}`);
  const { code, message, target } = Object.assign({ code: "", message: "", target: "" }, error);
  return { code, message, target };
}
