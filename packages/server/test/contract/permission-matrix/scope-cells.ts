import { readsOneAction } from "./access-cells.ts";
import type { PathValues } from "./sample-request.ts";

/**
 * The objects of a scope cell. They are created for this cell, in a device group that one of the
 * users reaches.
 */
export interface Entities {
  readonly machineId: string;
  /** An action of that machine, finished, with a result. */
  readonly actionId: string;
  readonly groupId: number;
  /** A library file of another caller that is bound to the group. */
  readonly fileName: string;
}

/** `200+`: the response names the machine; `200-`: it does not. Otherwise the status. */
export type Outcome = number | "200+" | "200-";

export interface ScopeRow {
  /** Every permission, from an application. */
  readonly application: Outcome;
  /** Every permission, from a user who reaches the group. */
  readonly inside: Outcome;
  /** Every permission, from a user who does not. */
  readonly outside: Outcome;
  readonly values?: (entities: Entities) => PathValues;
  readonly body?: (entities: Entities) => unknown;
  readonly query?: string;
}

const machine = ({ machineId }: Entities): PathValues => ({ id: machineId });
const action = ({ actionId }: Entities): PathValues => ({ id: actionId });
const file = ({ fileName }: Entities): PathValues => ({ fileName });
const group = ({ groupId }: Entities): PathValues => ({ groupId: String(groupId) });

const start = { Commands: [{ type: "GetFile", params: [{ key: "Path", value: "/x" }] }], Comment: "c" };
const hidden = (status: Outcome, values: ScopeRow["values"], body: unknown = {}): ScopeRow => ({
  application: status,
  inside: status,
  outside: 404,
  ...(values && { values }),
  body: () => body,
});
const listed: ScopeRow = { application: "200+", inside: "200+", outside: "200-" };
const unserved = hidden(403, machine);

/** Every route whose response depends on the device groups of the caller. */
export const SCOPE: Readonly<Record<string, ScopeRow>> = {
  "POST /api/machines/:id/runliveresponse": hidden(201, machine, start),
  "POST /halligan/v1/machines/:id/actions": hidden(201, machine, start),
  "GET /halligan/v1/machines/:id/secret-key": hidden(409, machine),
  "GET /api/machineactions": listed,
  "GET /api/machines": listed,
  "GET /halligan/v1/machines": listed,
  "GET /halligan/v1/audit": listed,
  "GET /api/machines/findbytag": { ...listed, query: "?tag=matrix" },
  "GET /api/machines/findbyip(ip=:ip([^,]*),timestamp=:timestamp([^,]*))": {
    ...listed,
    values: () => ({ ip: "'192.0.2.77'" }),
  },
  "GET /api/machineactions/:id": hidden("200+", action),
  "POST /api/machineactions/:id/cancel": hidden(400, action, { Comment: "c" }),
  "GET /api/machineactions/:id/GetLiveResponseResultDownloadLink(index=:index([\\w.+-]*))": hidden("200-", action),
  "GET /halligan/v1/actions": listed,
  "GET /halligan/v1/actions/:id": hidden("200+", action),
  "GET /halligan/v1/actions/:id/events": hidden("200+", action),
  "GET /halligan/v1/actions/:id/evidence": hidden("200+", action),
  "GET /halligan/v1/actions/:id/commands/:index(\\d{1,9})/script": hidden("200-", action),
  "GET /halligan/v1/actions/:id/commands/:index(\\d{1,9})/output/:stream(stdout|stderr)": hidden("200-", action),
  "GET /halligan/v1/actions/:id/commands/:index(\\d{1,3})/file": hidden(400, action),
  "POST /halligan/v1/actions/:id/revoke-links": hidden(204, action),
  "GET /api/machines/:id": hidden("200+", machine),
  "POST /api/machines/:id/tags": hidden("200+", machine, { Value: "t", Action: "Add" }),
  "POST /api/machines/:id/isolate": unserved,
  "POST /api/machines/:id/unisolate": unserved,
  "POST /api/machines/:id/collectInvestigationPackage": unserved,
  "POST /api/machines/:id/runAntiVirusScan": unserved,
  "POST /api/machines/:id/restrictCodeExecution": unserved,
  "POST /api/machines/:id/unrestrictCodeExecution": unserved,
  "POST /api/machines/:id/offboard": unserved,
  "POST /api/machines/:id/StopAndQuarantineFile": unserved,
  "GET /halligan/v1/machines/:id": hidden("200+", machine),
  "PUT /halligan/v1/machines/:id/name": hidden("200+", machine, { name: "n" }),
  "PUT /halligan/v1/machines/:id/tags": hidden("200+", machine, { tags: ["t"] }),
  "POST /halligan/v1/machines/:id/retire": hidden("200+", machine, { reason: "r" }),
  "POST /halligan/v1/machines/:id/reinstate": hidden("200+", machine),
  "POST /halligan/v1/machines/:id/quarantine": hidden("200+", machine, { reason: "r" }),
  "POST /halligan/v1/machines/:id/release": hidden("200+", machine),
  // In use: it must be retired first, and the refusal says so only to callers in whose scope it is.
  "DELETE /halligan/v1/machines/:id": hidden(400, machine),
  "PUT /halligan/v1/machines/:id/device-group": { ...hidden("200+", machine, { groupId: 0 }), inside: 404 },
  "PUT /halligan/v1/device-groups/:id(\\d{1,9})": {
    ...hidden("200-", group),
    body: ({ groupId }) => ({ name: `group ${groupId}`, remediationLevel: "full" }),
  },
  // The group has machines, and the refusal says so only to callers in whose scope they are.
  "DELETE /halligan/v1/device-groups/:id(\\d{1,9})": hidden(400, group),
  // Each of the three has the right to override; the file is bound to the group.
  "DELETE /api/libraryfiles/:fileName": { application: 204, inside: 204, outside: 403, values: file },
  "PUT /halligan/v1/library/:fileName": {
    application: "200-",
    inside: "200-",
    outside: 403,
    values: file,
    query: "?override=true",
  },
};

