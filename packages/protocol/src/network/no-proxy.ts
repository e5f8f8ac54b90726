/**
 * NO_PROXY as curl reads it: entries between commas or blanks. `*` is every host. `example.com` and
 * `.example.com` are that name and all names below it. An address is itself, `10.0.0.0/8` and
 * `fd00::/8` are ranges of addresses. Names and addresses can have a port: `example.com:8443`. A
 * name is not looked up, so ranges concern servers that are named by their address.
 */
import { BlockList, isIP, isIPv4 } from "node:net";

export function isNotProxied(hostname: string, port: number, exceptions: string): boolean {
  const host = plainHost(hostname);
  return exceptions
    .split(/[\s,]+/)
    .filter((entry) => entry !== "")
    .some((entry) => matches(host, port, entry));
}

function matches(host: string, port: number, entry: string): boolean {
  if (entry === "*") return true;
  const { name, onlyPort } = splitPort(entry);
  if (onlyPort !== null && onlyPort !== port) return false;
  const wanted = plainHost(name);
  if (isIP(host) !== 0) return isInRange(host, wanted);
  const suffix = wanted.replace(/^\*?\./, "");
  return suffix !== "" && (host === suffix || host.endsWith(`.${suffix}`));
}

/** Without the brackets of an IPv6 address and the dot at the end of a full name; in lower case. */
function plainHost(text: string): string {
  return text
    .replace(/^\[(.*)\]$/, "$1")
    .replace(/\.$/, "")
    .toLowerCase();
}

function splitPort(entry: string): { name: string; onlyPort: number | null } {
  // An IPv6 address has colons of its own; with a port it is in brackets.
  const [, name, port] = /^(\[[^\]]*\]|[^:]*):(\d{1,5})$/.exec(entry) ?? [];
  return name === undefined ? { name: entry, onlyPort: null } : { name, onlyPort: Number(port) };
}

function isInRange(host: string, entry: string): boolean {
  const [address = "", bits, ...more] = entry.split("/");
  if (isIP(address) !== isIP(host) || more.length > 0) return false;
  const family = isIPv4(address) ? "ipv4" : "ipv6";
  const most = family === "ipv4" ? 32 : 128;
  if (bits !== undefined && !(/^\d{1,3}$/.test(bits) && Number(bits) <= most)) return false;
  const range = new BlockList();
  range.addSubnet(address, bits === undefined ? most : Number(bits), family);
  return range.check(host, family);
}
