import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import type { ActionOptions, MachineActionStatus, StartCommandRequest, TranscriptWire } from "@halligan/protocol/api";
import type { SecretEnv } from "@halligan/protocol/link";
import { ACTION_ID, libraryEntity, MACHINE_ID, machineEntity, RESULTS, TIME, TIMING } from "./fake-entities.ts";

export interface FakeCommand {
  status: "Created" | "Completed" | "Failed";
  errors?: string[];
}

/** How the fake behaves; tests change it before they start the program. */
export interface FakeApiScript {
  /** Statuses that successive GETs of an action show; the last one stays. */
  statuses: MachineActionStatus[];
  commands: FakeCommand[];
  transcript: TranscriptWire;
  file: Buffer;
  /** What is sent instead of the file's gzip. */
  rawFile: Buffer | null;
  contentDisposition: string;
  machines: { id: string; computerDnsName: string }[];
  startError: { status: number; code: string; message: string } | null;
  /** Answers of the test's own, by method and path; asked before all others that need a token. */
  routes: Map<string, (request: { query: URLSearchParams; body: unknown }) => { status: number; json?: unknown }>;
  /**
   * What each stream of the action's events says; it stays open until it is ended. Null for a
   * server without them.
   */
  events: ((stream: FakeEvents) => void) | null;
  /**
   * How a start with `wait` is answered: at once as by a server that does not know it, at the end
   * of the action, or with the head alone before the connection breaks.
   */
  waits: "no" | "toTheEnd" | "cut";
  /** How many starts are accepted without a response: the connection breaks instead. */
  lostStarts: number;
}

export interface FakeEvents {
  action(status: MachineActionStatus): void;
  raw(text: string): void;
  /** In order. */
  end(): void;
  /** As a connection that breaks. */
  cut(): void;
}

export interface FakeApi extends AsyncDisposable {
  url: string;
  /** What it names in its own addresses. */
  publicUrl: string;
  clientId: string;
  clientSecret: string;
  script: FakeApiScript;
  library: Map<string, Buffer>;
  /** Method and path of every request, in order. */
  seen: string[];
  /** Called for each request before its body is read. */
  onRequest: ((line: string, query: URLSearchParams) => void) | null;
  /** Bodies of the starts. */
  started: {
    machineId: string;
    Commands: StartCommandRequest[];
    Comment: string;
    options?: ActionOptions;
    secretEnv?: SecretEnv;
  }[];
  /** The keys of all requests that start, repeated ones as well. */
  startKeys: (string | undefined)[];
  /** By SHA-256, as it was named in the path. */
  staged: Map<string, Buffer>;
  /** Keys with which applications were asked for. */
  applicationKeys: object[];
  /** Resolves when a request that starts with `prefix` has been seen. */
  whenSeen(prefix: string): Promise<void>;
}

/**
 * A server on an ephemeral port that answers as docs/contract/http-api.md says, for one action that
 * the test scripts.
 */
