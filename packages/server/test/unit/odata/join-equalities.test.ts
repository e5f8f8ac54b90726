import assert from "node:assert/strict";
import { test } from "node:test";
import { MACHINES } from "../../../src/odata/entities/machine-fields.ts";
import { parseFilter } from "../../../src/odata/parse/parse-filter.ts";
import { joinEqualities } from "../../../src/store/lists/join-equalities.ts";

function joined(text: string) {
  const filter = parseFilter(text, MACHINES);
  if (!filter.ok) throw new Error(filter.error.detail);
  return joinEqualities(filter.value);
}

test("equalities on one property become one list, also inside any", () => {
  assert.equal(joined("id eq 'a' or id eq 'b'").kind, "in");
  const tags = joined("machineTags/any(t: t eq 'a' or t eq 'b' or t in ('c'))");
  assert.ok(tags.kind === "any" && tags.where?.kind === "in");
  assert.deepEqual(tags.where.values, ["a", "b", "c"]);
  assert.deepEqual(joined("machineTags/any()"), { kind: "any", field: "machineTags", where: null });
});
