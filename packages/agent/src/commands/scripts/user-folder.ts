/**
 * What a script needs that runs as another user: a copy of its own file, and of the files that
 * earlier commands of its action have put on the device. The data folder is closed to that user.
 *
 * The folder and the files belong to root and to the user's primary group, which may read and
 * execute and not write. So the user cannot change what root removes here.
 */
import {
  chmodSync,
  chownSync,
  createReadStream,
  createWriteStream,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
} from "node:fs";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import type { CommandJob, RunScriptCommand } from "../../core/ports.ts";
import type { DeviceAccount } from "../../process/run-as/device-user.ts";
import type { CommandDeps } from "../command-deps.ts";
import { deviceFileNameFault } from "../file-name.ts";

/** As `TMPDIR` of scripts. Every account can reach it, and none can replace an entry of root. */
const PARENT = "/tmp";
const prefixOf = (machineId: string) => `halligan-run-${machineId.slice(0, 16)}-`;

export class UserFolder implements Disposable {
  readonly #deps: Pick<CommandDeps, "folder" | "machineId" | "log">;
  #folder: string | null = null;

  constructor(deps: Pick<CommandDeps, "folder" | "machineId" | "log">) {
    this.#deps = deps;
  }

  /**
   * Called once. Rejects with the signal's reason, or with the error of the file system.
   *
   * @returns the script's own copy, and its working folder
   */
  async fill(
    job: CommandJob<RunScriptCommand>,
    user: Pick<DeviceAccount, "gid">,
    script: string,
    signal: AbortSignal,
  ): Promise<{ script: string; work: string }> {
    const folder = mkdtempSync(path.join(PARENT, prefixOf(this.#deps.machineId)));
    this.#folder = folder;
    const work = path.join(folder, "work");
    mkdirSync(work, { mode: 0o700 });
    const copied = path.join(folder, path.basename(script) === "work" ? "script" : path.basename(script));
    await copyFor(user, script, copied, signal);
    for (const command of job.earlier) {
      if (command.type !== "PutFile" || deviceFileNameFault(command.fileName) !== null) continue;
      const from = path.join(this.#deps.folder.work, command.fileName);
      // A script of root may have removed or replaced it since.
      if (isFile(from)) await copyFor(user, from, path.join(work, command.fileName), signal);
    }
    // Open when all is there.
    giveTo(user, work);
    giveTo(user, folder);
    return { script: copied, work };
  }

  [Symbol.dispose](): void {
    if (this.#folder !== null) remove(this.#folder, this.#deps.log);
  }
}

/** Removes what a dead agent of this machine left behind. */
export function removeUserFolders({ machineId, log }: Pick<CommandDeps, "machineId" | "log">): void {
  for (const name of readdirSync(PARENT)) {
    if (!name.startsWith(prefixOf(machineId))) continue;
    const folder = path.join(PARENT, name);
    // Another account can make an entry of this name. What it owns is not followed.
    const found = lstatSync(folder, { throwIfNoEntry: false });
    if (found?.isDirectory() && found.uid === process.geteuid?.()) remove(folder, log);
  }
}

async function copyFor(user: Pick<DeviceAccount, "gid">, from: string, to: string, signal: AbortSignal): Promise<void> {
  await pipeline(createReadStream(from), createWriteStream(to, { flags: "wx", mode: 0o700 }), { signal });
  giveTo(user, to);
}

/** After `chown`, which clears bits of the mode. */
function giveTo({ gid }: Pick<DeviceAccount, "gid">, file: string): void {
  chownSync(file, process.geteuid?.() ?? 0, gid);
  chmodSync(file, 0o750);
}

const isFile = (file: string): boolean => lstatSync(file, { throwIfNoEntry: false })?.isFile() ?? false;

function remove(folder: string, log: CommandDeps["log"]): void {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch {
    log.warn("userFolderNotRemoved", { folder });
  }
}
