/**
 * What tells one device from its copies (link version 2; docs/decisions/0016-clones.md).
 *
 * The server hands out a new rolling value on each connection. The device makes it durable before it reports so
 * (`Kept`), and presents it on its next connection. A value that is older than the one the device is known to hold is
 * presented by a copy only, or by a device that was set back.
 */
import { type Static, Type } from "typebox";

/** 128 random bits that an agent process makes when it starts and keeps in memory only. */
export const ProcessId = Type.String({ pattern: "^[0-9a-f]{32}$" });

/**
 * `<number>.<32 hex digits>.<HMAC in base64url>`. Opaque for the device. The number grows with every value of a
 * machine; the random digits tell values of one number apart that a restored server handed out twice.
 */
export const RollingValue = Type.String({ pattern: "^(0|[1-9][0-9]{0,14})\\.[0-9a-f]{32}\\.[A-Za-z0-9_-]{43}$" });

export const Continuity = Type.Object(
  {
    processId: ProcessId,
    /** The last value that is durable on the device; null when its journal holds none. */
    rollingValue: Type.Union([RollingValue, Type.Null()]),
  },
  { additionalProperties: false },
);
export type Continuity = Static<typeof Continuity>;

/** 128 random bits of the server for one probe. */
export const ProbeNonce = Type.String({ pattern: "^[0-9a-f]{32}$" });
