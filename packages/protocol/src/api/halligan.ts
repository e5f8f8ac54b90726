/**
 * Halligan's own interface, under `/halligan/v1`. Names in camelCase, times as ISO 8601 UTC, errors
 * as in the contract.
 */
import { type Static, Type } from "typebox";
import { NAME_PATTERN } from "../text/name-fault.ts";
import { ErrorWire } from "./error.ts";

const closed = { additionalProperties: false } as const;

/** `GET /halligan/v1/info`, without a token: the addresses that a client needs first. */
export const InfoWire = Type.Object({
  product: Type.Literal("Halligan"),
  version: Type.String(),
  tenant: Type.String(),
  tokenUrl: Type.String(),
});
export type InfoWire = Static<typeof InfoWire>;

/** `GET /healthz` */
export const HealthWire = Type.Object({ status: Type.Literal("alive") });
export type HealthWire = Static<typeof HealthWire>;

/** `GET /readyz`: 200 when nothing is missing. */
export const ReadinessWire = Type.Object({
  ready: Type.Boolean(),
  missing: Type.Array(
    Type.Object({
      part: Type.Union([
        Type.Literal("database"),
        Type.Literal("clock"),
        Type.Literal("bus"),
        Type.Literal("node"),
        Type.Literal("disk"),
      ]),
      reason: Type.String(),
    }),
  ),
  /**
   * Problems that need an operator while the node still works, such as a certificate that expires
   * soon. Absent before 0.2.
   */
  warnings: Type.Optional(
    Type.Array(
      Type.Object({
        part: Type.Union([Type.Literal("certificate"), Type.Literal("disk")]),
        reason: Type.String(),
      }),
    ),
  ),
});
export type ReadinessWire = Static<typeof ReadinessWire>;
/** The body of `GET /readyz` with status 503: the error of the API, and what is missing. */
export const UnreadyWire = Type.Object({ ...ErrorWire.properties, ...ReadinessWire.properties });
export type UnreadyWire = Static<typeof UnreadyWire>;

/** `POST /halligan/v1/enrollment-tokens` */
export const CreateEnrollmentTokenRequest = Type.Object(
  {
    /** Default 1. */
    uses: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
    /** Default 86,400 (a day), at most a year. */
    expiresInSeconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 31_536_000 })),
  },
  closed,
);
export type CreateEnrollmentTokenRequest = Static<typeof CreateEnrollmentTokenRequest>;

/** The token is returned only here. The server stores only its hash. */
export const EnrollmentTokenWire = Type.Object({
  id: Type.String(),
  token: Type.String(),
  uses: Type.Integer(),
  expiresAt: Type.String(),
});
export type EnrollmentTokenWire = Static<typeof EnrollmentTokenWire>;

/** The properties of a token without the token itself, which the server stores only as a hash. */
export const EnrollmentTokenSummaryWire = Type.Object({
  id: Type.String(),
  state: Type.Union([Type.Literal("usable"), Type.Literal("usedUp"), Type.Literal("expired"), Type.Literal("revoked")]),
  createdBy: Type.String(),
  createdAt: Type.String(),
  expiresAt: Type.String(),
  uses: Type.Integer(),
  /** 0 after a revocation. */
  usesLeft: Type.Integer(),
  lastUsedAt: Type.Union([Type.String(), Type.Null()]),
  /** Machines that enrolled with the token, including retired and removed ones. */
  machinesEnrolled: Type.Integer(),
  revokedAt: Type.Union([Type.String(), Type.Null()]),
  revokedBy: Type.Union([Type.String(), Type.Null()]),
});
export type EnrollmentTokenSummaryWire = Static<typeof EnrollmentTokenSummaryWire>;

/** `GET /halligan/v1/enrollment-tokens`: newest first; `nextLink` leads to older ones. */
export const EnrollmentTokenListWire = Type.Object({
  value: Type.Array(EnrollmentTokenSummaryWire),
  nextLink: Type.Union([Type.String(), Type.Null()]),
});
export type EnrollmentTokenListWire = Static<typeof EnrollmentTokenListWire>;

/**
 * The file with the first administrator's credentials (0600, in the server's data folder).
 * `halligan login --from` reads it.
 */
export const CredentialsFile = Type.Object({
  baseUrl: Type.String(),
  tokenUrl: Type.String(),
  tenant: Type.String(),
  clientId: Type.String(),
  clientSecret: Type.String(),
});
export type CredentialsFile = Static<typeof CredentialsFile>;

/** `GET`, `PUT /halligan/v1/library-approvals/{sha256}`: who approved these bytes, oldest first. */
export const LibraryApprovalListWire = Type.Object({
  value: Type.Array(
    Type.Object({
      sha256: Type.String(),
      /** The account that approved: the application, or the account that is responsible for it. */
      accountId: Type.String(),
      approvedBy: Type.String(),
      approvedAt: Type.String(),
    }),
  ),
});
export type LibraryApprovalListWire = Static<typeof LibraryApprovalListWire>;

