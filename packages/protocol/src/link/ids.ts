import { Type } from "typebox";

/** A GUID in lower case, as in the action ids of the contract. */
export const ActionId = Type.String({ pattern: "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$" });
/** 40 hex digits: the first 20 bytes of SHA-256 of the device's first public key. */
export const MachineId = Type.String({ pattern: "^[0-9a-f]{40}$" });
export const Sha256 = Type.String({ pattern: "^[0-9a-f]{64}$" });
/** 128 random bits. The device makes a new id when it creates, wipes or loses its journal. */
export const JournalId = Type.String({ pattern: "^[0-9a-f]{32}$" });
/** 128 random bits. The device makes a new id for each upload of a result. */
export const UploadId = Type.String({ pattern: "^[0-9a-f]{32}$" });
/**
 * 128 random bits. The device makes a new id for each start of a command and journals it with the
 * start.
 */
export const StartId = Type.String({ pattern: "^[0-9a-f]{32}$" });
/**
 * Grows by one with every order that is claimed for a machine. The device keeps the highest number
 * permanently.
 */
export const OrderSeq = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
export const CommandIndex = Type.Integer({ minimum: 0, maximum: 999 });
export const SizeBytes = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
export const UnixMs = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
