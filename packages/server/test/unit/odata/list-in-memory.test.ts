import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { LibraryFile } from "../../../src/domain/library/library-file.ts";
import { LIBRARY_FILES, libraryFileRecord } from "../../../src/odata/entities/library-file-fields.ts";
import { meets } from "../../../src/odata/evaluate.ts";
import { listInMemory } from "../../../src/odata/list-in-memory.ts";
import { parseListQuery } from "../../../src/odata/query.ts";
import { inOrder } from "../../contract/odata/odata-reference.ts";
import { arbitraryFilter } from "./arbitrary-filter.ts";
import { arbitraryText } from "./arbitrary-values.ts";
import { printFilter } from "./print-filter.ts";
import { RUNS, SEED } from "./runs.ts";

const libraryFile: fc.Arbitrary<LibraryFile> = fc.record({
  fileName: arbitraryText,
  sha256: fc.constantFrom("a".repeat(64), "b".repeat(64)),
  sizeBytes: fc.nat(),
  description: fc.option(arbitraryText),
  hasParameters: fc.boolean(),
  parametersDescription: fc.option(arbitraryText),
  createdBy: fc.constantFrom("Ann", "ann", "BOB"),
  ownerId: fc.constant("client-1"),
  ownerAccountId: fc.constant("client-1"),
  deviceGroups: fc.constant(null),
  createdAtMs: fc.constantFrom(0, 1, 86_400_000),
  updatedBy: arbitraryText,
  updatedAtMs: fc.nat(),
});

test("a list in memory finds, orders, counts and cuts as the lists of the store do", () => {
  const order = fc
    .subarray([...LIBRARY_FILES.fields.values()].map(({ name }) => name))
    .map((names) => names.slice(0, 3));
  fc.assert(
    fc.property(
      fc.array(libraryFile, { maxLength: 12 }),
      arbitraryFilter(LIBRARY_FILES, 2),
      order,
      fc.boolean(),
      fc.nat(4),
      fc.option(fc.nat(6)),
      (files, filter, names, descending, skip, top) => {
        const options = new URLSearchParams({ $filter: printFilter(filter, LIBRARY_FILES, skip), $skip: String(skip) });
        if (names.length > 0)
          options.set("$orderby", names.map((name) => `${name} ${descending ? "desc" : "asc"}`).join());
        if (top !== null) options.set("$top", String(top));
        options.set("$count", "true");
        const query = parseListQuery(options, LIBRARY_FILES, 0, { hasPages: false });
        if (!query.ok) throw new Error(query.error.detail);
        const listed = listInMemory(files, libraryFileRecord, LIBRARY_FILES, query.value);
        const rows = files.map((file, seq) => ({ seq, file, record: asNumbers(libraryFileRecord(file)) }));
        const found = rows.filter(({ file }) => meets(filter, libraryFileRecord(file)));
        const expected = inOrder(found, query.value.sort, LIBRARY_FILES, false).map(({ file }) => file);
        assert.equal(listed.count, found.length);
        assert.deepEqual(listed.rows, expected.slice(skip, top === null ? undefined : skip + top));
      },
    ),
    { numRuns: RUNS, seed: SEED },
  );
});

/** In the reference the booleans of a store are numbers. */
const asNumbers = (record: ReturnType<typeof libraryFileRecord>) => ({
  ...record,
  hasParameters: Number(record.hasParameters),
});
