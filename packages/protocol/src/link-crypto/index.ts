/**
 * Link version 2 over node's crypto: the handshake of both sides and the seal of frames
 * (docs/decisions/0021-signed-link.md), and the secrets of an action
 * (docs/decisions/0053-secrets.md).
 */
export { type DeviceEvidence, machineIdOf, openEnd, signEnd } from "./device-evidence.ts";
export { DeviceHandshake } from "./device-handshake.ts";
export { ed25519PublicKey } from "./ed25519-key.ts";
export type { LinkKeys } from "./ephemeral-key.ts";
export { FrameSeal } from "./frame-seal.ts";
export {
  type GivenSecretKey,
  isSecretKeyOf,
  isSecretValue,
  type OpenedSecret,
  openSecrets,
  sealSecret,
  sealSecrets,
  signSecretKey,
} from "./secret-env.ts";
export { signRefusal, signWelcome } from "./server-handshake.ts";
