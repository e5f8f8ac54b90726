/** A file system that stops answering. Only the first half of `file` (1 MiB) can be read. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rmdir } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

export interface HangingMount extends AsyncDisposable {
  path: string;
  /** The waiting calls fail from now on. */
  release(): Promise<void>;
}

/** The reason why this device has none, or false. */
export const noHangingMount: string | false =
  process.platform === "linux" && process.geteuid?.() === 0 && existsSync("/dev/fuse")
    ? false
    : "needs root on Linux and /dev/fuse";

/** @param mode what is never answered: anything at all, or a read in the second half of the file */
export async function hangingMount(mode: "everything" | "reads"): Promise<HangingMount> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "halligan-hanging-mount-"));
  const script = path.join(import.meta.dirname, "hanging-mount-server.ts");
  const server = spawn(process.execPath, [script, folder, mode], { stdio: ["ignore", "pipe", "inherit"] });
  await once(server.stdout, "data");
  let isReleased = false;
  const release = async () => {
    if (isReleased) return;
    isReleased = true;
    await killed(server);
    execFileSync("umount", ["-l", folder]);
  };
  return {
    path: folder,
    release,
    async [Symbol.asyncDispose]() {
      await release();
      await rmdir(folder);
    },
  };
}

async function killed(child: ChildProcess): Promise<void> {
  const closed = once(child, "close");
  child.kill("SIGKILL");
  await closed;
}
