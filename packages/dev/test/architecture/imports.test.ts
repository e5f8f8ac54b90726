import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { posix } from "node:path";
import { test } from "node:test";
import {
  cycleIn,
  entryGraph,
  fileGraph,
  foldersOf,
  type Graph,
  importsBetween,
  importsIn,
  packageNames,
  type SourceFile,
  sources,
  targetOf,
} from "./import-graph.ts";
import { ENTRY_POINTS, FOLDERS, LARGE_FOLDERS, MAX_FILES, PACKAGES } from "./layers.ts";
import { OWN_TIMERS } from "./own-timers.ts";

/** The structure of all packages. A failure prints what is wrong, and why the rule exists. */

const names = await packageNames();
const filesOf = new Map<string, SourceFile[]>();
for (const name of names) filesOf.set(name, await sources(`${name}/src`));
const all = [...filesOf.values()].flat();
const graph = fileGraph(all);
const inServer = filesOf.get("server") ?? [];

/** The code without its comments. */
const codeOf = ({ text }: SourceFile): string => text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/\/\/.*$/gm, "");

test("a package imports only the packages it may, through their entry points", () => {
  assert.deepEqual(names.toSorted(), Object.keys(PACKAGES).toSorted(), "layers.ts lists every package");
  const faults = [...filesOf].flatMap(([name, files]) => {
    const { mayImport = [], reason = "" } = PACKAGES[name] ?? {};
    return files.flatMap((file) =>
      file.imports.flatMap((specifier) => {
        const target = targetOf(file, specifier);
        if (target !== null && !target.startsWith(`${name}/src/`) && target !== `${name}/package.json`)
          return [`${file.path} imports ${specifier}, which is outside of its sources: use an entry point`];
        const [, other, entry = ""] = /^@halligan\/([a-z]+)\/?(.*)$/.exec(specifier) ?? [];
        if (other === undefined || other === name) return [];
        if (!mayImport.includes(other))
          return [`${file.path} imports ${specifier}; ${name} may import ${mayImport}, because ${reason}`];
        const points = ENTRY_POINTS[other];
        if (!points || points.mayImport.includes(entry)) return [];
        return [
          `${file.path} imports ${specifier}; ${other} has the entry points ${points.mayImport}: ${points.reason}`,
        ];
      }),
    );
  });
  assert.deepEqual(faults, []);
});

for (const [name, folders] of Object.entries(FOLDERS)) {
  test(`inside ${name} imports point down only`, () => {
    const files = filesOf.get(name) ?? [];
    const entryOf = (path: string) => path.slice(`${name}/src/`.length).split("/")[0] ?? "";
    const isFolder = (entry: string) => !entry.endsWith(".ts");
    const there = new Set(files.map(({ path }) => entryOf(path)).filter(isFolder));
    assert.deepEqual([...there].toSorted(), Object.keys(folders).toSorted(), `layers.ts lists every folder of ${name}`);
    const faults = files.flatMap((file) => {
      const from = entryOf(file.path);
      const { mayImport, reason } = folders[from] ?? {};
      if (!mayImport) return [];
      return file.imports.flatMap((specifier) => {
        const target = targetOf(file, specifier);
        if (!target?.startsWith(`${name}/src/`)) return [];
        const to = entryOf(target);
        if (to === from || mayImport.includes(to)) return [];
        return [`${file.path} imports ${specifier}; ${from} may import ${mayImport.join(", ")}, because ${reason}`];
      });
    });
    assert.deepEqual(faults, []);
  });
}

/** Each step of a cycle with an import that makes it. */
const explained = (cycle: readonly string[], files: Graph): string[] =>
  cycle.slice(1).map((to, index) => importsBetween(files, cycle[index] ?? "", to)[0] ?? "");

test("no file imports itself through others: each can be read and loaded before what uses it", () => {
  const cycle = cycleIn(graph);
  assert.equal(cycle, null, cycle?.join(" imports "));
});

test("no folder imports itself through others: what is in one folder is one layer", () => {
  const cycles = foldersOf(graph).flatMap((folder) => {
    const cycle = cycleIn(entryGraph(graph, folder));
    return cycle ? [explained(cycle, graph)] : [];
  });
  assert.deepEqual(cycles, []);
});

