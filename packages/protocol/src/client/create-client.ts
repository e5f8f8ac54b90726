import { systemClock } from "../time/index.ts";
import { type AccessOperations, accessOperations } from "./operations/access.ts";
import { type AdministrationOperations, administrationOperations } from "./operations/administration.ts";
import { type AuditOperations, auditOperations } from "./operations/audit.ts";
import { type DeviceGroupOperations, deviceGroupOperations } from "./operations/device-groups.ts";
import { type LibraryOperations, libraryOperations } from "./operations/library.ts";
import { type MachineActionOperations, machineActionOperations } from "./operations/machine-actions.ts";
import { type MachineOperations, machineOperations } from "./operations/machines.ts";
import { type ResultOperations, resultOperations } from "./operations/results.ts";
import type { ClientClock } from "./transport/clock.ts";
import type { Fetch } from "./transport/fetch-once.ts";
import type { WaitNotice } from "./transport/retry-policy.ts";
import { type ApplicationCredentials, createTokenSource, type TokenProvider } from "./transport/token-source.ts";
import { createTransport } from "./transport/transport.ts";

/**
 * What a client needs, and its limits.
 *
 * @example
 * ```ts
 * const options: ClientOptions = {
 *   baseUrl: "https://halligan.example:8443",
 *   credentials: {
 *     tokenUrl: "https://halligan.example:8443/my-tenant/oauth2/v2.0/token",
 *     clientId: "my-client-id",
 *     clientSecret: await readFile("client-secret", "utf8"),
 *   },
 *   maxRetryWaitMs: 60_000,
 * };
 * await createClient(options).verifyCredentials();
 * ```
 */
export interface ClientOptions {
  /** Where the API is, without `/api`: `https://halligan.example:8443`. */
  baseUrl: string;
  credentials: ApplicationCredentials | TokenProvider;
  /** Default: `fetch` of the runtime. */
  fetch?: Fetch;
  /** Called before each wait on 429, 503 or a lost connection. */
  onWait?: (notice: WaitNotice) => void;
  /** Bound on the total of such waits in one operation, in milliseconds. Default 300,000. */
  maxRetryWaitMs?: number;
  /**
   * Longest silence before the head of a response and within its body, in milliseconds. It does not
   * apply to the head of the response to an upload. Default 60,000.
   */
  responseTimeoutMs?: number;
  clock?: ClientClock;
}

/**
 * One method per operation of the API. A method throws ApiError, TokenError, UnreachableError,
 * UnexpectedResponseError, or the reason of an aborted signal. Each response is checked against its
 * schema before it is returned.
 *
 * @example
 * ```ts
 * const [machine] = await client.listMachines({ filter: "healthStatus eq 'Active'", limit: 1 });
 * if (machine === undefined) throw new Error("No machine is active");
 * const action = await client.runLiveResponse(machine.id, {
 *   Commands: [{ type: "RunScript", params: [{ key: "ScriptName", value: "triage.sh" }] }],
 *   Comment: "case 4711",
 * });
 * for await (const { event, data } of client.watchMachineAction(action.id)) {
 *   if (event === "action") console.log(data.status);
 * }
 * const url = await client.getDownloadUrl(action.id, 0);
 * console.log((await client.downloadTranscript(url)).script_output);
 * ```
 */
export interface HalliganClient
  extends AdministrationOperations,
    AccessOperations,
    MachineOperations,
    MachineActionOperations,
    ResultOperations,
    LibraryOperations,
    DeviceGroupOperations,
    AuditOperations {
  /**
   * Checks the credentials by getting a token. It requests a new token if there is no valid one.
   */
  verifyCredentials(options?: { signal?: AbortSignal | undefined }): Promise<void>;
}

/**
 * Creates a client. It sends no request until a method is called, and holds nothing to close.
 *
 * @example
 * ```ts
 * const client = createClient({
 *   baseUrl: "https://halligan.example:8443",
 *   credentials: {
 *     tokenUrl: "https://halligan.example:8443/my-tenant/oauth2/v2.0/token",
 *     clientId: "my-client-id",
 *     clientSecret: await readFile("client-secret", "utf8"),
 *   },
 * });
 * console.log((await client.info()).version);
 * ```
 */
export function createClient(options: ClientOptions): HalliganClient {
  const shared = {
    fetch: options.fetch ?? ((url, init) => globalThis.fetch(url, init)),
    clock: options.clock ?? systemClock,
    responseTimeoutMs: options.responseTimeoutMs ?? 60_000,
    maxRetryWaitMs: options.maxRetryWaitMs ?? 300_000,
    onWait: options.onWait ?? (() => undefined),
  };
  const { credentials } = options;
  // By property: users write this value, and a `kind` would only repeat what it holds.
  const tokens = "accessToken" in credentials ? credentials : createTokenSource({ credentials, ...shared });
  const transport = createTransport({ baseUrl: withoutTrailingSlash(options.baseUrl), tokens, ...shared });
  return {
    async verifyCredentials({ signal } = {}) {
      await tokens.accessToken({ renew: true, signal });
    },
    ...administrationOperations(transport),
    ...accessOperations(transport),
    ...machineOperations(transport),
    ...machineActionOperations(transport, shared.clock),
    ...resultOperations(shared.fetch, shared.responseTimeoutMs),
    ...libraryOperations(transport),
    ...deviceGroupOperations(transport),
    ...auditOperations(transport),
  };
}

function withoutTrailingSlash(url: string): string {
  return new URL(url).href.replace(/\/+$/, "");
}