/** `POST /halligan/v1/blocked-callers` */
export const BlockCallerRequest = Type.Object(
  {
    /** `actorId` of the audit log: of a user or application of an outside issuer. */
    callerId: Type.String({ minLength: 3, maxLength: 2_048, pattern: "^[^#\\u0000]+#[^\\u0000]+$" }),
    reason: Type.String({ minLength: 1, maxLength: 1_000, pattern: "^[^\\u0000]*$" }),
  },
  closed,
);
export type BlockCallerRequest = Static<typeof BlockCallerRequest>;

export const BlockedCallerWire = Type.Object({
  callerId: Type.String(),
  blockedBy: Type.String(),
  blockedAt: Type.String(),
  reason: Type.String(),
});
export type BlockedCallerWire = Static<typeof BlockedCallerWire>;

/** `GET /halligan/v1/blocked-callers`: newest first. */
export const BlockedCallerListWire = Type.Object({ value: Type.Array(BlockedCallerWire) });
export type BlockedCallerListWire = Static<typeof BlockedCallerListWire>;

/** `GET /halligan/v1/library/{fileName}/versions` */
export const LibraryFileVersionListWire = Type.Object({
  value: Type.Array(
    Type.Object({
      fileName: Type.String(),
      sha256: Type.String(),
      sizeBytes: Type.Integer(),
      description: Type.Union([Type.String(), Type.Null()]),
      updatedBy: Type.String(),
      updatedAt: Type.String(),
      /** When the version was replaced or removed; null for the present one. */
      endedAt: Type.Union([Type.String(), Type.Null()]),
    }),
  ),
});
export type LibraryFileVersionListWire = Static<typeof LibraryFileVersionListWire>;

/**
 * Of machine groups: `docs/contract/lifecycle.md#queue-and-concurrency`. Live response needs
 * another level than `none`.
 */
export const RemediationLevelWire = Type.Union([
  Type.Literal("none"),
  Type.Literal("semi-all"),
  Type.Literal("semi-non-temp"),
  Type.Literal("semi-system"),
  Type.Literal("full"),
]);

const names = Type.Array(Type.String({ minLength: 1, maxLength: 256 }), { maxItems: 1_000, uniqueItems: true });

/** `POST /halligan/v1/device-groups`, `PUT /halligan/v1/device-groups/{id}` */
export const DeviceGroupRequest = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 120, pattern: NAME_PATTERN }),
    remediationLevel: RemediationLevelWire,
    /** Whether all users of outside issuers can access its machines. Default false. */
    isOpenToUsers: Type.Optional(Type.Boolean()),
    /** Ids of users that can access its machines. */
    users: Type.Optional(names),
    /** Groups by the names of the users' issuer. */
    userGroups: Type.Optional(names),
  },
  closed,
);
export type DeviceGroupRequest = Static<typeof DeviceGroupRequest>;

export const DeviceGroupWire = Type.Object({
  id: Type.Integer(),
  name: Type.String(),
  remediationLevel: RemediationLevelWire,
  /** Absent before 0.2. In that case, a group that names no users and no groups is open. */
  isOpenToUsers: Type.Optional(Type.Boolean()),
  users: Type.Array(Type.String()),
  userGroups: Type.Array(Type.String()),
});
export type DeviceGroupWire = Static<typeof DeviceGroupWire>;

/** `GET /halligan/v1/device-groups` */
export const DeviceGroupListWire = Type.Object({ value: Type.Array(DeviceGroupWire) });
export type DeviceGroupListWire = Static<typeof DeviceGroupListWire>;

/** `PUT /halligan/v1/machines/{id}/device-group` */
export const MachineDeviceGroupRequest = Type.Object(
  { groupId: Type.Integer({ minimum: 0, maximum: 999_999_999 }) },
  closed,
);
export type MachineDeviceGroupRequest = Static<typeof MachineDeviceGroupRequest>;

/** `GET /halligan/v1/audit`: newest first, with `after` oldest first; `nextLink` leads on. */
export const AuditRecordWire = Type.Object({
  seq: Type.Integer(),
  at: Type.String(),
  actor: Type.String(),
  actorId: Type.String(),
  /** Null in older records. */
  actorKind: Type.Union([
    Type.Literal("application"),
    Type.Literal("user"),
    Type.Literal("machine"),
    Type.Literal("server"),
    Type.Null(),
  ]),
  /** Client id of the calling application, or of the application that a user called through. */
  application: Type.Union([Type.String(), Type.Null()]),
  /** Network address of the caller; null when the server acted by itself. */
  address: Type.Union([Type.String(), Type.Null()]),
  operation: Type.String(),
  machineId: Type.Union([Type.String(), Type.Null()]),
  actionId: Type.Union([Type.String(), Type.Null()]),
  /**
   * Facts of the operation; of a start `commands` with their `args`, and `comment`.
   * docs/identity.md.
   */
  detail: Type.Record(Type.String(), Type.Unknown()),
});
export type AuditRecordWire = Static<typeof AuditRecordWire>;
export const AuditListWire = Type.Object({
  value: Type.Array(AuditRecordWire),
  nextLink: Type.Union([Type.String(), Type.Null()]),
  /** Only with `after`, whose next value it is. No record up to it can still appear. */
  nextAfter: Type.Optional(Type.Integer({ minimum: 0 })),
});
export type AuditListWire = Static<typeof AuditListWire>;
