import assert from "node:assert/strict";
import { test } from "node:test";
import { BUILD, COMMIT, DEVELOPMENT, VERSION } from "@halligan/protocol/version";
import { Type } from "typebox";
import { Value } from "typebox/value";
import { filesEndingIn } from "./documents.ts";

const Manifest = Type.Object({
  version: Type.String(),
  dependencies: Type.Optional(Type.Record(Type.String(), Type.String())),
});
const manifests = (await filesEndingIn("package.json")).filter(({ path }) =>
  /^(?:packages\/\w+\/)?package\.json$/.test(path),
);

test("every manifest has the version that the programs show, and asks for no other of our packages", () => {
  assert.ok(manifests.length > 7);
  for (const { path, text } of manifests) {
    const { version, dependencies = {} } = Value.Parse(Manifest, JSON.parse(text));
    assert.equal(version, VERSION, path);
    for (const [name, wanted] of Object.entries(dependencies)) {
      if (name.startsWith("@halligan/")) assert.equal(wanted, VERSION, `${path}: ${name}`);
    }
  }
});

test("a program that runs from its sources says so, in a form that fits the reported version of an agent", () => {
  assert.equal(COMMIT, DEVELOPMENT);
  assert.match(BUILD, /^\d+\.\d+\.\d+\+[\w.]+$/);
  assert.ok(BUILD.length <= 32 && `${VERSION}+0123456789ab`.length <= 32);
});
