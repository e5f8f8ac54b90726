/** Halligan's own interface, under `/halligan/v1`. Names in camelCase, times as ISO 8601 UTC, errors as in the contract. */
import { type Static, Type } from "typebox";
import { FileChange } from "../link/file-change.ts";
import { NAME_PATTERN } from "../text/name-fault.ts";
import { ErrorWire } from "./error.ts";
import { MachineActionStatusWire, WaitingWire } from "./machine-action.ts";

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

const secretLifetime = Type.Integer({ minimum: 1, maximum: 315_360_000 });

/** `POST /halligan/v1/applications` */
export const CreateApplicationRequest = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 120, pattern: NAME_PATTERN }),
    /** Names of `PERMISSIONS`. */
    roles: Type.Array(Type.String(), { minItems: 1, maxItems: 64, uniqueItems: true }),
    /**
     * Public keys (JWK) that verify its signed token requests (private_key_jwt). An application
     * with keys gets no secret.
     */
    keys: Type.Optional(Type.Array(Type.Record(Type.String(), Type.Unknown()), { maxItems: 10 })),
    /** When the secret expires, at most ten years from now. Default never. */
    secretExpiresInSeconds: Type.Optional(secretLifetime),
  },
  closed,
);
export type CreateApplicationRequest = Static<typeof CreateApplicationRequest>;

/** A secret without its value. Only the application has the value. */
export const ApplicationSecretWire = Type.Object({
  id: Type.String(),
  createdAt: Type.String(),
  /** Null for a secret that does not expire. */
  expiresAt: Type.Union([Type.String(), Type.Null()]),
  /** False when it has expired. */
  isUsable: Type.Boolean(),
});
export type ApplicationSecretWire = Static<typeof ApplicationSecretWire>;

/** `POST /halligan/v1/applications/{clientId}/secrets` */
export const AddApplicationSecretRequest = Type.Object({ expiresInSeconds: Type.Optional(secretLifetime) }, closed);
export type AddApplicationSecretRequest = Static<typeof AddApplicationSecretRequest>;

/** The value is returned only here. The server stores only its hash. */
export const NewApplicationSecretWire = Type.Object({
  ...ApplicationSecretWire.properties,
  clientSecret: Type.String(),
});
export type NewApplicationSecretWire = Static<typeof NewApplicationSecretWire>;

export const ApplicationWire = Type.Object({
  clientId: Type.String(),
  name: Type.String(),
  roles: Type.Array(Type.String()),
  /** Whether the application can sign in with a secret. */
  hasSecret: Type.Boolean(),
  /** Oldest first, including expired ones. Absent before 0.2. */
  secrets: Type.Optional(Type.Array(ApplicationSecretWire)),
  /** `kid` of each of its keys. */
  keyIds: Type.Array(Type.String()),
  createdAt: Type.String(),
  /**
   * Id of the account that created the application and is responsible for it; null when the
   * application is responsible for itself. Absent before 0.2.
   */
  ownerId: Type.Optional(Type.Union([Type.String(), Type.Null()])),
});
export type ApplicationWire = Static<typeof ApplicationWire>;

/**
 * The secret is returned only here, and the server stores only its hash. Null for an application
 * with keys.
 */
export const NewApplicationWire = Type.Object({
  ...ApplicationWire.properties,
  clientSecret: Type.Union([Type.String(), Type.Null()]),
});
export type NewApplicationWire = Static<typeof NewApplicationWire>;

/** `GET /halligan/v1/applications` */
export const ApplicationListWire = Type.Object({ value: Type.Array(ApplicationWire) });
export type ApplicationListWire = Static<typeof ApplicationListWire>;

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
 * `GET /halligan/v1/actions/{id}/timing`: the known times of an action's steps, in order. `ended`
 * is when a command ended on its device, `uploaded` when its complete result was durable on the
 * server. The last step of a finished action is `final`.
 */
export const ActionTimingWire = Type.Object({
  actionId: Type.String(),
  status: MachineActionStatusWire,
  steps: Type.Array(
    Type.Object({
      step: Type.Union([
        Type.Literal("accepted"),
        Type.Literal("claimed"),
        Type.Literal("sent"),
        Type.Literal("started"),
        Type.Literal("ended"),
        Type.Literal("uploaded"),
        Type.Literal("final"),
      ]),
      /** Index of the command; null for a step of the whole action. */
      index: Type.Union([Type.Integer(), Type.Null()]),
      at: Type.String(),
      /** Milliseconds since the previous step. The sum of all is `totalMs`. */
      sinceMs: Type.Integer(),
    }),
  ),
  totalMs: Type.Integer(),
  /** What an unfinished action waits for on the server. Absent before 0.2. */
  waiting: Type.Optional(Type.Array(WaitingWire)),
});
export type ActionTimingWire = Static<typeof ActionTimingWire>;

/** How a file changed on its device while it was collected. */
export const FileChangeWire = Type.Object(FileChange.properties);
export type FileChangeWire = Static<typeof FileChangeWire>;

/**
 * `GET /halligan/v1/actions/{id}/results`: the facts about each result. They stay when its bytes
 * are removed.
 */
export const ActionResultsWire = Type.Object({
  actionId: Type.String(),
  value: Type.Array(
    Type.Object({
      /** Of the command. */
      index: Type.Integer(),
      type: Type.Union([Type.Literal("RunScript"), Type.Literal("GetFile")]),
      /** File name of the download. */
      fileName: Type.String(),
      /** Size of the download, which is the gzip of a collected file. */
      sizeBytes: Type.Integer(),
      sha256: Type.String(),
      /** False when the retention time of results is over. */
      isAvailable: Type.Boolean(),
      /** Null when the file did not change, and for a script. */
      fileChange: Type.Union([FileChangeWire, Type.Null()]),
    }),
  ),
});
export type ActionResultsWire = Static<typeof ActionResultsWire>;

/**
 * `GET /halligan/v1/actions/{id}/evidence`: what the device signed about the end of each ended
 * command. docs/operations.md says how to verify it without the server.
 */
export const ActionEvidenceWire = Type.Object({
  actionId: Type.String(),
  machineId: Type.String(),
  value: Type.Array(
    Type.Object({
      /** Of the command. */
      index: Type.Integer(),
      type: Type.Union([Type.Literal("RunScript"), Type.Literal("GetFile"), Type.Literal("PutFile")]),
      /** Null when the device did not sign: its agent has an earlier version, or the server ended the command. */
      evidence: Type.Union([
        Type.Object({
          /**
           * The signed JSON text: machine, action, start, outcome, errors, exit code, size and
           * SHA-256 of the result.
           */
          payload: Type.String(),
          /** Ed25519 signature in base64url over `halligan-end-v1`, a line feed and the payload. */
          signature: Type.String(),
          /**
           * Raw Ed25519 key in base64url. The machine's id is the first 40 hex digits of its
           * SHA-256.
           */
          publicKey: Type.String(),
        }),
        Type.Null(),
      ]),
    }),
  ),
});
export type ActionEvidenceWire = Static<typeof ActionEvidenceWire>;

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

/** `GET /halligan/v1/audit`: newest first; `nextLink` leads to older ones. */
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
});
export type AuditListWire = Static<typeof AuditListWire>;
