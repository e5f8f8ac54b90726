/**
 * Identifies the device's present boot. Process numbers and start times are only valid within one
 * boot.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/**
 * Empty where the system has no such id. The work folder is then kept, and orphans are found by
 * number and time alone.
 */
export function readBootId(): string {
  try {
    switch (process.platform) {
      case "linux":
        return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
      case "darwin":
        return run("/usr/sbin/sysctl", ["-n", "kern.bootsessionuuid"]);
      case "win32":
        return run("powershell.exe", [
          "-NoProfile",
          "-NonInteractive",
          "-Command",
          "(Get-CimInstance Win32_OperatingSystem).LastBootUpTime.ToFileTimeUtc()",
        ]);
      default:
        return "";
    }
  } catch {
    return "";
  }
}

function run(file: string, args: string[]): string {
  return execFileSync(file, args, { encoding: "utf8", timeout: 10_000, stdio: ["ignore", "pipe", "ignore"] }).trim();
}
