import { createHash } from "node:crypto";
import { err, ok, type Result } from "@halligan/protocol/errors";
import { type EnrollRequest, type EnrollResponse, enrollSigningBytes } from "@halligan/protocol/link";
import { hashSecret } from "../../auth/secret-hash.ts";
import { verifyEd25519 } from "../../auth/signatures/ed25519.ts";
import type { DomainError } from "../../domain/errors.ts";
import { NO_CONTINUITY } from "../../domain/machines/clone-detection.ts";
import type { StoreTx } from "../../store/store.ts";
import { machineActor } from "../actor.ts";
import { auditChange } from "../audit.ts";
import type { ServiceContext } from "../context.ts";

/**
 * `POST /agent/v1/enroll`: registers a device's key. The machine's id is the first 40 hex digits of
 * SHA-256 of this first key. If the enrollment is repeated with the same key and token, the
 * response is the same and no second use is taken.
 */
export async function enrollMachine(
  { store, clock, keys }: ServiceContext,
  request: EnrollRequest,
  remoteAddress: string,
): Promise<Result<EnrollResponse, DomainError>> {
  const machineId = createHash("sha256").update(Buffer.from(request.publicKey, "base64url")).digest("hex").slice(0, 40);
  const tokenSha256 = hashSecret(request.token);
  const response: EnrollResponse = {
    machineId,
    orderKeys: keys.order.accepted.map(({ keyId, publicKey }) => ({ keyId, publicKey })),
    ...(request.linkVersion !== undefined && { orderKeySet: keys.orderKeySet, recoveryKey: keys.recovery.key }),
  };
  // A refused request costs no write, and an unknown token costs no signature check, because any
  // stranger may send them.
  const before = await store.read(async (tx) => ({
    repeated: await repeatedEnrollment(tx, request, tokenSha256, response),
    isUsable: await tx.enrollmentTokens.isUsable(tokenSha256, clock.nowMs()),
  }));
  if (before.repeated === null && !before.isUsable) return UNUSABLE_TOKEN;
  if (!isKeyProofValid(request)) {
    return err({ code: "EnrollmentRefused", detail: "the proof was not made by the private half of publicKey" });
  }
  if (before.repeated !== null) return before.repeated;
  return store.write(async (tx): Promise<Result<EnrollResponse, DomainError>> => {
    const nowMs = clock.nowMs();
    const repeated = await repeatedEnrollment(tx, request, tokenSha256, response);
    if (repeated !== null) return repeated;
    const enrollmentTokenId = await tx.enrollmentTokens.use(tokenSha256, nowMs);
    if (enrollmentTokenId === undefined) return UNUSABLE_TOKEN;
    await tx.machines.insert({
      id: machineId,
      facts: request.facts,
      features: [],
      tags: [],
      firstSeenMs: nowMs,
      lastSeenMs: nowMs,
      lastExternalIp: remoteAddress,
      linked: false,
      nodeId: null,
      connectionEpoch: 0,
      journalId: null,
      lastOrderSeq: 0,
      quarantined: false,
      quarantineReason: null,
      continuity: NO_CONTINUITY,
      groupId: 0,
      displayName: null,
      retirement: null,
      removedAtMs: null,
      secretKey: null,
    });
    await tx.machines.addKey({ machineId, publicKey: request.publicKey, fromMs: nowMs, enrolledWith: tokenSha256 });
    const { computerDnsName } = request.facts;
    await auditChange(
      tx,
      machineActor(machineId, remoteAddress),
      "Enroll",
      nowMs,
      { computerDnsName, enrollmentTokenId },
      machineId,
    );
    return ok(response);
  });
}

const UNUSABLE_TOKEN: Result<EnrollResponse, DomainError> = err({
  code: "EnrollmentRefused",
  detail: "the enrollment token is unknown, has expired, is used up or was revoked",
});

/** The response for a key that was enrolled before; null for a new key. */
async function repeatedEnrollment(
  tx: StoreTx,
  { publicKey }: EnrollRequest,
  tokenSha256: string,
  response: EnrollResponse,
): Promise<Result<EnrollResponse, DomainError> | null> {
  const known = await tx.machines.byKey(publicKey);
  if (!known) return null;
  const machine = await tx.machines.byId(known.machineId);
  if (machine?.retirement) return err({ code: "EnrollmentRefused", detail: RETIRED });
  // The device may be a copy with the same key. An enrollment under this key would be useless,
  // because each of its connections would be refused.
  if (machine?.quarantined) {
    const detail = machine.quarantineReason === null ? `${IN_QUARANTINE}. ${NEW_KEY}` : HELD_BY_HAND;
    return err({ code: "EnrollmentRefused", detail });
  }
  if (known.enrolledWith === tokenSha256) return ok({ ...response, machineId: known.machineId });
  return err({ code: "EnrollmentRefused", detail: `this device key is enrolled already. ${NEW_KEY}` });
}

const RETIRED =
  "the machine of this device key was retired: reinstate it, or remove the agent's data folder to enroll it as a new machine";
const IN_QUARANTINE = "the machine of this device key is in quarantine because two devices used it";
const HELD_BY_HAND = "the machine of this device key was put in quarantine by an operator: release it first";
const NEW_KEY = "To enroll this device as a new machine, stop its agent, remove its data folder and enroll again";

function isKeyProofValid({ token, publicKey, proof }: EnrollRequest): boolean {
  return verifyEd25519(publicKey, enrollSigningBytes(token, publicKey), Buffer.from(proof, "base64url"));
}
