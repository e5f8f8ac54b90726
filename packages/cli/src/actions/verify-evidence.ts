import { createHash } from "node:crypto";
import type { ActionEvidenceWire, CommandStatusWire, MachineActionWire } from "@halligan/protocol/api";
import type { HalliganClient } from "@halligan/protocol/client";
import type { SignedEnd } from "@halligan/protocol/link";
import { machineIdOf, openEnd } from "@halligan/protocol/link-crypto";

export interface Verified {
  index: number;
  type: string;
  isVerified: boolean;
  /** What is wrong; null when everything is valid. */
  problem: string | null;
  /** SHA-256 of the downloaded bytes; null when there are none. */
  sha256: string | null;
}

type Command = ActionEvidenceWire["value"][number];

/**
 * Compares what the device signed with the server's data and with the downloaded bytes. It does not
 * trust the server: the machine's id is computed from the key, so the key belongs to the machine.
 */
export async function verifyEvidence(
  client: HalliganClient,
  action: MachineActionWire,
  evidence: ActionEvidenceWire,
  signal: AbortSignal,
): Promise<Verified[]> {
  const verified: Verified[] = [];
  for (const command of evidence.value) {
    const end = openedEnd(command, action.machineId);
    if (typeof end === "string") verified.push(failed(command, end));
    else verified.push(await compared(client, action, command, end, signal));
  }
  return verified;
}

function openedEnd({ evidence, index }: Command, machineId: string): SignedEnd | string {
  if (evidence === null) return "it is not signed: the server ended it, or the agent has an earlier version";
  if (machineIdOf(evidence.publicKey) !== machineId) return "it is signed by a key that is not the machine's";
  const end = openEnd(evidence, evidence.publicKey);
  if (end === null) return "the signature does not hold";
  if (end.machineId !== machineId || end.index !== index) return "it was signed for another machine or command";
  return end;
}

async function compared(
  client: HalliganClient,
  action: MachineActionWire,
  command: Command,
  end: SignedEnd,
  signal: AbortSignal,
): Promise<Verified> {
  if (end.actionId !== action.id) return failed(command, "it was signed for another action");
  const shown = action.commands?.[command.index]?.commandStatus;
  if (shown !== shownAs(end)) return failed(command, `the server shows ${shown}, the device signed ${end.outcome}`);
  if (end.result === null)
    return { index: command.index, type: command.type, isVerified: true, problem: null, sha256: null };
  const link = await client.getDownloadUrl(action.id, command.index, { signal });
  const { sizeBytes, sha256 } = await hashed(await client.downloadResult(link, { signal }));
  const isSame = sizeBytes === end.result.sizeBytes && sha256 === end.result.sha256;
  const problem = isSame
    ? null
    : `the bytes of the download are not those that the device signed (${end.result.sha256})`;
  return { index: command.index, type: command.type, isVerified: isSame, problem, sha256 };
}

const shownAs = ({ outcome }: SignedEnd): CommandStatusWire["commandStatus"] =>
  outcome === "completed" ? "Completed" : "Failed";

const failed = ({ index, type }: Command, problem: string): Verified => ({
  index,
  type,
  isVerified: false,
  problem,
  sha256: null,
});

async function hashed(response: Response): Promise<{ sizeBytes: number; sha256: string }> {
  const hash = createHash("sha256");
  let sizeBytes = 0;
  for await (const chunk of response.body ?? []) {
    hash.update(chunk);
    sizeBytes += chunk.length;
  }
  return { sizeBytes, sha256: hash.digest("hex") };
}
