import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { Type } from "typebox";
import { Value } from "typebox/value";
import { isInRange, lockedPackages, ROOT } from "./lockfile.ts";

const Licences = Type.Object({
  allowed: Type.Array(Type.String()),
  exceptions: Type.Record(Type.String(), Type.String({ minLength: 20 })),
});
const Advisories = Type.Object({
  reviewed: Type.String({ pattern: "^\\d{4}-\\d{2}-\\d{2}$" }),
  how: Type.String(),
  reviewedPackages: Type.String(),
  advisories: Type.Array(
    Type.Object({
      id: Type.String({ pattern: "^(GHSA|CVE)-" }),
      package: Type.String(),
      vulnerable: Type.String(),
      statement: Type.Union([Type.String({ minLength: 40 }), Type.Null()]),
    }),
  ),
});
const read = async (name: string): Promise<unknown> => JSON.parse(await readFile(`${ROOT}.ci/${name}`, "utf8"));
const packages = await lockedPackages();

test("every package of the lockfile has a licence of the list, or is an exception with its reason", async () => {
  const { allowed, exceptions } = Value.Parse(Licences, await read("licences.json"));
  const faults = packages
    .filter(({ name, license }) => !(license !== null && allowed.includes(license)) && !Object.hasOwn(exceptions, name))
    .map(({ name, version, license }) => `${name}@${version}: ${license}`);
  assert.deepEqual(faults, []);
  const unused = Object.keys(exceptions).filter(
    (wanted) => !packages.some(({ name, license }) => name === wanted && !allowed.includes(license ?? "")),
  );
  assert.deepEqual(unused, [], "exceptions that nothing needs any more");
  const outside = packages.filter(({ name, isDevelopment }) => Object.hasOwn(exceptions, name) && !isDevelopment);
  assert.deepEqual(outside, [], "an exception is for a development package");
});

test("every package of the lockfile is bound to its bytes, and none runs a script when it is installed", () => {
  const unbound = packages.filter(({ integrity }) => !integrity?.startsWith("sha512-"));
  assert.deepEqual(
    unbound.map(({ name }) => name),
    [],
  );
  assert.deepEqual(
    packages.filter(({ hasInstallScript }) => hasInstallScript).map(({ name }) => name),
    [],
  );
});

test("no version that an advisory names is installed, but for development packages with a statement", async () => {
  const { advisories } = Value.Parse(Advisories, await read("advisories.json"));
  for (const { id, package: wanted, vulnerable, statement } of advisories) {
    const found = packages.filter(({ name, version }) => name === wanted && isInRange(version, vulnerable));
    if (statement === null) assert.deepEqual(found, [], id);
    else assert.ok(found.length > 0, `${id} names nothing that is installed: set its statement to null`);
    for (const { name, version, isDevelopment } of found) {
      assert.ok(isDevelopment, `${id}: ${name}@${version} reaches a server or device`);
    }
  }
});

test("the advisories were reviewed for exactly the packages that a server or device gets", async () => {
  const { reviewed, reviewedPackages } = Value.Parse(Advisories, await read("advisories.json"));
  const names = packages
    .filter(({ isDevelopment }) => !isDevelopment)
    .map(({ name, version }) => `${name}@${version}`)
    .toSorted();
  const digest = createHash("sha256")
    .update([...new Set(names)].join("\n"))
    .digest("hex");
  assert.equal(
    reviewedPackages,
    digest,
    `the packages have changed since the review of ${reviewed}: look at the advisories of what is new, then set reviewed and reviewedPackages`,
  );
});

test("a range of versions is read as its comparisons say", () => {
  assert.ok(isInRange("0.3.0", "<=0.3.1") && isInRange("8.17.0", "<8.17.1") && isInRange("4.3.0", ">=4.2.4 <4.4.1"));
  assert.ok(!isInRange("8.23.0", "<8.17.1") && !isInRange("4.2.3", ">=4.2.4 <4.4.1") && !isInRange("10.0.0", "<9.0.0"));
  assert.throws(() => isInRange("1.0.0", "*"), /no comparison/);
});
