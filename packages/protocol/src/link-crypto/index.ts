/**
 * Link version 2 over node's crypto: the handshake of both sides and the seal of frames
 * (docs/decisions/0021-signed-link.md).
 */
export { type DeviceEvidence, machineIdOf, openEnd, signEnd } from "./device-evidence.ts";
export { DeviceHandshake } from "./device-handshake.ts";
export { ed25519PublicKey } from "./ed25519-key.ts";
export type { LinkKeys } from "./ephemeral-key.ts";
export { FrameSeal } from "./frame-seal.ts";
export { signRefusal, signWelcome } from "./server-handshake.ts";
