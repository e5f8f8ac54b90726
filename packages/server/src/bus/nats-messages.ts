import { type Static, type TSchema, Type } from "typebox";
import { Compile } from "typebox/compile";
import type { NewerConnection } from "./bus.ts";

/**
 * The messages on NATS. Any client with publish rights may send any bytes; what does not match a
 * schema is dropped.
 */
const closed = { additionalProperties: false } as const;
const Wake = Type.Object({ machineId: Type.String({ pattern: "^[0-9a-f]{40}$" }) }, closed);
/** `linkEpoch`: the connection epoch, under the name that nodes of all releases use. */
const Announcement = Type.Object(
  {
    machineId: Type.String({ pattern: "^[0-9a-f]{40}$" }),
    linkEpoch: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
    journalId: Type.String({ minLength: 1, maxLength: 64 }),
    processId: Type.Union([Type.String({ pattern: "^[0-9a-f]{32}$" }), Type.Null()]),
  },
  closed,
);
const ActionHint = Type.Union([
  Type.Object({ type: Type.Literal("changed") }, closed),
  Type.Object(
    {
      type: Type.Literal("transferred"),
      index: Type.Integer({ minimum: 0, maximum: 999 }),
      transferredBytes: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
    },
    closed,
  ),
]);
export type Wake = Static<typeof Wake>;
export type ActionHint = Static<typeof ActionHint>;

/** Longest message that is parsed; those of this server have less than 100 bytes. */
const MAX_MESSAGE_BYTES = 256;

const decoder = new TextDecoder();

function parserOf<T extends TSchema>(schema: T): (message: Uint8Array) => Static<T> | null {
  const validator = Compile(schema);
  return (message) => {
    if (message.length > MAX_MESSAGE_BYTES) return null;
    try {
      const value: unknown = JSON.parse(decoder.decode(message));
      return validator.Check(value) ? value : null;
    } catch {
      return null;
    }
  };
}

export const parseWake = parserOf(Wake);
const parseAnnouncementMessage = parserOf(Announcement);
export function parseAnnouncement(message: Uint8Array): NewerConnection | null {
  const parsed = parseAnnouncementMessage(message);
  if (parsed === null) return null;
  const { linkEpoch, ...others } = parsed;
  return { ...others, connectionEpoch: linkEpoch };
}

export function encodeAnnouncement({ machineId, connectionEpoch, journalId, processId }: NewerConnection): string {
  const message: Static<typeof Announcement> = { machineId, linkEpoch: connectionEpoch, journalId, processId };
  return JSON.stringify(message);
}

export const parseActionHint = parserOf(ActionHint);
