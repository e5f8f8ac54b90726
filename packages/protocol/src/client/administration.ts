import {
  ApplicationListWire,
  type ApplicationWire,
  type CreateApplicationRequest,
  type CreateEnrollmentTokenRequest,
  EnrollmentTokenWire,
  InfoWire,
  NewApplicationWire,
} from "../api/index.ts";
import type { CallOptions } from "./options.ts";
import type { Transport } from "./transport.ts";

export interface AdministrationOperations {
  /** Needs no token. UnexpectedAnswerError when the server is not Halligan. */
  info(options?: CallOptions): Promise<InfoWire>;
  createEnrollmentToken(request: CreateEnrollmentTokenRequest, options?: CallOptions): Promise<EnrollmentTokenWire>;
  createApplication(request: CreateApplicationRequest, options?: CallOptions): Promise<NewApplicationWire>;
  listApplications(options?: CallOptions): Promise<ApplicationWire[]>;
  deleteApplication(clientId: string, options?: CallOptions): Promise<void>;
}

export function administrationOperations(transport: Transport): AdministrationOperations {
  return {
    info: ({ signal } = {}) =>
      transport.sendForJson({ method: "GET", path: "/halligan/v1/info", isPublic: true, signal }, InfoWire),
    createEnrollmentToken: (request, { signal } = {}) =>
      transport.sendForJson(
        { method: "POST", path: "/halligan/v1/enrollment-tokens", json: request, signal },
        EnrollmentTokenWire,
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
  };
}

const APPLICATIONS = "/halligan/v1/applications";
