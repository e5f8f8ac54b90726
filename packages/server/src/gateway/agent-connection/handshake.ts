import {
  decodeHandshakeAnswer,
  type HandshakeAnswer,
  LINK_CLOSE,
  LINK_VERSION,
  OLDEST_LINK_VERSION,
  SEALED_SINCE_VERSION,
  type ServerFrame,
} from "@halligan/protocol/link";
import { signLinkTicket } from "../../auth/signatures/link-ticket.ts";
import type { AcceptedConnection, RefusedConnection } from "../../service/agents/connection/accept-connection.ts";
import { QUARANTINE_REMEDY, QUARANTINE_WORDS } from "../../service/agents/quarantine-machine.ts";
import type { OrderKeyPair, ServiceContext } from "../../service/context.ts";
import { type ConnectionSeal, sealedWelcome, signedRefusal } from "../frames/connection-seal.ts";

/** Shown in the log: what the operator can do. */
const REFUSAL_MEANINGS: Readonly<Record<RefusedConnection["reason"], string>> = {
  unknownServerKey:
    "the device pins an order key that is not accepted here: put that key back as order-previous.pem, sign the present keys " +
    "with the recovery key (halligan-server sign-order-keys), or enroll it with a new token",
  unknownMachine:
    "no such machine is enrolled here: enroll it with a new token, or see whether it looks for another server",
  badSignature: "the answer was not signed by a key of this machine",
  retired: "the machine was retired: reinstate it, or remove its agent",
  machineRate: "the machine connects too often: see in the agent's log why its connections end",
  noRoom: "as many machines are connected as HALLIGAN_MAX_LINKS allows",
  quarantined: `two devices use this machine's key. ${QUARANTINE_REMEDY}`,
  quarantinedByHand: "an operator put the machine in quarantine: release it, or remove its agent",
};

export const UNKNOWN_VALUE_MEANING =
  "the device presents a rolling value that is newer than all that is known here and was signed by another key: put that " +
  "key back as link-ticket-previous.key, or remove the device's data folder and enroll it with a new token";

/** The other refusals close as `unauthorized`, which does not reveal the reason. */
const REFUSAL_CLOSE: Readonly<Partial<Record<RefusedConnection["reason"], CloseReason>>> = {
  quarantined: "quarantined",
  quarantinedByHand: "quarantined",
  retired: "retired",
  machineRate: "tooOften",
  noRoom: "goingAway",
};

/**
 * Text that the device logs, at most `MAX_REFUSAL_CHARACTERS` characters. For the other refusals it
 * gets only the close code.
 */
const REFUSAL_WORDS: Readonly<Partial<Record<RefusedConnection["reason"], string>>> = {
  quarantined: QUARANTINE_WORDS.byServer,
  quarantinedByHand: QUARANTINE_WORDS.byHand,
};

export type CloseReason = keyof typeof LINK_CLOSE;

/** The device's answer, after its size and version were checked. */
export interface Answer {
  kind: "answer";
  challenge: Uint8Array;
  /** The whole frame. */
  bytes: Uint8Array;
  claim: HandshakeAnswer;
}

/** `closeText`: the reason for the close frame, if it is longer than the detail. */
export type HandshakeFailure = { kind: "failed"; reason: CloseReason; detail: string; closeText?: string };

export function readAnswer(challenge: Uint8Array | null, bytes: Uint8Array): Answer | HandshakeFailure {
  const claim = decodeHandshakeAnswer(bytes);
  if (!challenge) return { kind: "failed", reason: "protocol", detail: "a second answer" };
  if (!claim) return { kind: "failed", reason: "unauthorized", detail: "the answer has the wrong size" };
  if (claim.version < OLDEST_LINK_VERSION || claim.version > LINK_VERSION) {
    const versions = `${OLDEST_LINK_VERSION} to ${LINK_VERSION}`;
    const detail = `this server speaks link versions ${versions}, not ${claim.version}`;
    return { kind: "failed", reason: "protocol", detail };
  }
  return { kind: "answer", challenge, bytes, claim };
}

/**
 * Logs the refusal. Returns the frame that is sent instead of the welcome, if there is one, and the
 * close frame.
 */
export function refuseAnswer(
  context: ServiceContext,
  answer: Answer,
  { reason }: RefusedConnection,
  names: object,
): { orderKeys: ServerFrame | null; failure: HandshakeFailure } {
  const { claim, challenge, bytes } = answer;
  context.log.warn(
    { ...names, machineId: claim.machineId, reason, meaning: REFUSAL_MEANINGS[reason] },
    "agent connection refused",
  );
  const isSealed = claim.version >= SEALED_SINCE_VERSION;
  const { set } = context.keys.recovery;
  // The frame names keys and contains no secret, so it may be sent to any caller.
  const orderKeys: ServerFrame | null =
    reason === "unknownServerKey" && set && isSealed ? { type: "orderKeys", ...set } : null;
  const close = REFUSAL_CLOSE[reason] ?? "unauthorized";
  const failure: HandshakeFailure = { kind: "failed", reason: close, detail: REFUSAL_WORDS[reason] ?? "not accepted" };
  // If a refusal would end what the device runs, a device of link version 2 believes it only when
  // it is signed. Other refusals end or delay one attempt, which any proxy can do too.
  const needsSignature = close === "quarantined" || close === "retired";
  if (!needsSignature || !isSealed) return { orderKeys, failure };
  const transcript = { challenge, answer: bytes };
  const closeText = signedRefusal(transcript, LINK_CLOSE[close], failure.detail, namedKey(context, claim));
  return { orderKeys, failure: { ...failure, closeText } };
}

/** `seal`: null in link version 1. */
export function welcome(
  context: ServiceContext,
  { claim, challenge, bytes }: Answer,
  accepted: AcceptedConnection,
  pingIntervalMs: number,
): { kind: "welcome"; frame: ServerFrame; seal: ConnectionSeal | null } | HandshakeFailure {
  const { clock, keys } = context;
  const content = {
    linkVersion: claim.version,
    linkEpoch: accepted.connectionEpoch,
    serverTimeMs: clock.nowMs(),
    ticket: signLinkTicket(accepted, keys.linkTicket.signing),
    pingIntervalMs,
  };
  if (claim.version < SEALED_SINCE_VERSION) {
    return { kind: "welcome", frame: { type: "welcome", ...content }, seal: null };
  }
  const signed = sealedWelcome(
    { challenge, answer: bytes },
    claim.ephemeralKey,
    content,
    namedKey(context, claim),
    clock.monotonicMs(),
  );
  if (!signed) return { kind: "failed", reason: "protocol", detail: "the device's ephemeral key is not valid" };
  return { kind: "welcome", ...signed };
}

/** The order key that the device named, if this server has it. */
function namedKey({ keys }: ServiceContext, { serverKeyId }: HandshakeAnswer): OrderKeyPair {
  return keys.order.accepted.find(({ keyId }) => keyId === serverKeyId) ?? keys.order.signing;
}
