/**
 * Open files that the agent inherits in addition to its standard ones, for example from a shell
 * with `3> file` or a careless service manager. Node passes them on to every program that it
 * starts, so a script could write into them, and hold a lock or a socket of another program.
 */
import { closeSync, readdirSync, readFileSync } from "node:fs";

const O_CLOEXEC = 0o2000000;

/**
 * Called before the agent opens anything: what both runtimes open themselves is closed in their
 * children already.
 */
export function closeInheritedDescriptors(): void {
  // Bun closes them in its children itself. With a channel to the parent one of them is Node's own.
  if (process.platform !== "linux" || process.versions.bun || process.connected) return;
  for (const name of readdirSync("/proc/self/fd")) {
    const fd = Number(name);
    if (fd > 2 && isPassedOn(fd)) closeSync(fd);
  }
}

function isPassedOn(fd: number): boolean {
  try {
    const [, flags] = /^flags:\s+([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "latin1")) ?? [];
    return flags !== undefined && (Number.parseInt(flags, 8) & O_CLOEXEC) === 0;
  } catch {
    // The one through which the folder was read.
    return false;
  }
}
