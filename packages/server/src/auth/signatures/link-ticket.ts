import { hmacText, sameText } from "./canonical-text.ts";

/** Whose transfers a ticket allows: the machine, and the one accepted link it was given out on. */
export interface LinkTicket {
  readonly machineId: string;
  /** Number of the link, growing with every accepted one; a ticket of an older link is no longer good. The caller checks that. */
  readonly linkEpoch: number;
}

const TICKET = /^v1\.([0-9a-f]{40})\.(0|[1-9][0-9]{0,15})\.([A-Za-z0-9_-]{43})$/;

const signature = (key: Uint8Array, machineId: string, linkEpoch: string) =>
  hmacText(key, `halligan link ticket 1\n${machineId}\n${linkEpoch}`);

/** The text an agent sends as `Authorization: Ticket <text>`: `v1.<machineId>.<linkEpoch>.<base64url hmac>`. */
export const signLinkTicket = ({ machineId, linkEpoch }: LinkTicket, key: Uint8Array): string =>
  `v1.${machineId}.${linkEpoch}.${signature(key, machineId, String(linkEpoch))}`;

/** What the ticket says, or null when it is not one of ours. Whether its link is still the machine's current one is for the caller. */
export function checkLinkTicket(ticket: string, keys: readonly Uint8Array[]): LinkTicket | null {
  const [, machineId, epoch, given] = TICKET.exec(ticket) ?? [];
  if (machineId === undefined || epoch === undefined || given === undefined) return null;
  if (!keys.some((key) => sameText(signature(key, machineId, epoch), given))) return null;
  const linkEpoch = Number(epoch);
  return Number.isSafeInteger(linkEpoch) ? { machineId, linkEpoch } : null;
}
