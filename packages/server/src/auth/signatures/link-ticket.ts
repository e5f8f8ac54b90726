import { hmacText, sameText } from "./canonical-text.ts";

/**
 * The machine whose transfers a ticket allows, and the accepted connection for which it was issued.
 */
export interface LinkTicket {
  readonly machineId: string;
  /**
   * The connection epoch. A ticket of an older connection is no longer valid; the caller checks
   * that.
   */
  readonly connectionEpoch: number;
}

const TICKET = /^v1\.([0-9a-f]{40})\.(0|[1-9][0-9]{0,15})\.([A-Za-z0-9_-]{43})$/;

const signature = (key: Uint8Array, machineId: string, connectionEpoch: string) =>
  hmacText(key, `halligan link ticket 1\n${machineId}\n${connectionEpoch}`);

/**
 * The text an agent sends as `Authorization: Ticket <text>`:
 * `v1.<machineId>.<connectionEpoch>.<base64url hmac>`.
 */
export const signLinkTicket = ({ machineId, connectionEpoch }: LinkTicket, key: Uint8Array): string =>
  `v1.${machineId}.${connectionEpoch}.${signature(key, machineId, String(connectionEpoch))}`;

/**
 * The content of the ticket, or null when this server did not issue it. The caller checks whether
 * its connection is still the machine's current one.
 */
export function checkLinkTicket(ticket: string, keys: readonly Uint8Array[]): LinkTicket | null {
  const [, machineId, epoch, given] = TICKET.exec(ticket) ?? [];
  if (machineId === undefined || epoch === undefined || given === undefined) return null;
  if (!keys.some((key) => sameText(signature(key, machineId, epoch), given))) return null;
  const connectionEpoch = Number(epoch);
  return Number.isSafeInteger(connectionEpoch) ? { machineId, connectionEpoch } : null;
}
