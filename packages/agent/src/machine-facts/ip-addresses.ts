import { readFileSync } from "node:fs";
import os from "node:os";
import type { MachineFacts } from "@halligan/protocol/link";

const MAX_ADDRESSES = 64;
const NO_MAC = "00:00:00:00:00:00";

/**
 * Addresses of all interfaces, external ones first. MAC addresses have the contract's form: digits
 * only, upper case.
 */
export function ipAddresses(): MachineFacts["ipAddresses"] {
  const list: MachineFacts["ipAddresses"] = [];
  for (const [name, addresses] of Object.entries(os.networkInterfaces())) {
    for (const { address, mac, internal } of addresses ?? []) {
      list.push({
        ipAddress: address.slice(0, 64),
        macAddress: mac && mac !== NO_MAC ? mac.replaceAll(":", "").toUpperCase().slice(0, 32) : null,
        type: internal ? "SoftwareLoopback" : interfaceType(name),
        operationalStatus: operationalStatus(name),
      });
    }
  }
  const isLoopback = (at: (typeof list)[number]) => Number(at.type === "SoftwareLoopback");
  return list.sort((a, b) => isLoopback(a) - isLoopback(b)).slice(0, MAX_ADDRESSES);
}

function interfaceType(name: string): "Ethernet" | "Tunnel" | "Other" {
  if (/^(tun|tap|wg|utun|ppp|gre|sit|ipsec|tailscale|zt)/i.test(name)) return "Tunnel";
  if (/^(e(th|n[ospx]?)|em)\d|^Ethernet/i.test(name)) return "Ethernet";
  return "Other";
}

/**
 * The system lists interfaces with an address. Only Linux reports simply whether a cable is
 * connected.
 */
function operationalStatus(name: string): "Up" | "Down" | "Unknown" {
  if (process.platform !== "linux") return "Up";
  try {
    const state = readFileSync(`/sys/class/net/${name}/operstate`, "latin1").trim();
    return state === "up" ? "Up" : state === "down" ? "Down" : "Unknown";
  } catch {
    return "Unknown";
  }
}
