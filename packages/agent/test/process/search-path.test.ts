import assert from "node:assert/strict";
import { chmod, chown, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import path from "node:path";
import { after, test } from "node:test";
import { rootOnlySearchPath } from "../../src/process/environment/search-path.ts";

const isRoot = process.geteuid?.() === 0;
const skip = isRoot ? false : "only root can give folders to others";
/** Under a folder that only root can change, as `/tmp` is not one. */
const folder = isRoot ? await mkdtemp("/var/lib/halligan-search-path-") : "";
after(() => folder !== "" && rm(folder, { recursive: true, force: true }));

async function made(name: string, mode: number, owner: [number, number] = [0, 0]): Promise<string> {
  const made = path.join(folder, name);
  await mkdir(made, { recursive: true });
  await chown(made, ...owner);
  await chmod(made, mode);
  return made;
}

test("root's search path keeps the folders that only root can change, in their order", { skip }, async () => {
  const closed = await made("closed", 0o755);
  const wheel = await made("wheel", 0o775);
  const shared = await made("shared", 0o775, [0, 50]);
  const open = await made("open", 0o777);
  const sticky = await made("sticky", 0o1777);
  const given = await made("given", 0o755, [1000, 1000]);
  const inGiven = await made("given/bin", 0o755);
  const inSticky = await made("sticky/bin", 0o755);
  const link = path.join(closed, "link");
  await symlink(open, link);
  const linkFromOpen = path.join(given, "link");
  await symlink(closed, linkFromOpen);
  const missing = path.join(closed, "missing", "bin");
  const missingInGiven = path.join(given, "missing", "bin");
  const all = [
    closed,
    wheel,
    shared,
    open,
    sticky,
    given,
    inGiven,
    inSticky,
    link,
    linkFromOpen,
    missing,
    missingInGiven,
  ];
  const { path: kept, ignored } = rootOnlySearchPath([...all, ".", ""].join(":"));
  assert.deepEqual(kept.split(":"), [closed, wheel, inSticky, missing]);
  assert.deepEqual(
    ignored.map(({ folder: name, reason }) => [name, reason.replace(/\/var\S*/, "it")]),
    [
      [shared, "the group with id 50 can write to it"],
      [open, "every user can write to it"],
      [sticky, "every user can write to it"],
      [given, "it belongs to the user with id 1000"],
      [inGiven, "it belongs to the user with id 1000"],
      [link, "every user can write to it"],
      [linkFromOpen, "it belongs to the user with id 1000"],
      [missingInGiven, "it belongs to the user with id 1000"],
      [".", "it is relative to the current folder"],
      ["", "it is relative to the current folder"],
    ],
  );
  assert.equal(rootOnlySearchPath(open).path, "/usr/bin:/bin");
});