export async function startFakeApi(): Promise<FakeApi> {
  const waiting: { prefix: string; resolve: () => void }[] = [];
  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port");
  const url = `http://127.0.0.1:${address.port}`;
  let reads = 0;
  const api: FakeApi = {
    url,
    publicUrl: url,
    clientId: "app-1",
    clientSecret: "the secret",
    script: {
      statuses: ["Pending", "InProgress", "Succeeded"],
      commands: [],
      transcript: { script_name: "a.sh", exit_code: 0, script_output: "out\n", script_errors: "" },
      file: Buffer.from("content of the file\n"),
      rawFile: null,
      contentDisposition: 'attachment; filename="auth.log.gz"',
      machines: [{ id: MACHINE_ID, computerDnsName: "web-01" }],
      startError: null,
      routes: new Map(),
      events: null,
      waits: "no",
      lostStarts: 0,
    },
    library: new Map(),
    staged: new Map(),
    seen: [],
    onRequest: null,
    started: [],
    startKeys: [],
    applicationKeys: [],
    whenSeen: (prefix) =>
      new Promise((resolve) => {
        if (api.seen.some((one) => one.startsWith(prefix))) resolve();
        else waiting.push({ prefix, resolve });
      }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return api;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = new URL(request.url ?? "/", url);
    const line = `${request.method} ${target.pathname}`;
    api.seen.push(line);
    api.onRequest?.(line, target.searchParams);
    for (const { prefix, resolve } of waiting) if (line.startsWith(prefix)) resolve();
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const body = Buffer.concat(chunks);
    const json = (status: number, value: unknown) => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
    };
    const error = (status: number, code: string, message: string) => {
      json(status, { error: { code, message, target: "11111111-2222-3333-4444-555555555555" } });
    };

    if (line === "GET /halligan/v1/info") {
      return json(200, {
        product: "Halligan",
        version: "0.1.0",
        tenant: "t",
        tokenUrl: `${api.publicUrl}/t/oauth2/v2.0/token`,
      });
    }
    if (line === "POST /t/oauth2/v2.0/token") {
      if (new URLSearchParams(body.toString()).get("client_secret") !== api.clientSecret) {
        return json(401, { error: "invalid_client", error_description: "wrong secret" });
      }
      return json(200, { token_type: "Bearer", expires_in: 3_599, ext_expires_in: 3_599, access_token: "good" });
    }
    if (line === "GET /result/0" || line === "GET /result/1") {
      if (request.headers.authorization !== undefined) return error(400, "BadRequest", "Authorization was sent");
      const index = Number(target.pathname.at(-1));
      if (api.started.at(-1)?.Commands[index]?.type === "RunScript") return json(200, api.script.transcript);
      const bytes = api.script.rawFile ?? gzipSync(api.script.file);
      response.writeHead(200, { "content-disposition": api.script.contentDisposition, "content-length": bytes.length });
      response.end(bytes);
      return;
    }
    if (request.headers.authorization !== "Bearer good") return error(401, "Unauthorized", "no token");

    const route = api.script.routes.get(line);
    if (route !== undefined) {
      const { status, json: value } = route({
        query: target.searchParams,
        body: body.length === 0 ? undefined : JSON.parse(body.toString()),
      });
      if (value === undefined) return void response.writeHead(status).end();
      return json(status, value);
    }
    if (line === "GET /api/machines") {
      const named = /computerDnsName eq '(.*)'/.exec(target.searchParams.get("$filter") ?? "")?.[1];
      const machines = api.script.machines.filter(
        ({ computerDnsName }) => named === undefined || computerDnsName === named,
      );
      return json(200, { "@odata.context": "#Machines", value: machines.map(machineEntity) });
    }
    if (line === "GET /api/libraryfiles") {
      const value = [...api.library].map(([fileName, content]) => libraryEntity(fileName, content));
      return json(200, { "@odata.context": "#LibraryFiles", value });
    }
    if (line.startsWith("GET /halligan/v1/library/")) {
      const fileName = decodeURIComponent(target.pathname.split("/").at(-1) ?? "");
      const content = api.library.get(fileName);
      if (content === undefined) return error(404, "ResourceNotFound", `${fileName} was not found`);
      return json(200, libraryEntity(fileName, content));
    }
    if (line.startsWith("PUT /halligan/v1/content/")) {
      const sha256 = target.pathname.split("/").at(-1) ?? "";
      if (createHash("sha256").update(body).digest("hex") !== sha256) return error(400, "InvalidInput", "other bytes");
      api.staged.set(sha256, body);
      return json(200, { sha256, sizeBytes: body.length, expiresAt: TIME });
    }
    if (line.startsWith("PUT /halligan/v1/library/")) {
      const fileName = decodeURIComponent(target.pathname.split("/").at(-1) ?? "");
      const exists = api.library.has(fileName);
      if (exists && target.searchParams.get("override") !== "true") {
        return error(400, "InvalidInput", `${fileName} already exists`);
      }
      api.library.set(fileName, body);
      return json(exists ? 200 : 201, libraryEntity(fileName, body));
    }
    if (line.startsWith("DELETE /api/libraryfiles/")) {
      const fileName = decodeURIComponent(target.pathname.split("/").at(-1) ?? "");
      if (!api.library.delete(fileName)) return error(404, "ResourceNotFound", `${fileName} was not found`);
      response.writeHead(204).end();
      return;
    }
    if (request.method === "POST" && /^\/halligan\/v1\/machines\/\w+\/actions$/.test(target.pathname)) {
      const { startError } = api.script;
      if (startError !== null) return error(startError.status, startError.code, startError.message);
      const machineId = target.pathname.split("/")[4] ?? "";
      reads = 0;
      const key = request.headers["idempotency-key"]?.toString();
      const isRepeated = key !== undefined && api.startKeys.includes(key);
      api.startKeys.push(key);
      if (!isRepeated) api.started.push({ machineId, ...JSON.parse(body.toString()) });
      if (api.script.lostStarts > 0) {
        api.script.lostStarts -= 1;
        return void request.socket.destroy();
      }
      const { waits, statuses, transcript } = api.script;
      if (waits === "no" || !target.searchParams.has("wait")) return json(201, actionEntity("Pending", true));
      response.setHeader("location", `${url}/halligan/v1/actions/${ACTION_ID}`);
      if (waits === "cut") {
        response.writeHead(201, { "content-type": "application/json" }).flushHeaders();
        response.write(" ", () => request.socket.destroy());
        return;
      }
      return json(201, {
        ...actionEntity(statuses.at(-1) ?? "Succeeded", false),
        results: [{ index: 0, transcript }],
      });
    }
    if (line === `GET /api/machineactions/${ACTION_ID}`) {
      const { statuses } = api.script;
      const status = statuses[Math.min(reads, statuses.length - 1)] ?? "Pending";
      reads += 1;
      return json(200, actionEntity(status, status === "Pending"));
    }
    if (line === `GET /halligan/v1/actions/${ACTION_ID}/timing`) return json(200, TIMING);
    if (line === `GET /halligan/v1/actions/${ACTION_ID}/results`) return json(200, RESULTS);
    if (line === `GET /halligan/v1/actions/${ACTION_ID}/events` && api.script.events !== null) {
      response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
      const raw = (text: string) => void response.write(text);
      api.script.events({
        raw,
        action: (status) =>
          raw(`event: action\ndata: ${JSON.stringify(actionEntity(status, status === "Pending"))}\n\n`),
        end: () => void response.end(),
        // After what was written before it.
        cut: () => void response.write("", () => request.socket.destroy()),
      });
      return;
    }
    if (line === "GET /api/machineactions") {
      return json(200, { "@odata.context": "#MachineActions", value: [actionEntity("Succeeded", false)] });
    }
    if (line === `POST /api/machineactions/${ACTION_ID}/cancel`) return json(200, actionEntity("Cancelled", true));
    const link = /GetLiveResponseResultDownloadLink\(index=(\d+)\)$/.exec(target.pathname);
    if (link !== null) return json(200, { "@odata.context": "#Edm.String", value: `${url}/result/${link[1]}?sig=s` });
    if (line === "POST /halligan/v1/enrollment-tokens") {
      return json(201, { id: "t-1", token: "enroll-me", uses: JSON.parse(body.toString()).uses ?? 1, expiresAt: TIME });
    }
    if (line === "POST /halligan/v1/applications") {
      const { keys = [], ...asked }: { keys?: object[] } = JSON.parse(body.toString());
      api.applicationKeys.push(...keys);
      const proof = { hasSecret: keys.length === 0, clientSecret: keys.length === 0 ? "new secret" : null };
      const keyIds = keys.map((_key, index) => `key-${index}`);
      return json(201, { clientId: "app-2", createdAt: TIME, ...proof, keyIds, ...asked });
    }
    return error(404, "NotFound", `${line} is not here`);
  }

  function actionEntity(status: MachineActionStatus, isUntouched: boolean) {
    const asked = api.started.at(-1);
    const ends = api.script.commands;
    return {
      "@odata.context": "#MachineActions/$entity",
      ...{ id: ACTION_ID, type: "LiveResponse", title: null, requestor: "app", requestorComment: asked?.Comment ?? "" },
      ...{ status, machineId: asked?.machineId ?? MACHINE_ID, computerDnsName: "web-01" },
      ...{ creationDateTimeUtc: TIME, lastUpdateDateTimeUtc: TIME },
      ...{ cancellationRequestor: null, cancellationComment: null, cancellationDateTimeUtc: null },
      ...{ errorHResult: 0, scope: null, externalId: null, requestSource: "PublicApi", relatedFileInfo: null },
      commands: (asked?.Commands ?? []).map((command, index) => ({
        index,
        startTime: null,
        endTime: null,
        commandStatus: isUntouched ? "Created" : (ends[index]?.status ?? "Completed"),
        errors: isUntouched ? [] : (ends[index]?.errors ?? []),
        command: { type: command.type, params: command.params },
      })),
      troubleshootInfo: null,
    };
  }
}
