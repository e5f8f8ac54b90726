import { type HandshakeAnswer, handshakeSigningBytes } from "@halligan/protocol/link";
import { verifyEd25519 } from "../../../auth/signatures/ed25519.ts";
import { withStartInDoubt } from "../../../domain/agents/connection-work.ts";
import type { Machine } from "../../../domain/machines/machine.ts";
import type { StoreTx } from "../../../store/store.ts";
import type { ServiceContext } from "../../context.ts";
import type { ConnectionIdentity, DeviceInstance } from "./connection-identity.ts";

/**
 * `leftNode`: the marks of the device that was connected to another node a moment ago; null when
 * there was none.
 */
export type AcceptedConnection = ConnectionIdentity & {
  kind: "accepted";
  instanceOnOtherNode: DeviceInstance | null;
  /** The key that signed the answer: raw, base64url. */
  deviceKey: string;
};

export type RefusedConnection = {
  kind: "refused";
  reason:
    | "unknownServerKey"
    | "unknownMachine"
    | "badSignature"
    | "quarantined"
    | "quarantinedByHand"
    | "retired"
    | "machineRate"
    | "noRoom";
};

/** What the gateway knows of the other connections of a machine. */
export interface Admission {
  refusalFor(machineId: string): "machineRate" | "noRoom" | null;
  /**
   * Records what the machine's connections to this node have granted; from then on they grant no
   * start before it is recorded. Returns the epoch of the newest one, or null if this node has none
   * or could not record it.
   */
  recordStarts(machineId: string): Promise<number | null>;
}

const OPEN_ADMISSION: Admission = { refusalFor: () => null, recordStarts: async () => null };

/**
 * Checks the device's answer to the challenge and gives the connection its epoch. From then on
 * reports of an older connection of the machine are refused. An unknown
 * machine and a bad signature look the same to the device; only the log shows the difference.
 */
export async function acceptConnection(
  { store, clock, keys, node }: ServiceContext,
  challenge: Uint8Array,
  answer: HandshakeAnswer,
  remoteAddress: string,
  admission: Admission = OPEN_ADMISSION,
): Promise<AcceptedConnection | RefusedConnection> {
  if (!keys.order.accepted.some(({ keyId }) => keyId === answer.serverKeyId))
    return { kind: "refused", reason: "unknownServerKey" };
  const { machineId } = answer;
  const publicKeys = await store.read((tx) => tx.machines.keysOf(machineId, clock.nowMs()));
  if (publicKeys.length === 0) return { kind: "refused", reason: "unknownMachine" };
  const signed = handshakeSigningBytes(challenge, answer);
  const deviceKey = publicKeys.find((key) => verifyEd25519(key, signed, answer.signature));
  if (deviceKey === undefined) return { kind: "refused", reason: "badSignature" };
  // Checked after the signature, so that a false machine id cannot use up a machine's budget.
  // Checked before the write, which costs most.
  const refusal = admission.refusalFor(machineId);
  if (refusal) return { kind: "refused", reason: refusal };
  const recordedEpoch = await admission.recordStarts(machineId);
  return store.write(async (tx): Promise<AcceptedConnection | RefusedConnection> => {
    const machine = await tx.machines.byId(machineId);
    if (!machine) return { kind: "refused", reason: "unknownMachine" };
    if (machine.retirement) return { kind: "refused", reason: "retired" };
    if (machine.quarantined) {
      return { kind: "refused", reason: machine.quarantineReason === null ? "quarantined" : "quarantinedByHand" };
    }
    const connectionEpoch = machine.connectionEpoch + 1;
    await tx.machines.save(machine, {
      ...machine,
      connectionEpoch,
      linked: true,
      nodeId: node.id,
      lastSeenMs: clock.nowMs(),
      lastExternalIp: remoteAddress,
    });
    if (machine.linked && machine.connectionEpoch !== recordedEpoch) await doubtStart(tx, machine);
    const wasElsewhere = machine.linked && machine.nodeId !== node.id;
    const marks: DeviceInstance = { journalId: machine.journalId, processId: machine.continuity.processId };
    return {
      kind: "accepted",
      machineId,
      connectionEpoch,
      instanceOnOtherNode: wasElsewhere ? marks : null,
      deviceKey,
    };
  });
}

async function doubtStart(tx: StoreTx, { id, continuity }: Machine): Promise<void> {
  const action = await tx.actions.unfinishedOf(id);
  if (!action) return;
  const doubted = withStartInDoubt(action, continuity.processId);
  if (doubted !== action) await tx.actions.save(action, doubted);
}
