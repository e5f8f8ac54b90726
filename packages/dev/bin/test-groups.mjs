import { globSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const ALL = "packages/*/test/**/*.test.ts";

/**
 * Folders whose test files share one process for each group. Half of what a small test file costs
 * is the start of its process and the loading of the same modules, up to two seconds of processor
 * time a file. A file belongs here when it starts no process, changes no environment, timer or
 * other global value, and measures neither time nor memory.
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
  edges: ["packages/server/test/unit/gateway", "packages/server/test/unit/http/edge"],
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
  documents: ["packages/dev/test/architecture"],
  stores: ["packages/server/test/contract/store"],
};

/** Files in these folders that have a process of their own, each for a reason above. */
const ALONE = new Set([
  "packages/dev/test/architecture/bundled-packages.test.ts",
  "packages/dev/test/architecture/imports.test.ts",
  "packages/dev/test/architecture/test-groups.test.ts",
  "packages/protocol/test/client/examples.test.ts",
  "packages/protocol/test/text/network-failure.test.ts",
  "packages/server/test/contract/store/store-postgres-outage.test.ts",
  "packages/server/test/unit/gateway/connection-exhaustion.test.ts",
  "packages/server/test/unit/gateway/ws-gateway.test.ts",
  "packages/server/test/unit/http/edge/head-cost.test.ts",
  "packages/server/test/unit/http/edge/json-cost.test.ts",
]);

/**
 * The files to give to the runner for all tests: each group is one file that imports the group's
 * test files. `folder` receives these files.
 */
export function allTestFiles(root, folder) {
  const alone = new Set(globSync(ALL, { cwd: root }));
  if (alone.size === 0) throw new Error(`no test file matches ${ALL} in ${root}`);
  const groups = Object.entries(GROUPS).map(([name, folders]) => {
    const files = folders.flatMap((inside) => {
      const found = [...alone].filter((file) => file.startsWith(`${inside}/`) && !ALONE.has(file)).toSorted();
      if (found.length === 0) throw new Error(`the test group ${name} has no test file in ${inside}`);
      return found;
    });
    for (const file of files) alone.delete(file);
    const group = join(folder, `${name}.test.mjs`);
    writeFileSync(group, files.map((file) => `import ${JSON.stringify(pathToFileURL(join(root, file)))};\n`).join(""));
    return group;
  });
  return [...groups, ...[...alone].map((file) => join(root, file))];
}
