// Written by examples.test.ts from the TSDoc of the client. Compiled by `npm run check`.
import { readFile, writeFile } from "node:fs/promises";
import {
  type ActionOutput,
  API_SCOPE,
  ApiError,
  type ApplicationCredentials,
  type AuditExport,
  type AuditExportOptions,
  type AuditOptions,
  type CallOptions,
  type ClientClock,
  type ClientOptions,
  type CommandOutputOptions,
  createClient,
  type Fetch,
  type FileDownloadOptions,
  type HalliganClient,
  type ListOptions,
  type MachineDetailsOptions,
  odataText,
  type PutLibraryFileRequest,
  type StartOptions,
  TokenError,
  type TokenProvider,
  UnexpectedResponseError,
  UnreachableError,
  type WaitNotice,
  type WaitOptions,
  type WatchedChunk,
  type WatchOptions,
  type WatchOutputOptions,
} from "../../src/client/index.ts";

declare const client: HalliganClient;

export async function exampleOfClientOptions(): Promise<void> {
  const options: ClientOptions = {
    baseUrl: "https://halligan.example:8443",
    credentials: {
      tokenUrl: "https://halligan.example:8443/my-tenant/oauth2/v2.0/token",
      clientId: "my-client-id",
      clientSecret: await readFile("client-secret", "utf8"),
    },
    maxRetryWaitMs: 60_000,
  };
  await createClient(options).verifyCredentials();
}

export async function exampleOfCreateClient(): Promise<void> {
  const client = createClient({
    baseUrl: "https://halligan.example:8443",
    credentials: {
      tokenUrl: "https://halligan.example:8443/my-tenant/oauth2/v2.0/token",
      clientId: "my-client-id",
      clientSecret: await readFile("client-secret", "utf8"),
    },
  });
  console.log((await client.info()).version);
}

export async function exampleOfHalliganClient(): Promise<void> {
  const [machine] = await client.listMachines({ filter: "healthStatus eq 'Active'", limit: 1 });
  if (machine === undefined) throw new Error("No machine is active");
  const action = await client.runLiveResponse(machine.id, {
    Commands: [{ type: "RunScript", params: [{ key: "ScriptName", value: "triage.sh" }] }],
    Comment: "case 4711",
  });
  for await (const { event, data } of client.watchMachineAction(action.id)) {
    if (event === "action") console.log(data.status);
  }
  const url = await client.getDownloadUrl(action.id, 0);
  console.log((await client.downloadTranscript(url)).script_output);
}

export async function exampleOfApiError(): Promise<void> {
  try {
    await client.getMachine("device-1");
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== "ResourceNotFound") throw error;
    console.log("no such machine");
  }
}

export async function exampleOfTokenError(): Promise<void> {
  try {
    await client.verifyCredentials();
  } catch (error) {
    if (error instanceof TokenError) console.log(error.status, error.code);
    else throw error;
  }
}

export async function exampleOfUnexpectedResponseError(): Promise<void> {
  const info = await client.info().catch((error: unknown) => {
    if (error instanceof UnexpectedResponseError) return null;
    throw error;
  });
  console.log(info === null ? "not Halligan" : info.version);
}

export async function exampleOfUnreachableError(): Promise<void> {
  const info = await client.info().catch((error: unknown) => {
    if (error instanceof UnreachableError) return null;
    throw error;
  });
  console.log(info === null ? "offline" : info.version);
}

export async function exampleOfListOptions(): Promise<void> {
  const options: ListOptions = { orderBy: "creationDateTimeUtc asc", limit: 20 };
  console.log(await client.listMachineActions(options));
}

export async function exampleOfOdataText(): Promise<void> {
  const filter = `computerDnsName eq ${odataText("device-1")}`;
  console.log(await client.listMachines({ filter }));
}

export async function exampleOfWatchOptions(): Promise<void> {
  const actionId = "11111111-2222-3333-4444-555555555555";
  const options: WatchOptions = { withResults: true };
  for await (const { event, data } of client.watchMachineAction(actionId, options)) {
    if (event === "action") console.log(data.status, data.results?.length);
  }
}

export async function exampleOfActionOutput(): Promise<void> {
  const actionId = "11111111-2222-3333-4444-555555555555";
  let last: ActionOutput | undefined;
  for await (const output of client.watchActionOutput(actionId)) last = output;
  console.log(last?.event, last?.cursor);
}

export async function exampleOfWatchedChunk(): Promise<void> {
  const print = ({ stream, bytes }: WatchedChunk) => {
    if (stream === "stdout") process.stdout.write(bytes);
    else process.stderr.write(bytes);
  };
  console.log(print.length);
}

export async function exampleOfWatchOutputOptions(): Promise<void> {
  const actionId = "11111111-2222-3333-4444-555555555555";
  const options: WatchOutputOptions = { from: "end", maxOutageMs: 60_000 };
  for await (const { event, data } of client.watchActionOutput(actionId, options)) {
    if (event === "chunk" && data.stream === "stdout") process.stdout.write(data.bytes);
  }
}

export async function exampleOfWaitOptions(): Promise<void> {
  const actionId = "11111111-2222-3333-4444-555555555555";
  const options: WaitOptions = { waitMs: 30_000 };
  console.log((await client.waitForMachineAction(actionId, options)).status);
}

export async function exampleOfAdministrationOperations(): Promise<void> {
  const enrollment = await client.createEnrollmentToken({ uses: 1, expiresInSeconds: 3_600 });
  const application = await client.createApplication({
    name: "my playbook",
    roles: ["Machine.LiveResponse", "Machine.Read.All"],
  });
  console.log(enrollment.id, application.clientId);
}

