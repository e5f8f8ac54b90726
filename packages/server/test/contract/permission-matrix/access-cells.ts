/**
 * An independent copy of the permissions of each operation. Nothing here is read from the server.
 */
export type AccessRow =
  /** `status`: of the sample request, for any sender. */
  | { readonly kind: "anonymous"; readonly status: number }
  /** `status`: with the ticket of a linked machine. Every other credential is 401. */
  | { readonly kind: "ticket"; readonly status: number }
  /**
   * `status`: with any one of the permissions. A valid token without any of them is 403; without a
   * valid token it is 401.
   */
  | {
      readonly kind: "permissions";
      readonly application: readonly string[];
      readonly delegated: readonly string[];
      readonly status: number;
    };

const row = (status: number, application: string, delegated: string = application): AccessRow => ({
  kind: "permissions",
  application: application.split(" "),
  delegated: delegated.split(" "),
  status,
});
const anybody = (status: number): AccessRow => ({ kind: "anonymous", status });
const agents = (status: number): AccessRow => ({ kind: "ticket", status });

const READ = ["Machine.Read.All Machine.ReadWrite.All", "Machine.Read Machine.ReadWrite"] as const;
const WRITE = ["Machine.ReadWrite.All", "Machine.ReadWrite"] as const;
const ACTING =
  "Machine.CollectForensics Machine.Isolate Machine.RestrictExecution Machine.Scan Machine.Offboard Machine.StopAndQuarantine Machine.LiveResponse";
const UNSERVED = [`${ACTING} ${READ[0]}`, `${ACTING} ${READ[1]}`] as const;
const LIBRARY = "Library.Manage";
const ADMIN = "Halligan.Admin";
const APPROVE = "Halligan.Library.Approve";

/** Every existing permission. The matrix fails if one is missing here or no longer exists. */
export const ROLES = `${READ[0]} ${ACTING} ${LIBRARY} ${ADMIN} Halligan.Audit.Read Halligan.Library.Override ${APPROVE}`;
export const SCOPES = `${READ[1]} ${ACTING} ${LIBRARY} ${ADMIN} Halligan.Audit.Read Halligan.Library.Override ${APPROVE}`;

/**
 * One row for each route but those of {@link accessOf}. A route without a row, and a row without a
 * route, fail the matrix.
 */
