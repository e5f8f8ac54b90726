import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { assertSucceeded } from "../support/api.ts";
import { getFile, runScript, UNKNOWN_ACTION, UNKNOWN_MACHINE } from "../support/commands.ts";
import { assertError, assertGolden, context } from "../support/golden.ts";
import { at, keysOf, listAt, numberAt, textAt } from "../support/json.ts";
import { rawSend } from "../support/raw-http.ts";
import { here } from "../support/shared.ts";
import type { Here } from "../support/target.ts";

/**
 * `GET /api/machineactions`. `docs/contract/clients-in-the-wild.md#listing-actions`,
 * `docs/contract/http-api.md#list-machine-actions`.
 */

/** What was started, oldest first: two that Succeeded, one Failed, one Cancelled. */
const ids: string[] = [];

async function startSome({ api, library, machineId }: Here): Promise<void> {
  const slow = await library.script("slow", "sleep 60");
  for (const path of ["/etc/hostname", "/etc/hostname", "/no/such/file"]) {
    ids.push(textAt(await api.runToEnd(machineId, [getFile(path)]), "id"));
  }
  const id = await api.start(machineId, [runScript(slow)]);
  await api.cancel(id);
  ids.push(id);
}

/** The list for a query as it goes out, byte for byte. */
async function list(query: string) {
  const { target, api } = here();
  const path = `/api/machineactions${query === "" ? "" : `?${query}`}`;
  return await rawSend(target.baseUrl, { target: path, headers: [`Authorization: Bearer ${api.token}`] });
}

async function idsOf(query: string): Promise<string[]> {
  const answer = await list(query);
  assert.equal(answer.status, 200, `${query}: ${answer.text}`);
  return listAt(answer.body, "value").map((action) => textAt(action, "id"));
}

const mine = (found: readonly string[]): string[] => found.filter((id) => ids.includes(id));
const newestFirst = (): string[] => ids.toReversed();
const one = (index: number): string => ids[index] ?? "missing";

