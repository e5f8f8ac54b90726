import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { link, mkdir, open, readdir, readFile, realpath, stat, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import path from "node:path";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { getFile } from "../../src/commands/files/get-file.ts";
import { putFile } from "../../src/commands/files/put-file.ts";
import { readOrMakeDeviceKey } from "../../src/identity/device-key.ts";
import { readOrMakeSecretKey } from "../../src/identity/secret-key.ts";
import { commandWorld } from "../support/command-world.ts";

const options = { timeout: 30_000, skip: process.platform === "win32" ? "needs POSIX files" : false };
type World = Awaited<ReturnType<typeof commandWorld>>;
const never = new AbortController().signal;

async function get(world: World, asked: string): Promise<string> {
  const end = await getFile(world.deps, world.job({ index: 0, type: "GetFile", path: asked }), never);
  if (!end.result) return `failed: ${end.errors.join()}`;
  return gunzipSync(world.server.completed.get(end.result.uploadId) ?? Buffer.alloc(0)).toString();
}

async function put(world: World, fileName: string, file: { sha256: string; sizeBytes: number } | null) {
  return await putFile(world.deps, world.job({ index: 0, type: "PutFile", fileName, file }), never);
}

test(
  "a file comes by its full path, or by a path in the working folder; also an empty one and one of /proc",
  options,
  async () => {
    await using world = await commandWorld();
    const { work } = world.folder;
    await writeFile(path.join(work, "a.txt"), "hello");
    await writeFile(path.join(work, "empty"), "");
    await symlink(path.join(work, "a.txt"), path.join(world.temporary, "link"));
    assert.equal(await get(world, "a.txt"), "hello");
    assert.equal(await get(world, path.join(work, "a.txt")), "hello");
    assert.equal(await get(world, path.join(world.temporary, "link")), "hello");
    assert.equal(await get(world, "empty"), "");
    if (process.platform === "linux") assert.match(await get(world, "/proc/self/status"), /^Name:/);
  },
);

test("a collected file says when its path was a link, and what it led to", options, async () => {
  await using world = await commandWorld();
  const end = (asked: string) => getFile(world.deps, world.job({ index: 0, type: "GetFile", path: asked }), never);
  const target = await realpath(world.temporary).then((folder) => path.join(folder, "target"));
  await writeFile(target, "hello");
  const link = path.join(world.folder.work, "link");
  await symlink(target, path.join(world.temporary, "middle"));
  await symlink(path.join(world.temporary, "middle"), link);
  const folderLink = path.join(world.folder.work, "folder");
  await symlink(path.dirname(target), folderLink);
  for (const asked of [link, path.join(folderLink, "target")]) {
    const { outcome, errors } = await end(asked);
    assert.equal(outcome, "completed");
    assert.deepEqual(errors, [`Note: the path '${asked}' is or contains a link; the collected file is '${target}'.`]);
  }
  assert.deepEqual((await end(target)).errors, []);
});

test("the agent's own key is never collected, under whatever name", options, async () => {
  await using world = await commandWorld();
  await readOrMakeDeviceKey(world.folder.root);
  await readOrMakeSecretKey(world.folder.root);
  const secretKey = path.join(world.folder.root, "secret-key.pem");
  const key = path.join(world.folder.root, "device-key.pem");
  await symlink(secretKey, path.join(world.temporary, "soft-secret"));
  const { work } = world.folder;
  await link(key, path.join(work, "hard"));
  await link(key, path.join(world.temporary, "hard"));
  await symlink(key, path.join(world.temporary, "soft"));
  await using held = await open(key, "r");
  const names = [
    key,
    path.join(world.folder.root, ".", "work", "..", "device-key.pem"),
    "hard",
    path.join(world.temporary, "hard"),
    path.join(world.temporary, "soft"),
    secretKey,
    path.join(world.temporary, "soft-secret"),
    ...(process.platform === "linux"
      ? [`/proc/self/fd/${held.fd}`, `/proc/self/root${key}`, `/proc/${process.pid}/task/${process.pid}/fd/${held.fd}`]
      : []),
  ];
  for (const asked of names) assert.match(await get(world, asked), /^failed: .*it is the agent's own key\.$/, asked);
  assert.equal(world.server.completed.size, 0);
});

test("what is not a file, or not there, is refused with the reason and hangs nothing", options, async () => {
  await using world = await commandWorld();
  const fifo = path.join(world.temporary, "fifo");
  execFileSync("mkfifo", [fifo]);
  await mkdir(path.join(world.folder.work, "folder"));
  await symlink("/etc/hostname", path.join(world.folder.work, "out"));
  const linkTo = async (target: string, name: string) => {
    await symlink(target, path.join(world.folder.work, name));
    return name;
  };
  const socket = path.join(world.temporary, "socket");
  const listening = createServer().listen(socket);
  await once(listening, "listening");
  const cases: [string, RegExp][] = [
    [fifo, /named pipe/],
    ["folder", /it is a folder/],
    ["/dev/zero", /a device/],
    ["missing", /does not exist/],
    ["a\0b", /NUL/],
    ["", /No path/],
    ["../agent.json", /must stay in the working folder/],
    ["out", /leads out of the working folder/],
    [socket, /a socket/],
    [path.join(world.folder.work, await linkTo(fifo, "to-fifo")), /named pipe/],
    [path.join(world.folder.work, await linkTo("/dev/zero", "to-device")), /a device/],
    [path.join(world.folder.work, await linkTo("nowhere", "dangling")), /a link to something that does not exist/],
    ["dangling", /a link to something that does not exist/],
    [path.join(world.folder.work, await linkTo("loop", "loop")), /too many symbolic links/],
    [path.join(world.folder.work, "folder", "..", "missing", "x"), /does not exist/],
    ["/etc/hostname/x", /a part of its path is not a folder/],
  ];
  for (const [asked, expected] of cases) assert.match(await get(world, asked), expected);
  listening.close();
});

test("a result that the server does not want fails with its word", options, async () => {
  await using world = await commandWorld();
  await writeFile(path.join(world.folder.work, "a.txt"), "hello");
  world.server.intercept = (_request, response) => {
    response.writeHead(410).end(JSON.stringify({ error: { code: "ResourceNotFound", message: "Gone.", target: "" } }));
    return true;
  };
  assert.equal(await get(world, "a.txt"), "failed: The server did not take the file: Gone.");
});

test("when the server finds the whole different, everything is sent again under a new upload id", options, async () => {
  await using world = await commandWorld();
  await writeFile(path.join(world.folder.work, "a.txt"), "hello");
  const ids = new Set<string>();
  world.server.intercept = (request, response) => {
    if (!request.url?.endsWith("/complete")) return false;
    ids.add(request.url);
    if (ids.size === 2) return false;
    response.writeHead(409).end();
    return true;
  };
  assert.equal(await get(world, "a.txt"), "hello");
  assert.equal(ids.size, 2);
});

test(
  "a library file is put whole into the working folder, for its owner only, in place of an older one",
  options,
  async () => {
    await using world = await commandWorld();
    const target = path.join(world.folder.work, "tool");
    await writeFile(target, "old");
    const end = await put(world, "tool", world.server.addFile("new"));
    assert.deepEqual(end, { outcome: "completed", errors: [], result: null });
    assert.equal(await readFile(target, "utf8"), "new");
    assert.equal((await stat(target)).mode & 0o777, 0o700);
    assert.deepEqual(await readdir(world.folder.work), ["tool"]);
  },
);

test("a download that breaks off goes on where it was", options, async () => {
  await using world = await commandWorld();
  const text = "0123456789".repeat(50_000);
  const file = world.server.addFile(text);
  const ranges: (string | undefined)[] = [];
  world.server.intercept = (request, response) => {
    ranges.push(request.headers.range);
    if (ranges.length > 1) return false;
    response.writeHead(200, { "content-length": text.length });
    response.write(text.slice(0, 100_000), () => setTimeout(() => response.destroy(), 50));
    return true;
  };
  assert.equal((await put(world, "big", file)).outcome, "completed");
  assert.equal(await readFile(path.join(world.folder.work, "big"), "utf8"), text);
  assert.match(ranges[1] ?? "", /^bytes=[1-9]\d*-$/);
});

test(
  "bytes that are not the ordered ones never get the name, and neither does a name that is none",
  options,
  async () => {
    await using world = await commandWorld();
    const file = world.server.addFile("good");
    world.server.files.set(file.sha256, Buffer.from("evil"));
    assert.match((await put(world, "tool", file)).errors[0] ?? "", /SHA-256 differs/);
    for (const name of ["../tool", "a/b", "a\\b", "..", "", "x\0", "a\nb", "ü".repeat(128)]) {
      assert.match((await put(world, name, file)).errors[0] ?? "", /^The file's name .*another name\.$/);
    }
    assert.deepEqual((await put(world, "tool", null)).errors, ["The library has no file named 'tool'."]);
    assert.deepEqual(await readdir(world.folder.work), []);
  },
);

test("a transfer without progress is given up at its stall limit and says so", options, async () => {
  await using world = await commandWorld();
  world.server.intercept = () => true;
  const job = world.job({ index: 0, type: "PutFile", fileName: "x", file: world.server.addFile("x") } as const, {
    stallTimeoutMs: 200,
  });
  const end = await putFile(world.deps, job, never);
  assert.deepEqual(end.errors, ["The transfer made no progress for 200 milliseconds."]);
});
