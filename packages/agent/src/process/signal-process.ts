import { errorCode } from "@halligan/protocol/errors";

/** @param pid a process, or a process group when negative */
export function signalProcess(pid: number, signal: "SIGTERM" | "SIGKILL"): void {
  try {
    process.kill(pid, signal);
    // A stopped process gets SIGTERM only when it goes on.
    if (signal === "SIGTERM") process.kill(pid, "SIGCONT");
  } catch {
    // It has ended by itself, or may not be ended: then it is still there at the next look and is
    // reported.
  }
}

export function groupIsThere(groupId: number): boolean {
  try {
    process.kill(-groupId, 0);
    return true;
  } catch (error) {
    // Anything but "no such group" means that there is one.
    return errorCode(error) !== "ESRCH";
  }
}
