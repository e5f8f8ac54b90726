const MAPPED_HEX = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/;
const DOTTED_TAIL = /(\d+)\.(\d+)\.(\d+)\.(\d+)$/;
const GROUPS = 8;
const NETWORK_GROUPS = 4;

/**
 * The key under which an address is counted: an IPv4 address itself, the /64 network of an IPv6
 * address, because one host has all addresses of its network. Pure.
 */
export function addressKey(address: string): string {
  const text = address.toLowerCase().replace(/%.*$/, "");
  if (!text.includes(":")) return text;
  const mapped = MAPPED_HEX.exec(text);
  if (mapped !== null) return dotted(mapped[1], mapped[2]);
  const plain = text.replace(DOTTED_TAIL, (_all, a, b, c, d) => `${pair(a, b)}:${pair(c, d)}`);
  const [before = "", after] = plain.split("::");
  const head = groupsOf(before);
  const tail = groupsOf(after ?? "");
  const zeros = after === undefined ? 0 : Math.max(0, GROUPS - head.length - tail.length);
  const groups = [...head, ...Array.from({ length: zeros }, () => "0"), ...tail];
  return `${groups.slice(0, NETWORK_GROUPS).join(":")}::/64`;
}

const groupsOf = (text: string): string[] =>
  text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16).toString(16));

const pair = (high: string, low: string): string => (Number(high) * 256 + Number(low)).toString(16);

const dotted = (high = "0", low = "0"): string =>
  [high, low]
    .map((group) => Number.parseInt(group, 16))
    .flatMap((group) => [group >> 8, group & 255])
    .join(".");
