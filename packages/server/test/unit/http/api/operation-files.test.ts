import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { test } from "node:test";
import { OPERATIONS } from "../../../../src/http/api/routes.ts";

const FOLDER = new URL("../../../../src/http/api/operations/", import.meta.url);

const fileName = (operation: string): string => `${operation.replace(/(?<=[a-z0-9])(?=[A-Z])/g, "-").toLowerCase()}.ts`;

test("each operation is the only one of a file that has its name", async () => {
  const declared: string[] = [];
  for (const path of await readdir(FOLDER, { recursive: true })) {
    if (!path.endsWith(".ts")) continue;
    const text = await readFile(new URL(path.replaceAll("\\", "/"), FOLDER), "utf8");
    const [, ...parts] = text.split(/\boperation\(\{/);
    if (parts.length === 0) continue;
    assert.equal(parts.length, 1, `${path} declares several operations`);
    const name = /^\s*name: "(\w+)"/.exec(parts[0] ?? "")?.[1] ?? "";
    assert.equal(path.split(/[\\/]/).at(-1), fileName(name), path);
    declared.push(name);
  }
  const listed = [...new Set(OPERATIONS.map(({ name }) => name))];
  assert.deepEqual(declared.toSorted(), listed.toSorted(), "routes.ts lists every operation");
});

test("a limit that is shared is that of an operation which is counted by itself", () => {
  const standard = new Set(OPERATIONS.filter(({ rateLimit }) => rateLimit === "standard").map(({ name }) => name));
  for (const { name, rateLimit } of OPERATIONS) {
    if (typeof rateLimit === "object") assert.ok(standard.has(rateLimit.sharedWith), name);
  }
});

/** Halligan's own operations with limits, written down a second time. */
const OWN_LIMITS: Readonly<Record<string, unknown>> = {
  StartLiveResponse: "start",
  StageContent: "standard",
  RenameMachine: "standard",
  RevokeResultLinks: "standard",
  ListMachineActionDetails: { sharedWith: "ListMachineActions" },
  ListMachineDetails: { sharedWith: "ListMachines" },
  PutLibraryFile: { sharedWith: "UploadLibraryFile" },
  DownloadCommandFile: { sharedWith: "GetLiveResponseResultDownloadLink" },
  DownloadCommandOutput: { sharedWith: "GetLiveResponseResultDownloadLink" },
  ReplaceMachineTags: { sharedWith: "SetMachineTags" },
  // As the link to a result, which it stands for.
  WatchMachineActionOutput: "standard",
};

test("every operation of the contract is limited, and of the others only those that do the same or store something", () => {
  for (const { name, path, rateLimit } of OPERATIONS) {
    const own = OWN_LIMITS[name] ?? "none";
    const contract = name === "RunLiveResponse" ? "start" : "standard";
    assert.deepEqual(rateLimit, path.startsWith("/api/") ? contract : own, name);
  }
});