test("a cycle of files and one of folders are found", () => {
  const file = (path: string, text: string): SourceFile => ({ path, text, imports: importsIn(text) });
  const files = fileGraph([
    file("a/one.ts", 'import type { Two } from "./b/two.ts";'),
    file("a/b/two.ts", 'export const x = await import("../c/three.ts");'),
    file("a/c/three.ts", 'import {\n  type Four,\n} from "../b/four.ts";\nexport * from "node:fs";'),
    file("a/b/four.ts", ""),
  ]);
  assert.equal(cycleIn(files), null);
  assert.deepEqual(cycleIn(entryGraph(files, "a")), ["a/b", "a/c", "a/b"]);
  assert.deepEqual(importsBetween(files, "a/c", "a/b"), ["a/c/three.ts imports a/b/four.ts"]);
  assert.deepEqual(cycleIn(new Map([["x", new Set(["x"])]])), ["x", "x"]);
});

test(`no folder has more than ${MAX_FILES} source files: a reader sees its subject at once`, () => {
  const counts = new Map<string, number>();
  for (const { path } of all) counts.set(posix.dirname(path), (counts.get(posix.dirname(path)) ?? 0) + 1);
  const large = [...counts].filter(([, count]) => count > MAX_FILES).map(([folder]) => folder);
  const unlisted = large.filter((folder) => !Object.hasOwn(LARGE_FOLDERS, folder));
  assert.deepEqual(unlisted, [], "split it by subject, or give layers.ts the reason");
  const needless = Object.keys(LARGE_FOLDERS).filter((folder) => !large.includes(folder));
  assert.deepEqual(needless, [], "exceptions that are not needed");
});

const MAX_LINES = 350;
const WITH_TESTS = names.filter((name) => name !== "bench");

test(`each file has fewer than ${MAX_LINES} lines: it has one subject, and a reader keeps it in mind`, async () => {
  const tests = await Promise.all(WITH_TESTS.map((name) => sources(`${name}/test`)));
  const faults = [...all, ...tests.flat()]
    .map(({ path, text }) => ({ path, lines: text.split("\n").length - 1 }))
    .filter(({ lines }) => lines >= MAX_LINES)
    .map(({ path, lines }) => `${path}: ${lines} lines; split it by subject`);
  assert.deepEqual(faults, []);
});

/** What generic HTTP code must not know, so that it can be read and tested without Halligan. */
const NOT_IN_EDGE = ["service", "store", "domain", "odata", "gateway", "http/api", "http/openapi"];

test("http/edge imports no service, store or domain: it is HTTP, not Halligan's API", () => {
  const faults = importsBetween(graph, "server/src/http/edge", "server/src").filter((line) =>
    NOT_IN_EDGE.some((folder) => line.includes(` imports server/src/${folder}/`)),
  );
  assert.deepEqual(faults, []);
});

test("only the composition in setup knows the edges: commands next to a server load no HTTP and no WebSocket", () => {
  const faults = importsBetween(graph, "server/src/setup", "server/src").filter(
    (line) =>
      !line.startsWith("server/src/setup/composition/") &&
      /imports server\/src\/(?:http|gateway|metrics|setup\/composition)\//.test(line),
  );
  assert.deepEqual(faults, []);
});

