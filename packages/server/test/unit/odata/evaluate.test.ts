import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { compareText } from "../../../src/odata/compare-text.ts";
import { MACHINES } from "../../../src/odata/entities/machine-fields.ts";
import { type FilterRecord, meets } from "../../../src/odata/evaluate.ts";
import { parseFilter } from "../../../src/odata/parse/parse-filter.ts";
import { arbitraryText } from "./arbitrary-values.ts";
import { RUNS, SEED } from "./runs.ts";

const RECORD: FilterRecord = {
  id: "a".repeat(40),
  computerDnsName: "Lab-1",
  version: null,
  osVersion: "😀x",
  osBuild: 19_045,
  lastSeen: 1_000,
  machineTags: ["lab", "O'Neil"],
  healthStatus: "Active",
};

for (const [text, expected] of [
  ["version eq null", true],
  ["version ne null", false],
  ["version eq 'x'", false],
  ["version ne 'x'", true],
  ["version in ('x')", false],
  ["not (version eq 'x')", true],
  ["version gt 'x' or version le 'x'", false],
  ["not (version gt 'x')", true],
  ["contains(version,'')", false],
  ["not contains(version,'')", true],
  ["osVersion ne null", true],
  ["computerDnsName eq 'LAB-1'", true],
  ["startswith(computerDnsName,'LAB')", true],
  ["computerDnsName gt 'LAB-0' and computerDnsName lt 'lab-2'", true],
  ["startswith(osVersion,'😀')", true],
  ["endswith(osVersion,'X')", true],
  ["toupper(osVersion) eq '😀X'", true],
  ["osVersion gt '\uffff'", true],
  ["osBuild gt 19044.5 and osBuild lt 19045.5", true],
  ["osBuild in (1,19045)", true],
  ["lastSeen ge 1970-01-01T00:00:01Z", true],
  ["lastSeen gt 1970-01-01T00:00:01Z", false],
  ["lastSeen lt 1970-01-01T00:00:01.0000001Z", true],
  ["lastSeen eq 1970-01-01T00:00:01.0000001Z", false],
  ["machineTags/any(t: t eq 'O''Neil')", true],
  ["machineTags/any(t: t eq 'LAB')", true],
  ["osVersion eq '😀X'", true],
  ["osVersion in ('y','😀X')", true],
  ["osVersion ne '😀X'", false],
  ["osVersion gt '😀W' and osVersion lt '😀Y'", true],
  ["machineTags/any(t: tolower(t) eq 'lab' and contains(t,'z'))", false],
  ["machineTags/any()", true],
  ["contains(healthStatus,'ACT')", true],
  ["healthStatus in ('active','Inactive')", true],
] as const) {
  test(`${JSON.stringify(text)} is ${expected}`, () => {
    const filter = parseFilter(text, MACHINES);
    if (!filter.ok) throw new Error(filter.error.detail);
    assert.equal(meets(filter.value, RECORD), expected);
  });
}

test("texts are ordered as their UTF-8 is", () => {
  fc.assert(
    fc.property(arbitraryText, arbitraryText, (a, b) => {
      assert.equal(Math.sign(compareText(a, b)), Buffer.compare(Buffer.from(a), Buffer.from(b)));
    }),
    { numRuns: RUNS, seed: SEED },
  );
});
