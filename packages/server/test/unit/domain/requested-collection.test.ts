import assert from "node:assert/strict";
import { test } from "node:test";
import { archiveFileName, type StartCommandRequest } from "@halligan/protocol/api";
import {
  archiveOf,
  checkCollections,
  devicePathOf,
  OWN_COMMAND_KEYS,
} from "../../../src/domain/actions/collection/requested-collection.ts";
import { checkCommands } from "../../../src/domain/actions/new-machine-action.ts";
import type { DomainError } from "../../../src/domain/errors.ts";

const LIMITS = { archiveLimitFiles: 100, archiveLimitBytes: 1_000 };
const detailOf = (error: DomainError | null) => (error?.code === "InvalidRequestBody" ? error.detail : null);
const base64 = (bytes: string) => Buffer.from(bytes, "latin1").toString("base64");
const get = (key: string, value: string, more: Partial<StartCommandRequest> = {}): StartCommandRequest => ({
  type: "GetFile",
  params: [{ key, value }],
  ...more,
});

test("PathBase64 may stand in the place of Path on the own route, and nowhere else", () => {
  const encoded = get("PathBase64", base64("/a\xff"));
  assert.equal(checkCommands([encoded], OWN_COMMAND_KEYS), null);
  assert.equal(detailOf(checkCommands([encoded])), 'Commands[0]: GetFile has no parameter "PathBase64"; it takes Path');
  const both = { ...encoded, params: [...encoded.params, { key: "Path", value: "/a" }] };
  assert.equal(detailOf(checkCommands([both], OWN_COMMAND_KEYS)), 'Commands[0]: "Path" is given with "PathBase64"');
  const unknown = get("path", "/a");
  assert.match(detailOf(checkCommands([unknown], OWN_COMMAND_KEYS)) ?? "", /it takes Path, PathBase64$/);
});

test("a mistake in a collection is refused by its name", () => {
  const folder = { kind: "folder" } as const;
  const cases: [StartCommandRequest, RegExp | null][] = [
    [get("Path", "/a", { archive: folder }), null],
    [get("Path", "/a", { archive: { ...folder, maxFiles: 100, maxBytes: 1_000 } }), null],
    [
      get("Path", "/a", { archive: { ...folder, maxFiles: 101 } }),
      /^Commands\[0\]\.archive\.maxFiles is 101; .* at most 100$/,
    ],
    [get("Path", "/a", { archive: { ...folder, maxBytes: 1_001 } }), /archive\.maxBytes is 1001; .* at most 1000$/],
    [{ type: "PutFile", params: [], archive: folder }, /PutFile takes no archive/],
    [get("PathBase64", "###"), /"PathBase64" is not base64/],
    [get("PathBase64", "YQ"), /with padding/],
    [get("PathBase64", base64("/a\0b")), /NUL byte/],
  ];
  for (const [command, expected] of cases) {
    const detail = detailOf(checkCollections([command], LIMITS));
    if (expected === null) assert.equal(detail, null);
    else assert.match(detail ?? "", expected);
  }
});

test("a limit that is left out is the server's", () => {
  assert.deepEqual(archiveOf({ archive: { kind: "folder", maxFiles: 5 } }, LIMITS), {
    kind: "folder",
    maxFiles: 5,
    maxBytes: 1_000,
  });
  assert.equal(archiveOf({}, LIMITS), null);
});

test("the device gets bytes only for a path that is not UTF-8", () => {
  assert.deepEqual(devicePathOf(get("Path", "/a")), { path: "/a" });
  assert.deepEqual(devicePathOf(get("PathBase64", Buffer.from("/ü").toString("base64"))), { path: "/ü" });
  assert.deepEqual(devicePathOf(get("PathBase64", base64("/a\xff"))), {
    path: "/a\ufffd",
    pathBase64: base64("/a\xff"),
  });
});

test("an archive has the name of its folder", () => {
  assert.equal(archiveFileName("/var/log/", "folder"), "log.tar.gz");
  assert.equal(archiveFileName("/var/log/*.log", "pattern"), "log.tar.gz");
  assert.equal(archiveFileName("/home/*/.ssh/**", "pattern"), "home.tar.gz");
  assert.equal(archiveFileName("/", "folder"), "files.tar.gz");
  assert.equal(archiveFileName("/*", "pattern"), "files.tar.gz");
  assert.equal(archiveFileName("/a/b\ufffd", "folder"), "b_.tar.gz");
});