export const ACCESS: Readonly<Record<string, AccessRow>> = {
  "POST /:tenant/oauth2/token": anybody(400),
  "POST /:tenant/oauth2/v2.0/token": anybody(400),
  "GET /:tenant/.well-known/openid-configuration": anybody(200),
  "GET /:tenant/v2.0/.well-known/openid-configuration": anybody(200),
  "GET /:tenant/discovery/keys": anybody(200),
  "GET /:tenant/discovery/v2.0/keys": anybody(200),
  "GET /common/discovery/instance": anybody(400),
  "GET /common/userrealm/:user": anybody(200),
  "POST /api/machines/:id/runliveresponse": row(400, "Machine.LiveResponse"),
  "GET /api/machineactions": row(200, ...READ),
  "GET /api/machineactions/:id": row(404, ...READ),
  "POST /api/machineactions/:id/cancel": row(400, ACTING),
  "GET /api/machineactions/:id/GetLiveResponseResultDownloadLink(index=:index([\\w.+-]*))": row(
    404,
    READ[0],
    "Machine.LiveResponse",
  ),
  "GET /halligan/v1/actions/:id/commands/:index(\\d{1,9})/script": row(404, READ[0], "Machine.LiveResponse"),
  "GET /api/machines": row(200, ...READ),
  "GET /api/machines/findbytag": row(200, ...READ),
  "GET /api/machines/findbyip(ip=:ip([^,]*),timestamp=:timestamp([^,]*))": row(200, ...READ),
  "GET /api/machines/:id": row(404, ...READ),
  "POST /api/machines/:id/tags": row(400, ...WRITE),
  "GET /api/alerts": row(200, `${READ[0]} Machine.LiveResponse`, `${READ[1]} Machine.LiveResponse`),
  "POST /api/machines/:id/isolate": row(404, ...UNSERVED),
  "POST /api/machines/:id/unisolate": row(404, ...UNSERVED),
  "POST /api/machines/:id/collectInvestigationPackage": row(404, ...UNSERVED),
  "POST /api/machines/:id/runAntiVirusScan": row(404, ...UNSERVED),
  "POST /api/machines/:id/restrictCodeExecution": row(404, ...UNSERVED),
  "POST /api/machines/:id/unrestrictCodeExecution": row(404, ...UNSERVED),
  "POST /api/machines/:id/offboard": row(404, ...UNSERVED),
  "POST /api/machines/:id/StopAndQuarantineFile": row(404, ...UNSERVED),
  "GET /api/libraryfiles": row(200, LIBRARY),
  "POST /api/libraryfiles": row(400, LIBRARY),
  "DELETE /api/libraryfiles/:fileName": row(404, LIBRARY),
  "GET /halligan/v1/info": anybody(200),
  "GET /openapi.json": anybody(200),
  "POST /halligan/v1/machines/:id/actions": row(400, "Machine.LiveResponse"),
  "GET /halligan/v1/machines/:id/secret-key": row(404, "Machine.LiveResponse"),
  "PUT /halligan/v1/content/:sha256": row(400, LIBRARY),
  "GET /halligan/v1/results/:actionId/:index": anybody(403),
  "GET /halligan/v1/actions": row(200, ...READ),
  "GET /halligan/v1/actions/:id": row(404, ...READ),
  "GET /halligan/v1/actions/:id/output": row(404, READ[0], "Machine.LiveResponse"),
  "GET /halligan/v1/actions/:id/commands/:index(\\d{1,9})/output/:stream(stdout|stderr)": row(
    404,
    READ[0],
    "Machine.LiveResponse",
  ),
  "GET /halligan/v1/actions/:id/commands/:index(\\d{1,3})/file": row(404, READ[0], "Machine.LiveResponse"),
  "POST /halligan/v1/actions/:id/revoke-links": row(
    404,
    "Machine.ReadWrite.All Machine.LiveResponse",
    "Machine.LiveResponse",
  ),
  "GET /halligan/v1/library/:fileName": row(404, `${LIBRARY} Machine.LiveResponse`),
  "PUT /halligan/v1/library/:fileName": row(400, LIBRARY),
  "GET /halligan/v1/library/:fileName/content": row(404, `${LIBRARY} ${APPROVE}`),
  "GET /halligan/v1/library/:fileName/versions": row(404, LIBRARY),
  "PUT /halligan/v1/library-approvals/:sha256": row(200, APPROVE),
  "DELETE /halligan/v1/library-approvals/:sha256": row(404, APPROVE),
  "GET /halligan/v1/library-approvals/:sha256": row(200, `${APPROVE} ${LIBRARY} Machine.LiveResponse`),
  "GET /halligan/v1/machines": row(200, ...READ),
  "GET /halligan/v1/machines/:id": row(404, ...READ),
  "PUT /halligan/v1/machines/:id/name": row(400, ...WRITE),
  "PUT /halligan/v1/machines/:id/tags": row(400, ...WRITE),
  "POST /halligan/v1/machines/:id/retire": row(400, `Machine.Offboard ${ADMIN}`),
  "POST /halligan/v1/machines/:id/reinstate": row(404, ADMIN),
  "POST /halligan/v1/machines/:id/quarantine": row(400, `Machine.Isolate ${ADMIN}`),
  "POST /halligan/v1/machines/:id/release": row(404, ADMIN),
  "DELETE /halligan/v1/machines/:id": row(404, ADMIN),
  "POST /halligan/v1/enrollment-tokens": row(201, ADMIN),
  "GET /halligan/v1/enrollment-tokens": row(200, ADMIN),
  "POST /halligan/v1/enrollment-tokens/:tokenId/revoke": row(404, ADMIN),
  "POST /halligan/v1/applications": row(400, ADMIN),
  "GET /halligan/v1/applications": row(200, ADMIN),
  "DELETE /halligan/v1/applications/:clientId": row(404, ADMIN),
  "DELETE /halligan/v1/applications/:clientId/secret": row(404, ADMIN),
  "POST /halligan/v1/applications/:clientId/secrets": row(404, ADMIN),
  "DELETE /halligan/v1/applications/:clientId/secrets/:secretId": row(404, ADMIN),
  "POST /halligan/v1/applications/:clientId/revoke-tokens": row(404, ADMIN),
  "POST /halligan/v1/blocked-callers": row(400, ADMIN),
  "GET /halligan/v1/blocked-callers": row(200, ADMIN),
  "DELETE /halligan/v1/blocked-callers/:callerId": row(404, ADMIN),
  "GET /halligan/v1/device-groups": row(200, ADMIN),
  "POST /halligan/v1/device-groups": row(400, ADMIN),
  "PUT /halligan/v1/device-groups/:id(\\d{1,9})": row(400, ADMIN),
  "DELETE /halligan/v1/device-groups/:id(\\d{1,9})": row(404, ADMIN),
  "PUT /halligan/v1/machines/:id/device-group": row(400, ADMIN),
  "GET /halligan/v1/audit": row(200, `Halligan.Audit.Read ${ADMIN}`),
  "GET /healthz": anybody(200),
  "GET /readyz": anybody(200),
  "GET /metrics": anybody(401),
  "POST /agent/v1/enroll": anybody(400),
  "GET /agent/v1/actions/:actionId/files/:sha256": agents(410),
  "PUT /agent/v1/actions/:actionId/commands/:index(\\d{1,3})/uploads/:uploadId/parts/:part(\\d{1,6})": agents(400),
  "POST /agent/v1/actions/:actionId/commands/:index(\\d{1,3})/uploads/:uploadId/complete": agents(400),
};

/**
 * Reading one thing of an action. Such a route is known by its path, so a new one is checked as
 * well.
 */
const OF_ONE_ACTION = /^GET \/halligan\/v1\/actions\/:id\/\w+$/;
export const readsOneAction = (title: string): boolean => OF_ONE_ACTION.test(title);

/** The row of a route: its own, or that of all that read one thing of an action. */
export const accessOf = (title: string): AccessRow | undefined =>
  ACCESS[title] ?? (readsOneAction(title) ? row(404, ...READ) : undefined);