describe("the list of actions", () => {
  before(() => startSome(here()));

  test("the envelope has its context and the entities, which have none", async () => {
    const answer = await list("$top=1");
    assert.equal(answer.status, 200);
    assertGolden(
      { ...Object(answer.body), value: listAt(answer.body, "value").map(keysOf) },
      {
        "@odata.context": context("MachineActions"),
        value: [
          [
            "id",
            "type",
            "title",
            "requestor",
            "requestorComment",
            "status",
            "machineId",
            "computerDnsName",
            "creationDateTimeUtc",
            "lastUpdateDateTimeUtc",
            "cancellationRequestor",
            "cancellationComment",
            "cancellationDateTimeUtc",
            "errorHResult",
            "scope",
            "externalId",
            "requestSource",
            "relatedFileInfo",
            "commands",
            "troubleshootInfo",
          ],
        ],
      },
    );
  });

  test("without $orderby the newest comes first, so value[0] is the action just started", async () => {
    assert.deepEqual(mine(await idsOf("")), newestFirst());
    const { api, machineId } = here();
    const id = await api.start(machineId, [getFile("/etc/hostname")]);
    const [first] = await idsOf(`$filter=machineId%20eq%20'${machineId}'`);
    assert.equal(first, id);
    await api.waitForEnd(id);
  });

  test("$top=N alone gives the newest N", async () => {
    const all = await idsOf("");
    assert.deepEqual(await idsOf("$top=2"), all.slice(0, 2));
    assert.deepEqual(await idsOf("%24top=2"), all.slice(0, 2));
  });

  for (const [spelling, encode] of [
    ["raw $, + for spaces, raw quotes", (text: string) => text.replaceAll(" ", "+")],
    ["%20 for spaces", (text: string) => text.replaceAll(" ", "%20")],
    [
      "%24 for $ and %27 for quotes",
      (text: string) => encodeURIComponent(text).replaceAll("'", "%27").replaceAll("%3D", "=").replaceAll("%26", "&"),
    ],
    [
      "%20 and raw parentheses, everything else encoded",
      (text: string) => encodeURIComponent(text).replaceAll("%3D", "=").replaceAll("%26", "&").replaceAll("%24", "$"),
    ],
  ] as const) {
    test(`the queries that clients send are understood: ${spelling}`, async () => {
      const { machineId } = here();
      const asked = async (query: string) => mine(await idsOf(encode(query)));
      assert.deepEqual(await asked(`$filter=machineId eq '${machineId}'`), newestFirst());
      assert.deepEqual(await asked(`$filter=machineId eq '${machineId}' and status eq 'Pending'`), []);
      assert.deepEqual(
        await asked(
          `$filter=machineId eq '${machineId}' and (status eq 'Pending' or status eq 'InProgress')&$orderby=creationDateTimeUtc desc&$top=1`,
        ),
        [],
      );
      assert.deepEqual(await asked(`$filter=status eq 'Succeeded' and type eq 'LiveResponse'&$top=50`), [
        one(1),
        one(0),
      ]);
      assert.deepEqual(
        await asked(
          `$filter=(machineId eq '${machineId}' or machineId eq '${UNKNOWN_MACHINE}') and status eq 'Failed'`,
        ),
        [one(2)],
      );
      assert.deepEqual(await asked(`$filter=id in ('${one(0)}','${one(3)}')&$count=true&$top=1000`), [one(3), one(0)]);
      assert.deepEqual(
        await asked(
          `$filter=machineId eq '${machineId}' AND status eq 'Succeeded'&$orderby=creationDateTimeUtc desc&$skip=0&$top=10&$count=true`,
        ),
        [one(1), one(0)],
      );
      assert.deepEqual(
        await asked("$filter=CreationDateTimeUtc ge 2026-01-01T00:00:00Z&$orderby=CreationDateTimeUtc desc"),
        newestFirst(),
      );
    });
  }

  test("requestor eq finds the actions of an application", async () => {
    const requestor = textAt((await here().api.action(one(0))).body, "requestor");
    const name = encodeURIComponent(requestor.replaceAll("'", "''"));
    assert.deepEqual(mine(await idsOf(`$filter=requestor%20eq%20'${name}'%20and%20status%20eq%20'Cancelled'`)), [
      one(3),
    ]);
    assert.deepEqual(await idsOf(`$filter=requestor%20eq%20'nobody''s'`), []);
  });

  test("keywords and property names are matched in any letter case", async () => {
    for (const filter of [
      `STATUS EQ 'Failed' AND MACHINEID EQ '${here().machineId}'`,
      `Status Eq 'Failed' And MachineId Eq '${here().machineId}'`,
      `NOT (status ne 'Failed')`,
    ]) {
      assert.deepEqual(mine(await idsOf(`$filter=${encodeURIComponent(filter)}`)), [one(2)], filter);
    }
    const oldestFirst = await idsOf(`$filter=machineId+eq+'${here().machineId}'&$orderby=CREATIONDATETIMEUTC+ASC`);
    assert.deepEqual(mine(oldestFirst), ids);
  });

  test("ne, gt, ge, lt, le, in and startswith compare as OData says", async () => {
    const { api } = here();
    const created = textAt((await api.action(one(1))).body, "creationDateTimeUtc");
    const asked = async (filter: string) => mine(await idsOf(`$filter=${encodeURIComponent(filter)}`));
    assert.deepEqual(await asked("status ne 'Succeeded'"), [one(3), one(2)]);
    assert.deepEqual(await asked(`creationDateTimeUtc gt ${created}`), [one(3), one(2)]);
    assert.deepEqual(await asked(`creationDateTimeUtc ge ${created}`), [one(3), one(2), one(1)]);
    assert.deepEqual(await asked(`creationDateTimeUtc lt ${created}`), [one(0)]);
    assert.deepEqual(await asked(`creationDateTimeUtc le ${created}`), [one(1), one(0)]);
    assert.deepEqual(await asked("status in ('Failed','Cancelled')"), [one(3), one(2)]);
    assert.deepEqual(await asked(`startswith(machineId,'${here().machineId.slice(0, 8)}')`), newestFirst());
    assert.deepEqual(await asked("startswith(machineId,'zz')"), []);
    assert.deepEqual(await asked("creationDateTimeUtc gt 2018-08-01Z"), newestFirst());
  });

  test("$orderby goes both ways", async () => {
    assert.deepEqual(mine(await idsOf("$orderby=creationDateTimeUtc")), ids);
    assert.deepEqual(mine(await idsOf("$orderby=creationDateTimeUtc%20asc")), ids);
    assert.deepEqual(mine(await idsOf("$orderby=creationDateTimeUtc+desc")), newestFirst());
  });

  test("$skip passes over the first ones", async () => {
    const all = await idsOf("");
    assert.deepEqual(await idsOf("$skip=1&$top=2"), all.slice(1, 3));
    assert.deepEqual(await idsOf(`$skip=${all.length}`), []);
  });

  test("$count=true gives @odata.count of all that fit, whatever $top says; without it there is none", async () => {
    const filter = `$filter=machineId%20eq%20'${here().machineId}'%20and%20status%20eq%20'Succeeded'`;
    const all = (await idsOf(filter)).length;
    const answer = await list(`${filter}&$top=1&$count=true`);
    assert.equal(numberAt(answer.body, "@odata.count"), all);
    assert.equal(listAt(answer.body, "value").length, 1);
    assert.deepEqual(keysOf(answer.body).slice(0, 3), ["@odata.context", "@odata.count", "value"]);
    for (const query of [filter, `${filter}&$count=false`]) {
      assert.equal(at((await list(query)).body, "@odata.count"), undefined);
    }
  });

  test("an empty list is 200 with an empty value", async () => {
    const answer = await list(`$filter=id%20eq%20'${UNKNOWN_ACTION}'`);
    assert.equal(answer.status, 200);
    assertGolden(answer.body, { "@odata.context": context("MachineActions"), value: [] });
  });

  test("$select cuts the entities, as the Logic Apps connector asks", async () => {
    const answer = await list("$select=id,status&$top=1&$orderby=creationDateTimeUtc%20desc&$skip=0&$count=true");
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual(keysOf(at(answer.body, "value", 0)).toSorted(), ["id", "status"]);
  });

  test("$top is at most 10,000", async () => {
    assert.equal((await list("$top=10000")).status, 200);
    assertError(await list("$top=10001"), 400, "ODataError");
  });

  for (const query of [
    "$filter=",
    "$filter=status",
    "$filter=status%20eq",
    "$filter=status%20eq%20Succeeded",
    "$filter=status%20eq%20'Succeeded",
    "$filter=(status%20eq%20'Succeeded'",
    "$filter=noSuchProperty%20eq%20'x'",
    "$filter=creationDateTimeUtc%20gt%20'yesterday'",
    "$filter=status%20like%20'S'",
    "$filter=contains(nothing)",
    "$orderby=noSuchProperty",
    "$orderby=status%20sideways",
    "$top=-1",
    "$top=x",
    "$skip=-1",
    "$count=perhaps",
    "$stop=1",
  ]) {
    test(`a query that is none is 400 ODataError: ${query}`, async () => {
      assertError(await list(query), 400, "ODataError");
    });
  }

  test("a list that a filter has cut is the same while other actions end", async () => {
    const { api, machineId } = here();
    const action = await api.runToEnd(machineId, [getFile("/etc/hostname")]);
    assertSucceeded(action);
    const found = await idsOf(`$filter=machineId%20eq%20'${machineId}'%20and%20status%20eq%20'Succeeded'&$top=1`);
    assert.deepEqual(found, [textAt(action, "id")]);
  });
});
