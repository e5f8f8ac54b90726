import { BlockList, isIP } from "node:net";
import { err, ok, type Result } from "@halligan/protocol/errors";
import { peerAddress } from "../../../network/peer-address.ts";

/** Proxies whose `X-Forwarded-For` is trusted. */
export interface TrustedProxies {
  has(address: string): boolean;
}

/** The list, or as a refusal the entry that is no address and no CIDR range. */
export function parseTrustedProxies(
  text: string,
): Result<{ readonly proxies: TrustedProxies; readonly count: number }, string> {
  const list = new BlockList();
  const entries = text.split(",").flatMap((entry) => entry.trim() || []);
  for (const entry of entries) if (!addEntry(list, entry)) return err(entry);
  return ok({ count: entries.length, proxies: { has: (address) => check(list, address) } });
}

function addEntry(list: BlockList, entry: string): boolean {
  const [network = "", prefix, more] = entry.split("/");
  const family = isIP(network);
  if (family === 0 || more !== undefined) return false;
  const type = family === 4 ? "ipv4" : "ipv6";
  if (prefix === undefined) {
    list.addAddress(network, type);
    return true;
  }
  const length = Number(prefix);
  // A range of all addresses would let every caller choose its own.
  if (!/^\d{1,3}$/.test(prefix) || length < 1 || length > (family === 4 ? 32 : 128)) return false;
  list.addSubnet(network, length, type);
  return true;
}

function check(list: BlockList, address: string): boolean {
  const family = isIP(address);
  return family !== 0 && list.check(address, family === 4 ? "ipv4" : "ipv6");
}

/** Most entries of the header that are read. */
const MAX_HOPS = 32;

/**
 * The address of the caller. The header is read from right to left, because each proxy appends the
 * address that it sees. The first address that is not a trusted proxy is the caller's. Everything
 * to the left of it was sent by the caller and is not trusted.
 */
export function clientAddress(
  peer: string | undefined,
  forwardedFor: string | string[] | undefined,
  proxies: TrustedProxies,
): string {
  let address = peerAddress(peer);
  if (forwardedFor === undefined || !proxies.has(address)) return address;
  const hops = [forwardedFor].flat().join(",").split(",").slice(-MAX_HOPS);
  for (const hop of hops.toReversed()) {
    const named = addressOfHop(hop.trim());
    if (named === null) return address;
    address = named;
    if (!proxies.has(address)) return address;
  }
  return address;
}

/** Some proxies append the port of the connection. */
function addressOfHop(hop: string): string | null {
  const withoutPort = /^\[([0-9a-f:.]+)\](?::\d{1,5})?$/i.exec(hop)?.[1] ?? /^([\d.]+):\d{1,5}$/.exec(hop)?.[1] ?? hop;
  return isIP(withoutPort) === 0 ? null : peerAddress(withoutPort.replace(/%.*$/, ""));
}