export async function exampleOfAuditExport(): Promise<void> {
  const isLast = ({ records, isMoreReady }: AuditExport) => records.length === 0 && !isMoreReady;
  console.log(isLast(await client.exportAudit({ after: 0 })));
}

export async function exampleOfAuditExportOptions(): Promise<void> {
  const options: AuditExportOptions = { after: 0, operation: "RunLiveResponse" };
  const { records, nextAfter } = await client.exportAudit(options);
  console.log(records.length, nextAfter);
}

export async function exampleOfAuditOperations(): Promise<void> {
  const [newest] = await client.listAudit({ limit: 1 });
  console.log(newest?.operation);
}

export async function exampleOfAuditOptions(): Promise<void> {
  const options: AuditOptions = { operation: "RunLiveResponse", limit: 50 };
  for (const record of await client.listAudit(options)) console.log(record.at, record.actor);
}

export async function exampleOfDeviceGroupOperations(): Promise<void> {
  const group = await client.createDeviceGroup({ name: "lab", remediationLevel: "full" });
  const [machine] = await client.listMachines({ limit: 1 });
  if (machine !== undefined) await client.setMachineDeviceGroup(machine.id, group.id);
}

export async function exampleOfLibraryOperations(): Promise<void> {
  for (const file of await client.listLibraryFiles()) console.log(file.fileName, file.sha256);
}

export async function exampleOfPutLibraryFileRequest(): Promise<void> {
  const request: PutLibraryFileRequest = {
    fileName: "triage.sh",
    content: () => new Blob(["#!/bin/sh\nuptime\n"]),
    override: true,
    description: "load and uptime",
  };
  console.log((await client.putLibraryFile(request)).sha256);
}

export async function exampleOfCommandOutputOptions(): Promise<void> {
  const actionId = "11111111-2222-3333-4444-555555555555";
  const options: CommandOutputOptions = { fromBytes: 1_000 };
  const rest = await client.downloadCommandOutput(actionId, 0, "stdout", options);
  console.log(rest.status, rest.headers.get("content-range"));
}

export async function exampleOfFileDownloadOptions(): Promise<void> {
  const actionId = "11111111-2222-3333-4444-555555555555";
  const first = await client.downloadCommandFile(actionId, 0, { waitMs: 30_000 });
  const transferId = first.headers.get("etag")?.replaceAll('"', "") ?? "";
  const options: FileDownloadOptions = { resume: { fromBytes: 1_000, transferId } };
  console.log((await client.downloadCommandFile(actionId, 0, options)).status);
}

export async function exampleOfMachineActionOperations(): Promise<void> {
  const running = await client.listMachineActions({ filter: "status eq 'InProgress'" });
  for (const action of running) await client.cancelMachineAction(action.id, "end of the exercise");
}

export async function exampleOfMachineDetailsOptions(): Promise<void> {
  const options: MachineDetailsOptions = { state: "retired", limit: 100 };
  console.log((await client.listMachineDetails(options)).length);
}

export async function exampleOfMachineOperations(): Promise<void> {
  const machine = await client.getMachine("device-1");
  await client.setMachineTag(machine.id, { Value: "case-4711", Action: "Add" });
  const { key } = await client.getMachineSecretKey(machine.id);
  console.log(key);
}

export async function exampleOfResultOperations(): Promise<void> {
  const url = await client.getDownloadUrl("11111111-2222-3333-4444-555555555555", 0);
  const response = await client.downloadResult(url);
  if (response.body !== null) await writeFile("result.gz", response.body);
}

export async function exampleOfCallOptions(): Promise<void> {
  const options: CallOptions = { signal: AbortSignal.timeout(10_000) };
  console.log(await client.info(options));
}

export async function exampleOfStartOptions(): Promise<void> {
  const machineId = "1e5bc9d7e413ddd7902c2932e418702b84d0cc07";
  const params = [{ key: "ScriptName", value: "triage.sh" }];
  const options: StartOptions = { idempotencyKey: crypto.randomUUID() };
  const Commands = [{ type: "RunScript" as const, params }];
  const request = { Commands, Comment: "case 4711" };
  const action = await client.startLiveResponse(machineId, request, options);
  console.log(action.id);
}

export async function exampleOfClientClock(): Promise<void> {
  const clock: ClientClock = {
    nowMs: () => 1_700_000_000_000,
    after: (_delayMs, run) => {
      queueMicrotask(run);
      return () => {};
    },
  };
  console.log(clock.nowMs());
}

export async function exampleOfFetch(): Promise<void> {
  const logged: Fetch = (url, init) => {
    console.log(init.method, new URL(url).pathname);
    return fetch(url, init);
  };
  console.log(logged.length);
}

export async function exampleOfWaitNotice(): Promise<void> {
  const onWait = ({ reason, waitMs, message }: WaitNotice) =>
    console.error(`${reason}: next attempt in ${waitMs} ms: ${message}`);
  onWait({ reason: "throttled", waitMs: 1_000, message: "Too many requests" });
}

export async function exampleOfAPI_SCOPE(): Promise<void> {
  const form = new URLSearchParams({ grant_type: "client_credentials", scope: API_SCOPE });
  console.log(form.get("scope"));
}

export async function exampleOfApplicationCredentials(): Promise<void> {
  const credentials: ApplicationCredentials = {
    tokenUrl: "https://halligan.example:8443/my-tenant/oauth2/v2.0/token",
    clientId: "my-client-id",
    clientSecret: await readFile("client-secret", "utf8"),
  };
  console.log(credentials.clientId);
}

export async function exampleOfTokenProvider(): Promise<void> {
  const provider: TokenProvider = { accessToken: () => readFile("token", "utf8") };
  const client = createClient({ baseUrl: "https://halligan.example:8443", credentials: provider });
  console.log(await client.listMachines());
}
