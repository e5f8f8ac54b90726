import assert from "node:assert/strict";
import { test } from "node:test";
import { absentMachine } from "../../wire/support/absent-machines.ts";
import { getFile } from "../../wire/support/commands.ts";
import { at, listAt, textAt } from "../../wire/support/json.ts";
import { onlyHalligan, setUp } from "../../wire/support/target.ts";

/** `docs/contract/http-api.md#list-machine-actions`. */
const here = setUp({ agents: 0 });

test("@odata.nextLink is there beyond a page of 1,000, is followed verbatim until it is absent, and gives each action once", {
  skip: onlyHalligan("a thousand actions"),
}, async () => {
  const { api } = here();
  const absent = await Promise.all(Array.from({ length: 16 }, () => absentMachine(here())));
  const started = new Set<string>();
  await Promise.all(
    absent.map(async (machineId) => {
      for (let round = 0; round < 65; round += 1) {
        const id = await api.start(machineId, [getFile("/x")]);
        started.add(id);
        assert.equal((await api.cancel(id)).status, 200);
      }
    }),
  );
  const seen: string[] = [];
  let pages = 0;
  for (
    let next: string | undefined = `${here().target.baseUrl}/api/machineactions?$filter=status%20eq%20'Cancelled'`;
    next;
  ) {
    const url: URL = new URL(next);
    const answer = await api.get(`${url.pathname}${url.search}`);
    assert.equal(answer.status, 200, answer.text);
    const page = listAt(answer.body, "value").map((action) => textAt(action, "id"));
    assert.ok(page.length <= 1_000);
    seen.push(...page);
    pages += 1;
    const link: unknown = at(answer.body, "@odata.nextLink");
    next = typeof link === "string" ? link : undefined;
  }
  assert.equal(pages, 2);
  assert.equal(new Set(seen).size, seen.length);
  assert.deepEqual(seen.filter((id) => started.has(id)).length, started.size);
});
