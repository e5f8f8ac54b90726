import { stat } from "node:fs/promises";
import { ConfigError } from "../config/config.ts";

/**
 * Refuses to write into a data folder of another user: the server could neither read nor replace
 * files that root creates there.
 */
export async function requireOwner(dataDir: string, command: string): Promise<void> {
  const userId = process.geteuid?.();
  if (userId === undefined) return;
  const { uid } = await stat(dataDir);
  if (uid === userId) return;
  throw new ConfigError(
    `${dataDir} belongs to the user with id ${uid}, and this command runs as id ${userId}. ` +
      `Run it as the owner: sudo -u '#${uid}' halligan-server ${command}`,
  );
}
