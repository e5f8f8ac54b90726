/** The private keys of the agent: no command collects them, under whatever name. */
import type { BigIntStats } from "node:fs";
import { stat } from "node:fs/promises";
import { isErrno } from "../../disk/errno.ts";
import { deviceKeyFile } from "../../identity/device-key.ts";
import { secretKeyFile } from "../../identity/secret-key.ts";

/** The files that are there, by their numbers. */
export type OwnKeys = readonly Pick<BigIntStats, "dev" | "ino">[];

/** @param root the agent's data folder */
export async function statOwnKeys(root: string): Promise<OwnKeys> {
  const found = await Promise.all([deviceKeyFile, secretKeyFile].map((fileOf) => statIfThere(fileOf(root))));
  return found.filter((stats) => stats !== null);
}

/**
 * The number of a file is the same under each of its names: hard links, symbolic links,
 * /proc/self/fd, other mounts.
 */
export const isOwnKey = (keys: OwnKeys, { dev, ino }: Pick<BigIntStats, "dev" | "ino">): boolean =>
  keys.some((key) => key.dev === dev && key.ino === ino);

async function statIfThere(file: string): Promise<BigIntStats | null> {
  try {
    return await stat(file, { bigint: true });
  } catch (error) {
    if (isErrno(error, "ENOENT")) return null;
    throw error;
  }
}
