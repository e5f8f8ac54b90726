import { isIPv6 } from "node:net";

/**
 * What counts as one address in limits: an IPv4 address, or the /64 network of an IPv6 address, because one host
 * commonly has a whole /64 to choose from.
 */
export function addressGroup(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = "", tail] = (address.split("%", 1)[0] ?? "").toLowerCase().split("::", 2);
  const leading = head === "" ? [] : head.split(":");
  const trailing = tail === undefined || tail === "" ? [] : tail.split(":");
  // An IPv4 address at the end stands for two groups; it is never within the first four.
  const width = leading.length + trailing.length + (address.includes(".") ? 1 : 0);
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - width);
  const groups = [...leading, ...Array<string>(zeros).fill("0"), ...trailing].slice(0, 4);
  return `${groups.map((group) => group.replace(/^0+(?=.)/, "")).join(":")}::/64`;
}
