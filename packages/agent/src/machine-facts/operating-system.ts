/** Name and version of the system, in the contract's words. */
import { execFileSync, type StdioOptions } from "node:child_process";
import { readFileSync } from "node:fs";
import os from "node:os";
import type { MachineFacts } from "@halligan/protocol/link";
import { parseOsRelease } from "./os-release.ts";

type SystemFacts = Pick<MachineFacts, "osPlatform" | "version" | "osVersion" | "osBuild">;

export function operatingSystem(): SystemFacts {
  switch (process.platform) {
    case "linux":
      return linux();
    case "darwin":
      return { osPlatform: "macOS", version: macVersion(), osVersion: os.release(), osBuild: null };
    case "win32":
      return windows(os.release(), os.version());
    default:
      return { osPlatform: os.type(), version: null, osVersion: os.release(), osBuild: null };
  }
}

function linux(): SystemFacts {
  let release: ReadonlyMap<string, string> = new Map();
  for (const file of ["/etc/os-release", "/usr/lib/os-release"]) {
    try {
      release = parseOsRelease(readFileSync(file, "utf8"));
      break;
    } catch {
      // A minimal system may have neither.
    }
  }
  return {
    osPlatform: "Linux",
    version: release.get("VERSION_ID") ?? null,
    osVersion: release.get("PRETTY_NAME") ?? os.release(),
    osBuild: null,
  };
}

function macVersion(): string | null {
  try {
    const stdio: StdioOptions = ["ignore", "pipe", "ignore"];
    const options = { encoding: "utf8" as const, timeout: 10_000, stdio };
    return execFileSync("/usr/bin/sw_vers", ["-productVersion"], options).trim();
  } catch {
    return null;
  }
}

/**
 * @param release as "10.0.22631"; @param product as "Windows 11 Pro" or "Windows Server 2022
 * Standard"
 */
export function windows(release: string, product: string): SystemFacts {
  const build = Number(release.split(".")[2]);
  const server = /Server (\d{4})/.exec(product)?.[1];
  const FIRST_WINDOWS_11_BUILD = 22_000;
  const client = build >= FIRST_WINDOWS_11_BUILD ? "Windows11" : "Windows10";
  return {
    osPlatform: server ? `WindowsServer${server}` : client,
    version: product,
    osVersion: release,
    osBuild: Number.isSafeInteger(build) ? build : null,
  };
}
