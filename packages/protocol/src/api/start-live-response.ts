import { type Static, Type } from "typebox";
import { DeviceUser } from "../link/order/run-as.ts";
import { SecretEnv } from "../link/secrets/secret-env.ts";
import { CommandRequest, MAX_COMMANDS, RunLiveResponseRequest } from "./machine-action.ts";

export { DEVICE_USER_PATTERN } from "../link/order/run-as.ts";

const closed = { additionalProperties: false } as const;
const Sha256Hex = Type.String({ pattern: "^[0-9a-f]{64}$" });
/** A SHA-256 in a request. Upper case is allowed, because PowerShell's Get-FileHash writes it. */
export const GIVEN_SHA256_PATTERN = "^[0-9a-fA-F]{64}$";
const GivenSha256 = Type.String({ pattern: GIVEN_SHA256_PATTERN });

/**
 * Longest script inside the request, in UTF-16 units. Longer content is staged: `PUT
 * /halligan/v1/content/{sha256}`.
 */
export const MAX_INLINE_CONTENT = 262_144;

/**
 * What runs content without a ScriptName. A `#!` line decides before it, as before the ending of a
 * name (docs/scripts.md).
 */
export const SCRIPT_INTERPRETERS = ["shell", "python", "perl", "ruby", "node", "powershell"] as const;
export type ScriptInterpreter = (typeof SCRIPT_INTERPRETERS)[number];

/**
 * A GetFile with this collects several files as one `.tar.gz`: every file below a folder, or what a
 * pattern matches (`*`, `?`, `[a-z]`, and `**` for any number of folders). The limits default to
 * the server's, which are also their maxima.
 */
export const ArchiveRequest = Type.Object(
  {
    kind: Type.Union([Type.Literal("folder"), Type.Literal("pattern")]),
    /** Most entries: files, folders, links, and what could not be read. */
    maxFiles: Type.Optional(Type.Integer({ minimum: 1 })),
    /** Most bytes of content, before compression. */
    maxBytes: Type.Optional(Type.Integer({ minimum: 1 })),
  },
  closed,
);
export type ArchiveRequest = Static<typeof ArchiveRequest>;

/**
 * A command of the contract, plus the content that it uses: at most one of `sha256`, `staged` and
 * `content`, for `PutFile` and `RunScript`. With none of them, the name is a library file, looked
 * up as in the contract. A `RunScript` with one of them needs no `ScriptName`. A `GetFile` takes
 * `archive`, and `PathBase64` in place of `Path` for a path that is not UTF-8.
 */
export const StartCommandRequest = Type.Object(
  {
    ...CommandRequest.properties,
    /**
     * The library file of that name, if it has this SHA-256. Without `ScriptName`, a library file
     * that has it.
     */
    sha256: Type.Optional(GivenSha256),
    /** Content that this caller has staged. The name is only a label. */
    staged: Type.Optional(GivenSha256),
    /** The content itself as text, sent as UTF-8. The name is only a label. */
    content: Type.Optional(Type.String({ maxLength: MAX_INLINE_CONTENT })),
    /** For `staged` and `content` without `ScriptName`. Default `shell`. */
    interpreter: Type.Optional(
      Type.Union([
        Type.Literal("shell"),
        Type.Literal("python"),
        Type.Literal("perl"),
        Type.Literal("ruby"),
        Type.Literal("node"),
        Type.Literal("powershell"),
      ]),
    ),
    archive: Type.Optional(ArchiveRequest),
  },
  closed,
);
export type StartCommandRequest = Static<typeof StartCommandRequest>;

const NOT_BEFORE_PATTERN =
  "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]{1,7})?)?(Z|[+-][0-9]{2}:[0-9]{2})$";

/** Each value has a maximum that is a setting of the server. A greater one is refused. */
export const ActionOptions = Type.Object(
  {
    /** True when processes of a script may continue after its end. Default false. */
    keepProcesses: Type.Optional(Type.Boolean()),
    /** Longest run of each script. After it, its process tree is ended. */
    scriptTimeoutMs: Type.Optional(Type.Integer({ minimum: 100 })),
    /** How much of stdout and of stderr of each script is kept, separately. */
    outputLimitBytes: Type.Optional(Type.Integer({ minimum: 0 })),
    /** How long the action may wait until it starts. After it, the action is TimeOut. */
    queueTimeoutMs: Type.Optional(Type.Integer({ minimum: 1_000 })),
    /**
     * ISO 8601 with a zone. It does not start before; a time in the past means at once. Until then
     * the machine takes other actions.
     */
    notBefore: Type.Optional(Type.String({ maxLength: 40, pattern: NOT_BEFORE_PATTERN })),
    /**
     * The user of the device as whom the scripts run, with its groups and environment. A name, not
     * a number. Linux only. PutFile and GetFile work as the agent's account in any case.
     */
    runAs: Type.Optional(DeviceUser),
  },
  closed,
);
export type ActionOptions = Static<typeof ActionOptions>;

/**
 * `POST /halligan/v1/machines/{id}/actions`: the contract's body, and what the contract has no word
 * for.
 */
export const StartLiveResponseRequest = Type.Object(
  {
    ...RunLiveResponseRequest.properties,
    Commands: Type.Array(StartCommandRequest, { minItems: 1, maxItems: MAX_COMMANDS }),
    options: Type.Optional(ActionOptions),
    /**
     * Environment variables of the scripts, whose values are encrypted to the machine's key:
     * `GET /halligan/v1/machines/{id}/secret-key`.
     */
    secretEnv: Type.Optional(SecretEnv),
  },
  closed,
);
export type StartLiveResponseRequest = Static<typeof StartLiveResponseRequest>;

/** `PUT /halligan/v1/content/{sha256}` */
export const StagedContentWire = Type.Object({
  sha256: Sha256Hex,
  sizeBytes: Type.Integer(),
  /**
   * Until then, an action can refer to the content. The content of an action is stored with the
   * action.
   */
  expiresAt: Type.String(),
});
export type StagedContentWire = Static<typeof StagedContentWire>;
