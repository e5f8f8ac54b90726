import assert from "node:assert/strict";
import { test } from "node:test";
import { packageNames, sources } from "./import-graph.ts";
import { PROPERTY_CHECKS } from "./property-checks.ts";

const all = (await Promise.all((await packageNames()).map((name) => sources(`${name}/src`)))).flat();
const PROPERTY_CHECK = /"\w+" in \w/;

test("code distinguishes our own values by a kind or the result type, so that a switch over them is exhaustive", () => {
  const checking = all.flatMap(({ path, text }) =>
    text
      .split("\n")
      .flatMap((line, index) => (PROPERTY_CHECK.test(line) ? [{ path, at: `${path}:${index + 1}` }] : [])),
  );
  const unlisted = checking.filter(({ path }) => !Object.hasOwn(PROPERTY_CHECKS, path)).map(({ at }) => at);
  assert.deepEqual(unlisted, [], "give the value a kind, return Result of protocol/errors, or list it with its reason");
  const needless = Object.keys(PROPERTY_CHECKS).filter((file) => !checking.some(({ path }) => path === file));
  assert.deepEqual(needless, [], "exceptions that are not needed");
});
