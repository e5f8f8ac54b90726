/**
 * Distinguishes a device from its copies (link version 2; docs/decisions/0016-clones.md).
 *
 * The server assigns a new rolling value on each connection. The device makes it durable before it
 * reports so (`Kept`), and presents it on its next connection. If a device presents an older value
 * than the one it is known to hold, it is a copy or was set back to an earlier state.
 */
import { type Static, Type } from "typebox";

/** 128 random bits. An agent process makes them at its start and keeps them in memory only. */
export const ProcessId = Type.String({ pattern: "^[0-9a-f]{32}$" });

/**
 * `<number>.<32 hex digits>.<HMAC in base64url>`. Opaque for the device. The number grows with
 * every value of a machine. A server that was restored from a backup can assign the same number
 * twice; the random digits distinguish these values.
 */
export const RollingValue = Type.String({ pattern: "^(0|[1-9][0-9]{0,14})\\.[0-9a-f]{32}\\.[A-Za-z0-9_-]{43}$" });

export const Continuity = Type.Object(
  {
    processId: ProcessId,
    /** The last durable value of the device; null when its journal holds none. */
    rollingValue: Type.Union([RollingValue, Type.Null()]),
  },
  { additionalProperties: false },
);
export type Continuity = Static<typeof Continuity>;

/** 128 random bits, made by the server for one probe. */
export const ProbeNonce = Type.String({ pattern: "^[0-9a-f]{32}$" });
