import { Type } from "typebox";

/** A GUID in lower case, as the contract's action ids are. */
export const ActionId = Type.String({ pattern: "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$" });
/** 40 hex digits: the first 20 bytes of SHA-256 of the device's first public key. */
export const MachineId = Type.String({ pattern: "^[0-9a-f]{40}$" });
export const Sha256 = Type.String({ pattern: "^[0-9a-f]{64}$" });
/** 128 random bits made by the device when it wiped, made or lost its journal. */
export const JournalId = Type.String({ pattern: "^[0-9a-f]{32}$" });
/** 128 random bits made by the device for one upload of one result. */
export const UploadId = Type.String({ pattern: "^[0-9a-f]{32}$" });
/** 128 random bits made by the device for one start of one command, journalled with it: no other start has them. */
export const StartId = Type.String({ pattern: "^[0-9a-f]{32}$" });
/** Grows by one with every order that is claimed for a machine; the device keeps the highest for ever. */
export const OrderSeq = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
export const CommandIndex = Type.Integer({ minimum: 0, maximum: 999 });
export const SizeBytes = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
export const UnixMs = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
