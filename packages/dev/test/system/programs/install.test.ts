import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { lockedPackages, ROOT } from "../../supply-chain/lockfile.ts";

const COMMAND = /\bnpm (?:ci|install|i)\b[^`#|&\n]*/g;
/** Where the reader works on Halligan itself. */
const FOR_DEVELOPMENT = ["npm ci"];
const skip = process.platform === "win32" ? "npm is no program there" : false;

const folder = await mkdtemp(join(tmpdir(), "halligan-install-"));
after(() => rm(folder, { recursive: true, force: true }));
before(async () => {
  const manifests = ["package.json", "package-lock.json", ".npmrc"];
  for (const name of await readdir(join(ROOT, "packages"))) manifests.push(join("packages", name, "package.json"));
  for (const name of manifests) {
    await mkdir(join(folder, name, ".."), { recursive: true });
    await copyFile(join(ROOT, name), join(folder, name));
  }
});

async function documentedCommands(): Promise<string[]> {
  const pages = (await readdir(join(ROOT, "docs")))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`);
  const texts = await Promise.all(["README.md", ...pages].map((name) => readFile(join(ROOT, name), "utf8")));
  const commands = texts.flatMap((text) => [...text.matchAll(COMMAND)].map(([command]) => command.trim()));
  return [...new Set(commands)];
}

/** What the command would add, `name@version`; nothing is fetched. */
function addedBy(command: string): Promise<string[]> {
  const [program = "", ...args] = command.split(/\s+/);
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("npm_")));
  return new Promise((resolve, reject) => {
    const options = { cwd: folder, env, timeout: 120_000, maxBuffer: 16 * 1024 * 1024 };
    execFile(program, [...args, "--dry-run", "--loglevel=notice"], options, (error, stdout) => {
      if (error) return reject(error);
      resolve([...stdout.matchAll(/^add (\S+) (\S+)$/gm)].map(([, name, version]) => `${name}@${version}`).toSorted());
    });
  });
}

test("each documented command for a server, a device or a user installs no development package", {
  skip,
}, async (t) => {
  const commands = (await documentedCommands()).filter((command) => !FOR_DEVELOPMENT.includes(command));
  assert.deepEqual(commands.toSorted(), [
    "npm ci --omit=dev -w @halligan/agent",
    "npm ci --omit=dev -w @halligan/cli",
    "npm ci --omit=dev -w @halligan/server",
  ]);
  const locked = await lockedPackages();
  const isDevelopment = (added: string) =>
    locked.filter(({ name, version }) => `${name}@${version}` === added).some((found) => found.isDevelopment) &&
    !locked.some(({ name, version, isDevelopment: dev }) => `${name}@${version}` === added && !dev);
  const node = /^node-(linux|win|bin-darwin)-/;
  for (const command of commands) {
    const added = await addedBy(command);
    t.diagnostic(`${command}: ${added.length} packages`);
    assert.deepEqual(added.filter(isDevelopment), [], command);
    assert.deepEqual(
      added.filter((name) => /^@halligan\/(dev|sim)@|^@oven\//.test(name)),
      [],
      command,
    );
    assert.ok(added.includes(`${command.split(" -w ")[1]}@0.1.0`), command);
    assert.ok(
      added.some((name) => node.test(name)) || !["x64", "arm64"].includes(process.arch),
      `${command} brings Node`,
    );
    if (command.endsWith("agent")) {
      const others = added.filter((name) => !node.test(name)).map((name) => name.replace(/@[^@]*$/, ""));
      assert.deepEqual(others, ["@halligan/agent", "@halligan/protocol", "typebox"]);
    }
  }
});
