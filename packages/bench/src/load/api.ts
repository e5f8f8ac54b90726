import {
  type CommandRequest,
  type CredentialsFile,
  DownloadUrlWire,
  TokenWire,
  TranscriptWire,
} from "@halligan/protocol/api";
import { API_SCOPE } from "@halligan/protocol/client";
import { ENROLL_PATH, type EnrollRequest, EnrollResponse } from "@halligan/protocol/link";
import { type Static, type TSchema, Type } from "typebox";
import { Compile } from "typebox/compile";
import { Value } from "typebox/value";
import type { HttpAnswer } from "./http-connection.ts";
import { HttpPool } from "./http-pool.ts";

export interface ApiOptions {
  readonly connections: number;
  /** The certificate to trust, for a server that ends TLS. */
  readonly ca?: string | null;
}

/**
 * The checked part of a response under load. It is only a part, because the check costs processor
 * time too.
 */
const StartedAction = Compile(Type.Object({ id: Type.String() }));
const Counted = Type.Object({ "@odata.count": Type.Integer() });
const EnrollmentToken = Type.Object({ token: Type.String() });

/** The API as the benches call it: the product's own operations over cheap connections. */
export class Api implements Disposable {
  readonly baseUrl: string;
  readonly token: string;
  readonly #pool: HttpPool;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(baseUrl: string, token: string, { connections, ca = null }: ApiOptions) {
    this.baseUrl = baseUrl;
    this.token = token;
    this.#pool = new HttpPool(baseUrl, connections, ca);
    this.#headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  }

  /**
   * `baseUrl`: the node that receives the requests. The address in the credentials is that of all
   * nodes.
   */
  static async signIn(baseUrl: string, credentials: CredentialsFile, options: ApiOptions): Promise<Api> {
    using pool = new HttpPool(baseUrl, 1, options.ca ?? null);
    const form = new URLSearchParams({
      grant_type: "client_credentials",
      client_id: credentials.clientId,
      client_secret: credentials.clientSecret,
      scope: API_SCOPE,
    });
    const { pathname } = new URL(credentials.tokenUrl);
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const answer = await pool.request("POST", pathname, headers, form.toString());
    const { access_token } = parsed(answer, 200, TokenWire, "the token request");
    return new Api(baseUrl, access_token, options);
  }

  /** The unparsed response, for callers that measure one request. */
  post(path: string, body: string): Promise<HttpAnswer> {
    return this.#pool.request("POST", path, this.#headers, body);
  }

  get(path: string): Promise<HttpAnswer> {
    return this.#pool.request("GET", path, this.#headers, null);
  }

  async startAction(machineId: string, commands: readonly CommandRequest[]): Promise<string> {
    const body = JSON.stringify({ Commands: commands, Comment: "bench" });
    const answer = await this.post(`/api/machines/${machineId}/runliveresponse`, body);
    const value: unknown = JSON.parse(bodyOf(answer, 201));
    if (!StartedAction.Check(value)) throw new Error("the action has another shape");
    return value.id;
  }

  async countActions(filter: string): Promise<number> {
    const answer = await this.get(`/api/machineactions?$filter=${encodeURIComponent(filter)}&$count=true&$top=1`);
    return parsed(answer, 200, Counted, "the count of actions")["@odata.count"];
  }

  async transcript(actionId: string): Promise<TranscriptWire> {
    const path = `/api/machineactions/${actionId}/GetLiveResponseResultDownloadLink(index=0)`;
    const { value } = parsed(await this.get(path), 200, DownloadUrlWire, "the result link");
    const { pathname, search } = new URL(value);
    return parsed(
      await this.#pool.request("GET", `${pathname}${search}`, {}, null),
      200,
      TranscriptWire,
      "the transcript",
    );
  }

  async createEnrollmentToken(uses: number): Promise<string> {
    const body = JSON.stringify({ uses, expiresInSeconds: 3_600 });
    const answer = await this.post("/halligan/v1/enrollment-tokens", body);
    return parsed(answer, 201, EnrollmentToken, "the enrollment token").token;
  }

  async enroll(request: EnrollRequest): Promise<EnrollResponse> {
    const headers = { "content-type": "application/json" };
    const answer = await this.#pool.request("POST", ENROLL_PATH, headers, JSON.stringify(request));
    return parsed(answer, 200, EnrollResponse, "the enrollment");
  }

  [Symbol.dispose](): void {
    this.#pool[Symbol.dispose]();
  }
}

function bodyOf({ status, body }: HttpAnswer, expected: number): string {
  const text = body.toString("utf8");
  if (status !== expected) throw new Error(`the server answered ${status} instead of ${expected}: ${text}`);
  return text;
}

function parsed<T extends TSchema>(answer: HttpAnswer, expected: number, schema: T, what: string): Static<T> {
  try {
    return Value.Parse(schema, JSON.parse(bodyOf(answer, expected)));
  } catch (cause) {
    throw new Error(`${what} failed`, { cause });
  }
}
