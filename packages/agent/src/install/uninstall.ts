import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { requireInside } from "./inside-root.ts";
import { installLayout, UNIT_NAME } from "./layout.ts";
import { isOurLink } from "./place-executable.ts";
import { systemctl } from "./systemd.ts";

/**
 * Removes all that an install made, the service first. The machine stays known to the server until
 * it is retired there.
 *
 * @param root as of the install
 * @param keepsData whether the data folder stays, with the enrollment and results that the server
 * does not have yet
 */
export async function uninstall(root: string, keepsData: boolean, say: (line: string) => void): Promise<void> {
  const layout = installLayout(root);
  const running = installLayout("/");
  await requireInside(root, layout);
  const isHere = layout.unit === running.unit;
  if (isHere && existsSync(layout.unit)) systemctl("disable", "--now", UNIT_NAME);
  const removed = [layout.unit, layout.programFolder];
  if (await isOurLink(layout.command, running.executable)) removed.push(layout.command);
  if (!keepsData) removed.push(layout.dataRoot);
  let count = 0;
  for (const place of removed) {
    // A symbolic link without its target does not exist for existsSync.
    const isThere = existsSync(place) || place === layout.command;
    await rm(place, { recursive: true, force: true });
    if (!isThere) continue;
    say(`removed ${place}`);
    count += 1;
  }
  if (count === 0) say(`nothing is installed in ${root}`);
  if (isHere) systemctl("daemon-reload");
}
