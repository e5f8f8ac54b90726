import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { chmodSync, chownSync, linkSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { lstat, readFile, readlink, realpath, stat, utimes } from "node:fs/promises";
import { createServer } from "node:net";
import path from "node:path";
import { test } from "node:test";
import { getFile } from "../../../src/commands/files/get-file.ts";
import { readOrMakeDeviceKey } from "../../../src/identity/device-key.ts";
import { readOrMakeSecretKey } from "../../../src/identity/secret-key.ts";
import { collect, entryOf, needsTar, tarOf, unpack } from "../../support/archives.ts";
import { commandWorld } from "../../support/command-world.ts";

const options = { timeout: 60_000, skip: needsTar };
const isRoot = process.geteuid?.() === 0;
const sha256 = (bytes: Uint8Array | string) => createHash("sha256").update(bytes).digest("hex");

/** A tree below the world's folder, by its real path. */
async function treeIn(world: Awaited<ReturnType<typeof commandWorld>>): Promise<string> {
  const tree = path.join(await realpath(world.temporary), "tree");
  mkdirSync(path.join(tree, "sub", "deep"), { recursive: true });
  return tree;
}

test(
  "a folder comes with contents, modes, owners, times and links as the system's tar unpacks them",
  options,
  async () => {
    await using world = await commandWorld();
    const tree = await treeIn(world);
    const large = Buffer.alloc(3 * 1024 * 1024 + 17, "content ");
    const long = `${"n".repeat(120)}.txt`;
    writeFileSync(path.join(tree, "a.txt"), "hello");
    writeFileSync(path.join(tree, "empty"), "");
    writeFileSync(path.join(tree, "sub", "large"), large);
    writeFileSync(path.join(tree, "sub", "deep", long), "long name");
    writeFileSync(path.join(tree, "ümläut"), "text");
    chmodSync(path.join(tree, "a.txt"), 0o640);
    chmodSync(path.join(tree, "sub"), 0o2751);
    symlinkSync("a.txt", path.join(tree, "link"));
    symlinkSync(`/nowhere/${"t".repeat(150)}`, path.join(tree, "dangling"));
    linkSync(path.join(tree, "a.txt"), path.join(tree, "sub", "hard"));
    if (isRoot) chownSync(path.join(tree, "a.txt"), 3_000_000, 12);
    await utimes(path.join(tree, "a.txt"), 1_600_000_000.25, 1_600_000_000.75);

    const end = await collect(world, `${tree}/`);
    assert.deepEqual([end.outcome, end.errors], ["completed", []]);
    const { root, manifest } = await unpack(world, end);
    const there = path.join(root, "files", tree);
    assert.deepEqual(readdirSync(there, { recursive: true }).sort(), readdirSync(tree, { recursive: true }).sort());
    assert.deepEqual(await readFile(path.join(there, "sub", "large")), large);
    assert.equal(await readFile(path.join(there, "sub", "deep", long), "utf8"), "long name");
    assert.equal(await readFile(path.join(there, "ümläut"), "utf8"), "text");
    for (const name of ["a.txt", "sub", "empty"]) {
      const [before, after] = [statSync(path.join(tree, name)), statSync(path.join(there, name))];
      assert.deepEqual([after.mode, after.uid, after.gid], [before.mode, before.uid, before.gid], name);
      assert.equal(
        (await stat(path.join(there, name), { bigint: true })).mtimeNs,
        (await stat(path.join(tree, name), { bigint: true })).mtimeNs,
        name,
      );
    }
    assert.equal(await readlink(path.join(there, "link")), "a.txt");
    assert.equal(await readlink(path.join(there, "dangling")), `/nowhere/${"t".repeat(150)}`);
    assert.equal(statSync(path.join(there, "a.txt")).ino, statSync(path.join(there, "sub", "hard")).ino);

    assert.deepEqual(manifest.start, {
      type: "start",
      version: 1,
      kind: "folder",
      maxFiles: 100_000,
      maxBytes: 1024 ** 3,
      path: `${tree}/`,
    });
    const entry = entryOf(manifest, path.join(tree, "a.txt"));
    assert.deepEqual([entry.type, entry.sizeBytes, entry.sha256, entry.mode], ["file", 5, sha256("hello"), "0640"]);
    assert.equal(entry.modifiedAt, "2020-09-13T12:26:40.750000000Z");
    assert.equal(entryOf(manifest, path.join(tree, "sub", "large")).sha256, sha256(large));
    assert.deepEqual(
      [
        entryOf(manifest, path.join(tree, "sub", "hard")).type,
        entryOf(manifest, path.join(tree, "sub", "hard")).target,
      ],
      ["hardLink", path.join(tree, "a.txt")],
    );
    assert.equal(entryOf(manifest, path.join(tree, "link")).target, "a.txt");
    const { entries, files, errors, truncated } = manifest.end;
    assert.deepEqual({ entries, files, errors, truncated }, { entries: 11, files: 6, errors: 0, truncated: null });
  },
);

test("the same tree gives the same tar twice, sorted by bytes", options, async () => {
  await using world = await commandWorld();
  const tree = await treeIn(world);
  for (const name of ["b", "B", "a", "a.b", "sub/z", "sub/deep/y"]) writeFileSync(path.join(tree, name), name);
  // The first reading can change the time of the last access.
  await collect(world, tree);
  const [one, other] = [tarOf(world, await collect(world, tree)), tarOf(world, await collect(world, tree))];
  assert.ok(one.equals(other));
  const { manifest } = await unpack(world, await collect(world, tree));
  const names = manifest.entries.map((entry) => path.relative(tree, entry.path));
  assert.deepEqual(names, ["", "B", "a", "a.b", "b", "sub", "sub/deep", "sub/deep/y", "sub/z"]);
});

test(
  "names that are not UTF-8 keep their bytes, in a short and in a long path, and can be asked for",
  options,
  async () => {
    await using world = await commandWorld();
    const tree = await treeIn(world);
    const name = Buffer.from("a\xff\xfe", "latin1");
    const long = Buffer.from(`${"x".repeat(150)}\xe9`, "latin1");
    const inTree = (...names: (string | Buffer)[]) =>
      Buffer.concat(
        names.flatMap((one) => [Buffer.from("/"), Buffer.from(one)]).toSpliced(0, 1, Buffer.from(`${tree}/`)),
      );
    mkdirSync(inTree(name));
    writeFileSync(inTree(name, long), "bytes");
    const { root, manifest } = await unpack(world, await collect(world, tree));
    const there = Buffer.concat([Buffer.from(path.join(root, "files")), inTree(name, long)]);
    assert.equal(await readFile(there, "utf8"), "bytes");
    const entry = manifest.entries.find(({ type }) => type === "file");
    assert.deepEqual(Buffer.from(entry?.pathBase64 ?? "", "base64"), inTree(name, long));
    assert.match(entry?.path ?? "", /\ufffd$/);

    const inside = await unpack(world, await collect(world, inTree(name)));
    assert.deepEqual(inside.manifest.end.files, 1);
    const pattern = await unpack(
      world,
      await collect(world, inTree(Buffer.from("a\xff*", "latin1"), "*"), { kind: "pattern" }),
    );
    assert.deepEqual(pattern.manifest.end.files, 1);
    const single = {
      index: 0,
      type: "GetFile",
      path: "shown",
      pathBase64: inTree(name, long).toString("base64"),
    } as const;
    const alone = await getFile(
      world.deps,
      world.job({ ...single, path: inTree(name, long).toString() }),
      new AbortController().signal,
    );
    assert.equal(tarOf(world, alone).toString(), "bytes");
  },
);

test("what has no content is in the manifest alone, and what cannot be read has the reason", options, async () => {
  await using world = await commandWorld();
  const tree = await treeIn(world);
  execFileSync("mkfifo", [path.join(tree, "fifo")]);
  const listening = createServer().listen(path.join(tree, "socket"));
  await once(listening, "listening");
  writeFileSync(path.join(tree, "secret"), "secret");
  writeFileSync(path.join(tree, "readable"), "readable");
  mkdirSync(path.join(tree, "closed"));
  if (!isRoot) {
    chmodSync(path.join(tree, "secret"), 0);
    chmodSync(path.join(tree, "closed"), 0);
  }
  const end = await collect(world, tree);
  listening.close();
  const { root, manifest } = await unpack(world, end);
  assert.equal(end.outcome, "completed");
  assert.equal(entryOf(manifest, path.join(tree, "fifo")).type, "fifo");
  assert.equal(entryOf(manifest, path.join(tree, "socket")).type, "socket");
  const names = readdirSync(path.join(root, "files", tree));
  assert.ok(!names.includes("fifo") && !names.includes("socket") && names.includes("readable"));
  if (isRoot) return;
  for (const name of ["secret", "closed"]) {
    assert.equal(entryOf(manifest, path.join(tree, name)).error, "access is denied");
    chmodSync(path.join(tree, name), 0o700);
  }
  assert.equal(manifest.end.errors, 2);
  assert.match(end.errors.join(), /Note: 2 of \d+ entries were not or not completely collected: .*access is denied/);
});

test("a pattern collects what it matches, and nothing else", options, async () => {
  await using world = await commandWorld();
  const tree = await treeIn(world);
  for (const name of ["a.log", ".b.log", "c.txt", "sub/d.log", "sub/deep/e.log"])
    writeFileSync(path.join(tree, name), name);
  symlinkSync(path.join(tree, "sub"), path.join(tree, "to-sub"));
  const namesOf = async (pattern: string) => {
    const { manifest } = await unpack(world, await collect(world, path.join(tree, pattern), { kind: "pattern" }));
    return manifest.entries.map((entry) => path.relative(tree, entry.path));
  };
  assert.deepEqual(await namesOf("*.log"), [".b.log", "a.log"]);
  assert.deepEqual(await namesOf("**/*.log"), [".b.log", "a.log", "sub/d.log", "sub/deep/e.log"]);
  assert.deepEqual(await namesOf("s*"), ["sub"]);
  assert.deepEqual(await namesOf("*/d.log"), ["sub/d.log"]);
  const none = await collect(world, path.join(tree, "*.none"), { kind: "pattern" });
  assert.deepEqual(none.errors, [`Nothing on the device matches '${tree}/*.none'.`]);
  assert.equal(none.outcome, "failed");
});

test("a pattern names files of /proc, which state no size; the whole of it is refused", {
  ...options,
  skip: process.platform === "linux" ? false : "needs /proc",
}, async () => {
  await using world = await commandWorld();
  const { root, manifest } = await unpack(
    world,
    await collect(world, `/proc/${process.pid}/stat*`, { kind: "pattern" }),
  );
  assert.match(await readFile(path.join(root, "files", "proc", String(process.pid), "status"), "utf8"), /^Name:/);
  assert.ok((entryOf(manifest, `/proc/${process.pid}/status`).sizeBytes ?? 0) > 100);
  const some = await unpack(world, await collect(world, `/proc/${process.pid}/m[ea][mp]*`, { kind: "pattern" }));
  assert.match(entryOf(some.manifest, `/proc/${process.pid}/mem`).error ?? "", /reports an error|denied/);
  assert.ok((entryOf(some.manifest, `/proc/${process.pid}/maps`).sizeBytes ?? 0) > 100);
  for (const [asked, kind] of [
    ["/proc", "folder"],
    ["/proc/self/fdinfo", "folder"],
    ["/proc/**/status", "pattern"],
  ] as const) {
    const end = await collect(world, asked, { kind });
    assert.match(end.errors.join(), /the kernel makes its files \(proc\)/, asked);
  }
});

test("what is no folder, not there or outside of the working folder is refused with the reason", options, async () => {
  await using world = await commandWorld();
  const tree = await treeIn(world);
  writeFileSync(path.join(tree, "a"), "a");
  mkdirSync(path.join(world.folder.work, "out"));
  writeFileSync(path.join(world.folder.work, "out", "b"), "b");
  symlinkSync(tree, path.join(world.folder.work, "away"));
  const cases: [string, "folder" | "pattern", RegExp][] = [
    [path.join(tree, "a"), "folder", /it is not a folder; ask for it as a file/],
    [path.join(tree, "missing"), "folder", /does not exist/],
    [path.join(tree, "a", "*"), "pattern", /is not a folder/],
    [path.join(tree, "missing", "*"), "pattern", /missing' does not exist/],
    ["..", "folder", /must stay in the working folder/],
    ["away", "folder", /must stay in the working folder/],
    ["a\0", "folder", /NUL/],
    ["", "folder", /path is empty/],
    [tree, "pattern", /no wildcard/],
    [`/${"a".repeat(5_000)}*`, "pattern", /longer than 4096 bytes/],
  ];
  for (const [asked, kind, expected] of cases) {
    const { outcome, errors } = await collect(world, asked, { kind });
    assert.equal(outcome, "failed", asked);
    assert.match(errors.join(), expected, asked);
  }
  assert.equal(world.server.completed.size, 0);
  const inWork = await unpack(world, await collect(world, "out"));
  assert.equal(inWork.manifest.end.files, 1);
  const link = path.join(world.temporary, "to-tree");
  symlinkSync(tree, link);
  const followed = await collect(world, link);
  assert.deepEqual(followed.errors, [
    `Note: the path '${link}' is or contains a link; what was collected is in '${tree}'.`,
  ]);
});

test("the agent's own key is never in an archive, under whatever name", options, async () => {
  await using world = await commandWorld();
  await readOrMakeDeviceKey(world.folder.root);
  await readOrMakeSecretKey(world.folder.root);
  const secretText = await readFile(path.join(world.folder.root, "secret-key.pem"), "utf8");
  const key = path.join(world.folder.root, "device-key.pem");
  const text = await readFile(key, "utf8");
  const tree = await treeIn(world);
  linkSync(key, path.join(tree, "hard"));
  linkSync(key, path.join(tree, "sub", "hard-again"));
  symlinkSync(key, path.join(tree, "soft"));
  symlinkSync(world.folder.root, path.join(tree, "to-root"));
  for (const [asked, kind] of [
    [tree, "folder"],
    [path.join(tree, "**"), "pattern"],
    [path.join(tree, "h*"), "pattern"],
    [world.folder.root, "folder"],
    [path.join(tree, "to-root"), "folder"],
    [path.join(world.folder.root, "*.pem"), "pattern"],
    [path.join(tree, "to-root", "*.pem"), "pattern"],
    [`/proc/self/root${tree}/h*`, "pattern"],
  ] as const) {
    const end = await collect(world, asked, { kind });
    assert.equal(end.outcome, "completed", `${asked}: ${end.errors.join()}`);
    assert.match(end.errors.join(), /it is the agent's own key/, asked);
    for (const pem of [text, secretText]) assert.ok(!tarOf(world, end).includes(pem.slice(30, 70)), asked);
  }
  const soft = await unpack(world, await collect(world, path.join(tree, "s*"), { kind: "pattern" }));
  assert.ok((await lstat(path.join(soft.root, "files", tree, "soft"))).isSymbolicLink());
});
