import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const ALL = "packages/*/test/**/*.test.ts";

/**
 * The two suites. A test that loads the machine, waits for real time or starts many processes is in
 * a folder `test/system` of its package. A file is in exactly one suite, by its path
 * (`docs/decisions/0056-two-suites.md`).
 */
const IN_SYSTEM = /^packages\/[^/]+\/test\/system\//;
export const SUITES = {
  test: (file) => !IN_SYSTEM.test(file),
  system: (file) => IN_SYSTEM.test(file),
};

/**
 * Folders of `npm test` whose test files share one process for each group. Half of what a small
 * test file costs is the start of its process and the loading of the same modules, up to two
 * seconds of processor time a file. Files of a group run one after another, so that a group whose
 * files wait much is two groups.
 */
const GROUPS = {
  rules: [
    "packages/server/test/unit/auth",
    "packages/server/test/unit/config",
    "packages/server/test/unit/domain",
    "packages/server/test/unit/odata",
  ],
  "use-cases": [
    "packages/server/test/unit/http/api",
    "packages/server/test/unit/http/openapi",
    "packages/server/test/unit/service",
  ],
  edge: ["packages/server/test/unit/http/edge"],
  gateway: ["packages/server/test/unit/gateway"],
  core: [
    "packages/agent/test/core",
    "packages/protocol/test/client",
    "packages/protocol/test/errors",
    "packages/protocol/test/link",
    "packages/protocol/test/link-crypto",
    "packages/protocol/test/network",
    "packages/protocol/test/text",
    "packages/protocol/test/time",
  ],
  documents: ["packages/dev/test/architecture", "packages/dev/test/supply-chain"],
  stores: ["packages/server/test/contract/store"],
  lists: ["packages/server/test/contract/odata"],
  backends: [
    "packages/server/test/contract/blobs",
    "packages/server/test/contract/bus",
    "packages/server/test/unit/blobs",
    "packages/server/test/unit/bus",
    "packages/server/test/unit/setup",
  ],
  permissions: ["packages/server/test/contract/permission-matrix"],
  "agent-commands": ["packages/agent/test/commands", "packages/agent/test/config", "packages/agent/test/disk"],
  "agent-processes": ["packages/agent/test/process", "packages/agent/test/websocket"],
  "agent-transfers": ["packages/agent/test/transfer"],
  cli: ["packages/cli/test"],
};

/**
 * A file that has one of these has a process of its own: it starts a process, changes what other
 * files see, or measures time or memory. A hook outside a suite would run around the tests of the
 * other files.
 */
const NOT_SHARED =
  /child_process|\.spawn\(|process\.(env|chdir|on|exit)\b|mock\.|globalThis|memoryUsage|cpuUsage|\b[rR]ss\b|^(beforeEach|afterEach)\(/m;

/** Files in these folders that have a process of their own for another reason. */
const ALONE = new Set([
  "packages/dev/test/architecture/imports.test.ts",
  "packages/protocol/test/client/examples.test.ts",
  "packages/protocol/test/text/network-failure.test.ts",
  "packages/server/test/unit/gateway/connection-exhaustion.test.ts",
  "packages/server/test/unit/gateway/ws-gateway.test.ts",
  "packages/server/test/unit/http/edge/head-cost.test.ts",
  "packages/server/test/unit/http/edge/json-cost.test.ts",
]);

/**
 * The files to give to the runner for a suite: each group is one file that imports the group's test
 * files. `folder` receives these files.
 */
export function testFilesOf(suite, root, folder) {
  if (folder.includes("node_modules")) throw new Error("the runner of Node looks for no test in node_modules");
  const alone = new Set(globSync(ALL, { cwd: root }).filter(SUITES[suite]));
  if (alone.size === 0) throw new Error(`no test file of the suite ${suite} matches ${ALL} in ${root}`);
  const groups = suite === "system" ? [] : Object.entries(GROUPS);
  const shared = groups.map(([name, folders]) => {
    const files = folders.flatMap((inside) => {
      const found = [...alone].filter((file) => file.startsWith(`${inside}/`) && isShared(root, file)).toSorted();
      if (found.length === 0) throw new Error(`the test group ${name} has no test file in ${inside}`);
      return found;
    });
    for (const file of files) alone.delete(file);
    const group = join(folder, `${name}.test.mjs`);
    writeFileSync(group, files.map((file) => `import ${JSON.stringify(pathToFileURL(join(root, file)))};\n`).join(""));
    return group;
  });
  return [...shared, ...[...alone].map((file) => join(root, file))];
}

const isShared = (root, file) => !ALONE.has(file) && !NOT_SHARED.test(readFileSync(join(root, file), "utf8"));