/**
 * The row of a route: its own, or the one that all routes for reading one thing of an action share.
 */
export const scopeOf = (title: string): ScopeRow | undefined =>
  SCOPE[title] ?? (readsOneAction(title) ? hidden(200, action) : undefined);

/**
 * Routes with the same response for every caller with the permission. A route in neither list fails
 * the matrix.
 */
export const WITHOUT_SCOPE: ReadonlySet<string> = new Set([
  "GET /api/alerts",
  "GET /api/libraryfiles",
  // The rule of PUT, for a new file.
  "POST /api/libraryfiles",
  "PUT /halligan/v1/content/:sha256",
  "GET /halligan/v1/library/:fileName",
  "GET /halligan/v1/library/:fileName/content",
  "GET /halligan/v1/library/:fileName/versions",
  "PUT /halligan/v1/library-approvals/:sha256",
  "DELETE /halligan/v1/library-approvals/:sha256",
  "GET /halligan/v1/library-approvals/:sha256",
  "POST /halligan/v1/enrollment-tokens",
  "GET /halligan/v1/enrollment-tokens",
  "POST /halligan/v1/enrollment-tokens/:tokenId/revoke",
  "POST /halligan/v1/applications",
  "GET /halligan/v1/applications",
  "DELETE /halligan/v1/applications/:clientId",
  "DELETE /halligan/v1/applications/:clientId/secret",
  "POST /halligan/v1/applications/:clientId/secrets",
  "DELETE /halligan/v1/applications/:clientId/secrets/:secretId",
  "POST /halligan/v1/applications/:clientId/revoke-tokens",
  "POST /halligan/v1/blocked-callers",
  "GET /halligan/v1/blocked-callers",
  "DELETE /halligan/v1/blocked-callers/:callerId",
  "GET /halligan/v1/device-groups",
  "POST /halligan/v1/device-groups",
]);