test("only service opens transactions: one use case is one transaction, and edges cannot split it", () => {
  const opens = /\bstore\s*\.(?:read|write)\(|\.(?:read|write)\(\s*(?:async\s*)?\(?tx\b/;
  const faults = inServer
    .filter(({ path }) => !/^server\/src\/(?:service|store)\//.test(path))
    .flatMap((file) => {
      const found = opens.exec(codeOf(file));
      return found ? [`${file.path}: ${found[0]}`] : [];
    });
  assert.deepEqual(faults, []);
});

test("domain has no I/O, no clock and no randomness: it imports nothing of node", () => {
  const faults = inServer
    .filter(({ path }) => path.startsWith("server/src/domain/"))
    .flatMap(({ path, imports }) => imports.filter((one) => one.startsWith("node:")).map((one) => `${path}: ${one}`));
  assert.deepEqual(faults, []);
});

const CLASS = /\bclass (\w+)(?:<[^>]*>)? extends (\w+)[^{]*\{([\s\S]*?)\}\n(?=\S|\n|$)/g;

test("each error class ends in Error and sets its name, so a log and a stack say what it is", async () => {
  const tested = names.filter((name) => existsSync(new URL(`../../../${name}/test`, import.meta.url)));
  const files = [...all, ...(await Promise.all(tested.map((name) => sources(`${name}/test`)))).flat()];
  const classes = files.flatMap(({ path, text }) =>
    [...text.matchAll(CLASS)].map(([, name = "", parent = "", body = ""]) => ({ path, name, parent, body })),
  );
  const errors = new Set(["Error"]);
  for (let size = 0; size !== errors.size; ) {
    size = errors.size;
    for (const { name, parent } of classes) if (errors.has(parent)) errors.add(name);
  }
  const faults = classes
    .filter(({ parent }) => errors.has(parent))
    .filter(({ name, body }) => !name.endsWith("Error") || !new RegExp(`\\bname(?:: string)? = "${name}"`).test(body))
    .map(({ path, name }) => `${path}: ${name}`);
  assert.ok(errors.size > 20, `only ${[...errors]} were found`);
  assert.deepEqual(faults, []);
});

test("clocks and waits are defined in protocol/time only, so an aborted wait ends the same way everywhere", () => {
  const own = /\b(?:interface (?:Monotonic)?Clock|(?:function|const) (?:sleep|abortable|withDeadline|backoffMs))\b/;
  const faults = all
    .filter(({ path }) => !path.startsWith("protocol/src/time/"))
    .flatMap((file) => {
      const found = own.exec(codeOf(file));
      return found ? [`${file.path}: ${found[0]}`] : [];
    });
  assert.deepEqual(faults, []);
});

test("waits use protocol/time: they end with the reason of their signal, and a test can replace the clock", () => {
  const timer = /\bnode:timers\b|(?<!\.)\b(?:setTimeout|setInterval|setImmediate)\(/;
  const found = all
    .filter((file) => !file.path.startsWith("protocol/src/time/") && timer.test(codeOf(file)))
    .map(({ path }) => path);
  const unlisted = found.filter((path) => !Object.hasOwn(OWN_TIMERS, path));
  assert.deepEqual(unlisted, [], "use sleep, withDeadline or Clock.after, or give own-timers.ts the reason");
  const needless = Object.keys(OWN_TIMERS).filter((path) => !found.includes(path));
  assert.deepEqual(needless, [], "exceptions that are not needed");
});

const REAL_TIME =
  /\bDate\.now\(|\bnew Date\(\)|\bsetTimeout\(|\bsetInterval\(|\bsetImmediate\(|\bMath\.random\(|performance\.now\(|crypto\.subtle|node:timers|node:stream/;
const SIMULATED = [
  "server/src/domain/",
  "server/src/odata/",
  "server/src/service/",
  "server/src/setup/background-jobs.ts",
  "server/src/gateway/",
  "agent/src/core/",
];
/** The adapter over a real socket: a simulation brings its own. */
const REAL_SOCKET = "server/src/gateway/ws-gateway.ts";

test("what a simulation drives has no time, timers, streams or chance of its own, so a run can be replayed", () => {
  for (const start of SIMULATED)
    assert.ok(
      all.some(({ path }) => path.startsWith(start)),
      `${start} is missing`,
    );
  const faults = all
    .filter(({ path }) => path !== REAL_SOCKET && SIMULATED.some((start) => path.startsWith(start)))
    .flatMap((file) => {
      const found = REAL_TIME.exec(codeOf(file));
      return found ? [`${file.path} uses ${found[0]}`] : [];
    });
  assert.deepEqual(faults, []);
});

test("only the settings read the environment of the server: each of them has its name and check in one place", () => {
  const faults = inServer
    .filter(({ path }) => path !== "server/src/main.ts" && !path.startsWith("server/src/config/"))
    .filter(({ text }) => text.includes("process.env"))
    .map(({ path }) => path);
  assert.deepEqual(faults, []);
});
