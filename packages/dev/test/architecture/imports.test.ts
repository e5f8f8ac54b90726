import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const PACKAGES = fileURLToPath(new URL("../../../", import.meta.url));

interface SourceFile {
  /** Relative to `packages/`, with forward slashes. */
  path: string;
  text: string;
  imports: string[];
}

async function sources(folder: string): Promise<SourceFile[]> {
  const names = await readdir(join(PACKAGES, folder), { recursive: true });
  const files = names.filter((name) => name.endsWith(".ts")).map((name) => join(PACKAGES, folder, name));
  return Promise.all(
    files.map(async (file) => {
      const text = await readFile(file, "utf8");
      const imports = [...text.matchAll(/^(?:import|export)[^;]*?from\s+"([^"]+)"|\bimport\(\s*"([^"]+)"/gms)].map(
        (match) => match[1] ?? match[2] ?? "",
      );
      return { path: relative(PACKAGES, file).replaceAll("\\", "/"), text, imports };
    }),
  );
}

/** Folder of `server/src` that an import of a file there leads to, or null when it leads elsewhere. */
function serverFolder(file: SourceFile, specifier: string): string | null {
  if (!specifier.startsWith(".")) return null;
  const target = new URL(specifier, `file:///${file.path}`).pathname.slice(1);
  const match = /^server\/src\/(?:([^/]+)\/)?[^/]*/.exec(target);
  return match ? (match[1] ?? "root") : null;
}

const PACKAGE_MAY_IMPORT: Record<string, readonly string[]> = {
  protocol: ["protocol"],
  server: ["protocol"],
  agent: ["protocol"],
  cli: ["protocol"],
  dev: ["server", "agent", "cli", "protocol"],
  sim: ["server", "agent", "protocol", "sim"],
};

test("a package imports only the packages it may: the agent's list is what a security reviewer reads", async () => {
  for (const [name, allowed] of Object.entries(PACKAGE_MAY_IMPORT)) {
    for (const file of await sources(`${name}/src`)) {
      for (const specifier of file.imports) {
        const other = /^@halligan\/([a-z]+)/.exec(specifier)?.[1];
        if (other)
          assert.ok(allowed.includes(other), `${file.path} imports ${specifier}; ${name} may import ${allowed}`);
        if (specifier.startsWith("../")) {
          const target = new URL(specifier, `file:///${file.path}`).pathname.slice(1);
          assert.ok(target.startsWith(`${name}/`), `${file.path} reaches into another package: ${specifier}`);
        }
      }
    }
  }
});

/** Floors of the server: a folder may import those of its own row's list. What is not listed here does not exist. */
const SERVER_MAY_IMPORT: Record<string, readonly string[]> = {
  domain: ["domain"],
  auth: ["auth", "domain"],
  store: ["store", "domain"],
  blobs: ["blobs", "domain", "auth"],
  bus: ["bus"],
  service: ["service", "store", "blobs", "bus", "auth", "domain", "root:clock.ts"],
  gateway: ["gateway", "service", "bus", "auth", "domain", "root:clock.ts"],
  http: ["http", "service", "store", "blobs", "auth", "domain"],
  loops: ["loops", "service", "domain", "root:clock.ts"],
  // Settings of rules, such as who may grant what, have the type that the rules take.
  config: ["config", "domain"],
  metrics: ["metrics", "service", "store"],
  // It opens the store, also for commands that run beside a server.
  setup: ["setup", "service", "store", "blobs", "bus", "auth", "config", "domain", "root:clock.ts", "root:ids.ts"],
};

test("inside the server imports point down only", async () => {
  for (const file of await sources("server/src")) {
    const from = /^server\/src\/([^/]+)\//.exec(file.path)?.[1];
    if (from === undefined) continue;
    const allowed = SERVER_MAY_IMPORT[from];
    assert.ok(allowed, `server/src/${from} is a floor that nobody has planned`);
    for (const specifier of file.imports) {
      const to = serverFolder(file, specifier);
      if (to === null) continue;
      const wanted = to === "root" ? `root:${specifier.split("/").at(-1)}` : to;
      assert.ok(
        allowed.includes(wanted),
        `${file.path} imports ${specifier}: ${from} may import ${allowed.join(", ")}`,
      );
    }
  }
});

test("domain has no I/O, no clock and no randomness: it imports nothing of node", async () => {
  for (const file of await sources("server/src/domain")) {
    for (const specifier of file.imports)
      assert.ok(!specifier.startsWith("node:"), `${file.path} imports ${specifier}`);
  }
});

const REAL_TIME =
  /\bDate\.now\(|\bnew Date\(\)|\bsetTimeout\(|\bsetInterval\(|\bsetImmediate\(|\bMath\.random\(|performance\.now\(|crypto\.subtle|node:timers|node:stream/;
/** What a simulation will drive: it waits only on ports, or a run cannot be replayed. */
const SIMULATED = [
  "server/src/domain",
  "server/src/service",
  "server/src/loops",
  "server/src/gateway",
  "agent/src/core",
];

test("what a simulation drives knows no time, timers, streams or chance of its own", async () => {
  for (const folder of SIMULATED) {
    for (const file of await sources(folder)) {
      // The adapter over a real socket is the rim: a simulation brings its own.
      if (file.path === "server/src/gateway/ws-gateway.ts") continue;
      const code = file.text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/\/\/.*$/gm, "");
      const found = REAL_TIME.exec(code);
      assert.equal(found, null, `${file.path} uses ${found?.[0]}`);
    }
  }
});

test("nothing but the settings reads the environment of the server", async () => {
  for (const file of await sources("server/src")) {
    if (file.path === "server/src/main.ts" || file.path.startsWith("server/src/config/")) continue;
    assert.ok(!file.text.includes("process.env"), `${file.path} reads process.env`);
  }
});
