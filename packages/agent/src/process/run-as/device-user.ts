/** A user of this device, as its name services know it (files, LDAP, SSSD). */
import { err, ok, type Result } from "@halligan/protocol/errors";
import { reasonOf } from "../../disk/errno.ts";
import { askProgram } from "./ask-program.ts";

export interface DeviceAccount {
  name: string;
  uid: number;
  gid: number;
  /** All of its groups, the primary one as well. */
  groups: readonly number[];
  home: string;
  shell: string;
}

/** Exit code of `getent`: the key was not found. */
const NOT_FOUND = 2;

/**
 * Looks the user up now. The programs ask every name service of the device, which the runtimes do
 * not. Rejects with the signal's reason.
 *
 * @param name fits the schema `DeviceUser`, so it is neither a number nor an option
 */
export async function findUser(name: string, signal: AbortSignal): Promise<Result<DeviceAccount, string>> {
  const failed = (why: string) => err(`The user '${name}' could not be looked up, so the script was not run: ${why}.`);
  try {
    const entry = await askProgram("getent", ["passwd", name], signal);
    if (entry.exitCode === NOT_FOUND) {
      return err(`This device has no user '${name}', so the script was not run. Choose a user that it has.`);
    }
    if (entry.exitCode !== 0) return failed(`getent ended with ${entry.exitCode}`);
    const account = parseAccount(entry.stdout);
    if (!account) return failed("its entry has no user and group number");
    const ids = await askProgram("id", ["-G", name], signal);
    if (ids.exitCode !== 0) return failed(`id ended with ${ids.exitCode}`);
    const groups = parseGroups(ids.stdout);
    return groups ? ok({ ...account, groups }) : failed("its groups could not be read");
  } catch (error) {
    signal.throwIfAborted();
    return failed(reasonOf(error));
  }
}

/** @param text a line of a passwd file */
export function parseAccount(text: string): Omit<DeviceAccount, "groups"> | null {
  const fields = (text.split("\n")[0] ?? "").split(":");
  const [name, , uidText = "", gidText = "", , home = "", shell = ""] = fields;
  const [uid, gid] = [parseId(uidText), parseId(gidText)];
  if (!name || uid === null || gid === null || fields.length !== 7) return null;
  // As login does it: without a home the root folder, without a shell the usual one.
  return { name, uid, gid, home: home.startsWith("/") ? home : "/", shell: shell.startsWith("/") ? shell : "/bin/sh" };
}

/** @param text what `id -G` prints */
export function parseGroups(text: string): number[] | null {
  const ids = text.trim().split(/\s+/).map(parseId);
  const groups = ids.filter((id) => id !== null);
  return groups.length === ids.length ? groups : null;
}

/** The largest number means "unchanged" to the system, so it is no id. */
const MAX_ID = 2 ** 32 - 2;
function parseId(text: string): number | null {
  const id = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  return id <= MAX_ID ? id : null;
}
