import {
  type AddApplicationSecretRequest,
  ApplicationListWire,
  type ApplicationWire,
  type CreateApplicationRequest,
  type CreateEnrollmentTokenRequest,
  EnrollmentTokenListWire,
  EnrollmentTokenSummaryWire,
  EnrollmentTokenWire,
  InfoWire,
  NewApplicationSecretWire,
  NewApplicationWire,
} from "../../api/index.ts";
import type { CallOptions } from "../options.ts";
import type { Transport } from "../transport/transport.ts";

/**
 * Enrollment tokens and applications. Every method but `info` needs the permission Halligan.Admin.
 *
 * @example
 * ```ts
 * const enrollment = await client.createEnrollmentToken({ uses: 1, expiresInSeconds: 3_600 });
 * const application = await client.createApplication({
 *   name: "my playbook",
 *   roles: ["Machine.LiveResponse", "Machine.Read.All"],
 * });
 * console.log(enrollment.id, application.clientId);
 * ```
 */
export interface AdministrationOperations {
  /** Needs no token. UnexpectedResponseError when the server is not Halligan. */
  info(options?: CallOptions): Promise<InfoWire>;
  createEnrollmentToken(request: CreateEnrollmentTokenRequest, options?: CallOptions): Promise<EnrollmentTokenWire>;
  /** Newest first. The default of `limit` is 1,000. */
  listEnrollmentTokens(options?: CallOptions & { limit?: number | undefined }): Promise<EnrollmentTokenSummaryWire[]>;
  /** Repeating it changes nothing. */
  revokeEnrollmentToken(tokenId: string, options?: CallOptions): Promise<EnrollmentTokenSummaryWire>;
  createApplication(request: CreateApplicationRequest, options?: CallOptions): Promise<NewApplicationWire>;
  listApplications(options?: CallOptions): Promise<ApplicationWire[]>;
  deleteApplication(clientId: string, options?: CallOptions): Promise<void>;
  /** Also possible for an application that has keys. */
  deleteApplicationSecret(clientId: string, options?: CallOptions): Promise<void>;
  /** 403 `Forbidden` when the application has a permission that the caller does not have. */
  addApplicationSecret(
    clientId: string,
    request: AddApplicationSecretRequest,
    options?: CallOptions,
  ): Promise<NewApplicationSecretWire>;
  removeApplicationSecret(clientId: string, secretId: string, options?: CallOptions): Promise<void>;
  /** Revokes the access tokens and the download links of the application. */
  revokeApplicationTokens(clientId: string, options?: CallOptions): Promise<void>;
}

export function administrationOperations(transport: Transport): AdministrationOperations {
  return {
    info: ({ signal } = {}) =>
      transport.sendForJson({ method: "GET", path: "/halligan/v1/info", isPublic: true, signal }, InfoWire),
    createEnrollmentToken: (request, { signal } = {}) =>
      transport.sendForJson({ method: "POST", path: TOKENS, json: request, signal }, EnrollmentTokenWire),
    async listEnrollmentTokens({ limit = 1_000, signal } = {}) {
      const all: EnrollmentTokenSummaryWire[] = [];
      let next: string | null = `${TOKENS}?top=${Math.min(limit, MAX_TOKENS_AT_ONCE)}`;
      while (next !== null && all.length < limit) {
        const page: EnrollmentTokenListWire = await transport.sendForJson(
          { method: "GET", path: next, signal },
          EnrollmentTokenListWire,
        );
        all.push(...page.value);
        next = page.value.length === 0 ? null : page.nextLink;
      }
      return all.slice(0, limit);
    },
    revokeEnrollmentToken: (tokenId, { signal } = {}) =>
      transport.sendForJson(
        { method: "POST", path: `${TOKENS}/${encodeURIComponent(tokenId)}/revoke`, signal },
        EnrollmentTokenSummaryWire,
      ),
    createApplication: (request, { signal } = {}) =>
      transport.sendForJson({ method: "POST", path: APPLICATIONS, json: request, signal }, NewApplicationWire),
    async listApplications({ signal } = {}) {
      return (await transport.sendForJson({ method: "GET", path: APPLICATIONS, signal }, ApplicationListWire)).value;
    },
    async deleteApplication(clientId, { signal } = {}) {
      const path = `${APPLICATIONS}/${encodeURIComponent(clientId)}`;
      await (await transport.send({ method: "DELETE", path, signal })).body?.cancel();
    },
    async deleteApplicationSecret(clientId, { signal } = {}) {
      const path = `${APPLICATIONS}/${encodeURIComponent(clientId)}/secret`;
      await (await transport.send({ method: "DELETE", path, signal })).body?.cancel();
    },
    addApplicationSecret(clientId, request, { signal } = {}) {
      const path = `${APPLICATIONS}/${encodeURIComponent(clientId)}/secrets`;
      return transport.sendForJson({ method: "POST", path, json: request, signal }, NewApplicationSecretWire);
    },
    async removeApplicationSecret(clientId, secretId, { signal } = {}) {
      const path = `${APPLICATIONS}/${encodeURIComponent(clientId)}/secrets/${encodeURIComponent(secretId)}`;
      await (await transport.send({ method: "DELETE", path, signal })).body?.cancel();
    },
    async revokeApplicationTokens(clientId, { signal } = {}) {
      const path = `${APPLICATIONS}/${encodeURIComponent(clientId)}/revoke-tokens`;
      await (await transport.send({ method: "POST", path, signal })).body?.cancel();
    },
  };
}

const TOKENS = "/halligan/v1/enrollment-tokens";
const MAX_TOKENS_AT_ONCE = 1_000;
const APPLICATIONS = "/halligan/v1/applications";
