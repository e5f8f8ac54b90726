import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import type { Violations } from "../torture/violations.ts";
import type { World } from "../world.ts";
import { MARKER } from "./strange-values.ts";

/**
 * Every name that may occur in the server's data folder. No name contains text from a device or a
 * client.
 */
const KNOWN =
  /^(administrator\.(json|lock(-journal)?)|halligan\.db(-wal|-shm)?|lock(-journal)?|keys(\/(access-token|order|recovery)\.pem|\/(link-ticket|result-link)\.key)?|blobs(\/(library|results)(\/[0-9a-f]{2}(\/[0-9a-f]{64})?)?|\/partials(\/[0-9a-f]{64}\.(data|parts))?|\/temporary(\/[0-9a-f]+)?)?)$/;

/**
 * Checks that the attacks created no file outside the store: the data folder and its parent contain
 * only known names, and no file name contains the marker of the fuzzer.
 */
export async function checkFolders(world: World, violations: Violations): Promise<number> {
  const names = await readdir(world.dataDir, { recursive: true });
  for (const name of names) {
    if (!KNOWN.test(name.replaceAll("\\", "/"))) violations.add(`the data folder has ${JSON.stringify(name)}`);
  }
  for (const name of await readdir(world.folder)) {
    if (name !== "server" && name !== "agents") violations.add(`next to the data folder is ${JSON.stringify(name)}`);
  }
  const everywhere = [world.folder, tmpdir(), "/", "/etc", process.cwd()];
  for (const folder of everywhere) {
    const recursive = folder === world.folder;
    for (const name of await readdir(folder, { recursive }).catch(() => [])) {
      if (name.includes(MARKER))
        violations.add(`an attacker's name became a file: ${relative("/", join(folder, name))}`);
    }
  }
  return names.length;
}
