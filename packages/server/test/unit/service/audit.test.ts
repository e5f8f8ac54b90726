import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { auditedComment, auditedRequest } from "../../../src/domain/actions/audited-request.ts";
import { OPERATIONS } from "../../../src/http/api/routes.ts";
import { peerAddress } from "../../../src/network/peer-address.ts";
import { listAudit } from "../../../src/service/administration/list-audit.ts";
import { BACKGROUND_EVENTS, RECORDED_OPERATIONS, recordedNames } from "../../../src/service/audit-operations.ts";
import { testServices } from "../../support/test-services.ts";

const ROUTE_NAMES = new Set(OPERATIONS.map(({ name }) => name));

test("every name that a record may have is a route's name or a background event, and none is both", () => {
  for (const name of RECORDED_OPERATIONS) assert.ok(ROUTE_NAMES.has(name), name);
  for (const name of Object.keys(BACKGROUND_EVENTS)) assert.ok(!ROUTE_NAMES.has(name), name);
});

test("a filter by the present or the former name of an operation finds the records of both", async () => {
  for (const [former, ...present] of [
    ["RemoveApplication", "DeleteApplication"],
    ["RemoveLibraryFile", "DeleteLibraryFile"],
    ["AddLibraryFile", "UploadLibraryFile", "PutLibraryFile"],
    ["EnrollMachine", "Enroll"],
  ] as const) {
    assert.ok(!ROUTE_NAMES.has(former), `${former} has become a route's name again`);
    for (const name of present) assert.deepEqual(recordedNames(name), [name, former]);
    assert.deepEqual(recordedNames(former), [former, ...present]);
    assert.deepEqual(recordedNames(former.toLowerCase()), [former.toLowerCase(), ...present]);
  }
  await using services = await testServices();
  const { store } = services.context;
  const record = { atMs: 1, actor: "a", actorId: "a", actorKind: null, application: null, address: null, detail: {} };
  await store.write(async (tx) => {
    for (const operation of ["RemoveApplication", "DeleteApplication", "CreateApplication"]) {
      await tx.audit.append({ ...record, operation, machineId: null, actionId: null });
    }
  });
  const filter = { machineId: null, actionId: null, actorId: null, beforeSeq: null, limit: 10 };
  const caller = { kind: "application", id: "c", clientId: "c", name: "n", roles: new Set<never>() } as const;
  for (const operation of ["RemoveApplication", "DeleteApplication", "deleteapplication"]) {
    const { records: found } = await listAudit(services.context, caller, { ...filter, operation });
    assert.deepEqual(
      found.map((one) => one.operation),
      ["DeleteApplication", "RemoveApplication"],
    );
  }
});

const command = fc.record({
  type: fc.constant("RunScript" as const),
  params: fc.tuple(
    fc.record({ key: fc.constant("ScriptName"), value: fc.string({ unit: "grapheme", maxLength: 40 }) }),
    fc.record({ key: fc.constant("Args"), value: fc.string({ unit: "grapheme", maxLength: 20_000, size: "max" }) }),
  ),
  pin: fc.constant(null),
});

test("a recorded request is bounded, well-formed, marked when a text was cut, and equal to what was asked otherwise", () => {
  const untouched = { startId: null, startedAtMs: null, finishedAtMs: null, endedAtMs: null, errors: [], result: null };
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme", maxLength: 5_000, size: "max" }),
      fc.array(command, { minLength: 1, maxLength: 12, size: "max" }),
      (comment, asked) => {
        const commands = asked.map((one) => ({ ...one, ...untouched, status: "Created" as const }));
        const recorded = auditedRequest({ comment, commands });
        const texts = recorded.commands.flatMap(({ target, args }) => [target ?? "", args ?? ""]);
        assert.ok(texts.join("").length + recorded.comment.length <= 16_384);
        for (const text of [recorded.comment, ...texts]) assert.ok(text.isWellFormed());
        const isSame =
          recorded.comment === comment &&
          asked.every(({ params: [name, args] }, index) => {
            const one = recorded.commands[index];
            return one?.target === name.value && one.args === args.value;
          });
        assert.equal(recorded.truncated === true, !isSame);
        assert.equal(auditedComment(comment).comment, recorded.comment);
      },
    ),
    { numRuns: 60 },
  );
});

test("a hundred commands leave each text room for at least 256 characters", () => {
  const untouched = { startId: null, startedAtMs: null, finishedAtMs: null, endedAtMs: null, errors: [], result: null };
  const params = [
    { key: "ScriptName", value: "s".repeat(256) },
    { key: "Args", value: "a".repeat(300) },
  ];
  const commands = Array.from({ length: 100 }, () => ({
    type: "RunScript" as const,
    params,
    pin: null,
    status: "Created" as const,
    ...untouched,
  }));
  const recorded = auditedRequest({ comment: "", commands });
  assert.equal(recorded.commands.at(-1)?.target, "s".repeat(256));
  assert.equal(recorded.commands.at(-1)?.args, `${"a".repeat(256)}… [cut: 300 characters in all]`);
  assert.ok(JSON.stringify(recorded).length < 80_000);
});

test("an IPv4 address that a socket gives as IPv6 is written as IPv4", () => {
  for (const [given, expected] of [
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["::FFFF:127.0.0.1", "127.0.0.1"],
    ["192.0.2.1", "192.0.2.1"],
    ["2001:db8::1", "2001:db8::1"],
    ["::ffff:0:0", "::ffff:0:0"],
    [undefined, ""],
  ] as const) {
    assert.equal(peerAddress(given), expected);
  }
});
