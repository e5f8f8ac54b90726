/** A file system of a few hundred KiB that can be filled to the last byte. */
import { execFileSync } from "node:child_process";
import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { mkdtemp, rmdir } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

export interface SmallDisk extends AsyncDisposable {
  path: string;
  /** Leaves no room at all. */
  fill(): void;
  makeRoom(): void;
}

/** The reason why this device has none, or false. */
export const noSmallDisk: string | false =
  process.platform === "linux" && process.geteuid?.() === 0 && canMount()
    ? false
    : "needs root on Linux, to mount a small tmpfs";

export async function smallDisk(sizeKib: number): Promise<SmallDisk> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "halligan-small-disk-"));
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${sizeKib}k,mode=700`, "halligan-test", folder]);
  const filler = path.join(folder, "filler");
  return {
    path: folder,
    fill() {
      const fd = openSync(filler, "a");
      try {
        for (const bytes of [64 * 1024, 4096, 1]) fillWith(fd, new Uint8Array(bytes).fill(0x78));
      } finally {
        closeSync(fd);
      }
    },
    makeRoom: () => rmSync(filler, { force: true }),
    async [Symbol.asyncDispose]() {
      // A process that a failed test left may still stand in it.
      execFileSync("umount", ["-l", folder]);
      await rmdir(folder);
    },
  };
}

function fillWith(fd: number, block: Uint8Array): void {
  try {
    for (;;) writeSync(fd, block);
  } catch {
    // Full for blocks of this size.
  }
}

function canMount(): boolean {
  const folder = path.join(os.tmpdir(), `halligan-mount-probe-${process.pid}`);
  try {
    execFileSync(
      "sh",
      ["-c", 'mkdir "$0" && mount -t tmpfs -o size=16k none "$0" && umount "$0"; s=$?; rmdir "$0"; exit $s', folder],
      {
        stdio: "ignore",
      },
    );
    return true;
  } catch {
    return false;
  }
}
