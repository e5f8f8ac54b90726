import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";
import { pino } from "pino";
import { applyRetention } from "../../../../src/service/actions/apply-retention.ts";
import { cancelMachineAction } from "../../../../src/service/actions/cancel-machine-action.ts";
import { runLiveResponse } from "../../../../src/service/actions/start/run-live-response.ts";
import { recordEnded } from "../../../../src/service/agents/machine-reports.ts";
import { nextForConnection } from "../../../../src/service/agents/next-order.ts";
import type { ServiceContext, ServiceLimits } from "../../../../src/service/context.ts";
import {
  actionForTransfer,
  completeResult,
  receiveResultPart,
  resultIdOf,
} from "../../../../src/service/results/receive-result.ts";
import { removeAbandonedUploads } from "../../../../src/service/results/remove-abandoned-uploads.ts";
import { PostgresStore } from "../../../../src/store/postgres/postgres-store.ts";
import { openTestPostgres } from "../../../support/postgres-databases.ts";
import { PLAYBOOK, type TestServices, testServices } from "../../../support/test-services.ts";

const postgres = await openTestPostgres();
const HOUR_MS = 3_600_000;
const sha256Of = (content: Uint8Array) => createHash("sha256").update(content).digest("hex");
const uploadId = (letter: string) => letter.repeat(32);

/** A machine with one running action that collects files, and the requests of its agent. */
async function device(services: TestServices, files = 1) {
  const { context } = services;
  const machine = await services.addMachine();
  const link = { machineId: machine.id, connectionEpoch: machine.connectionEpoch };
  const file = (n: number) => ({ type: "GetFile" as const, params: [{ key: "Path", value: `/x${n}` }] });
  const request = { Commands: Array.from({ length: files }, (_, n) => file(n)), Comment: "c" };
  const started = await runLiveResponse(context, PLAYBOOK, machine.id, request);
  assert.ok(started.ok);
  const { id: actionId } = started.value;
  const next = await nextForConnection(context, link);
  assert.ok(next.type === "order");
  const { orderSeq } = next.order;
  const fresh = async () => {
    const action = await actionForTransfer(context, link, actionId);
    assert.ok(action.ok);
    return action.value;
  };
  return {
    actionId,
    idOf: (index: number, letter: string) => resultIdOf(machine.id, actionId, index, uploadId(letter)),
    async part(index: number, letter: string, content: Uint8Array, on: ServiceContext = context) {
      const described = {
        index,
        uploadId: uploadId(letter),
        part: 0,
        sizeBytes: content.length,
        sha256: sha256Of(content),
      };
      let wasRead = false;
      async function* body() {
        wasRead = true;
        yield content;
      }
      const answer = await receiveResultPart(on, await fresh(), { ...described, body: body() });
      return { code: answer.ok ? "ok" : answer.error.code, wasRead };
    },
    async complete(index: number, letter: string, content: Uint8Array) {
      const whole = { partCount: 1, sizeBytes: content.length, sha256: sha256Of(content) };
      const answer = await completeResult(context, await fresh(), index, uploadId(letter), whole);
      return answer.ok ? "ok" : answer.error.code;
    },
    async end(index: number, letter: string, content: Uint8Array) {
      const result = {
        kind: "uploaded" as const,
        uploadId: uploadId(letter),
        sizeBytes: content.length,
        sha256: sha256Of(content),
      };
      const report = {
        type: "ended" as const,
        actionId,
        orderSeq,
        index,
        outcome: "completed" as const,
        errors: [],
        result,
      };
      const recorded = await recordEnded(context, link, report);
      assert.ok(recorded.kind === "recorded", JSON.stringify(recorded));
      return recorded.action;
    },
    action: fresh,
  };
}

const used = (context: ServiceContext) => context.store.read((tx) => tx.resultSpace.bytesOfAll());
const content = randomBytes(1_000);

for (const kind of ["sqlite", "postgres"] as const) {
  const skip = kind === "postgres" && typeof postgres === "string" ? postgres : false;
  const withServices = async (limits: Partial<ServiceLimits>, work: (services: TestServices) => Promise<void>) => {
    await using database = kind === "postgres" && typeof postgres !== "string" ? await postgres.createDatabase() : null;
    const store = database ? await PostgresStore.open({ url: database.url, password: undefined }) : undefined;
    try {
      await using services = await testServices(limits, store ? { store } : {});
      await work(services);
    } finally {
      await store?.close();
    }
  };

  test(
    `${kind}: a quota is checked before a byte is read, frees with retention, and the action says that it waits`,
    { skip },
    () =>
      withServices({ resultLimitBytes: 1_500, machineResultsLimitBytes: 1_500 }, async (services) => {
        const { context, time } = services;
        const lines: { level: number; code?: string; requests?: number }[] = [];
        context.log = pino({ level: "warn" }, { write: (line: string) => void lines.push(JSON.parse(line)) });
        const one = await device(services, 2);
        assert.deepEqual(await one.part(0, "a", content), { code: "ok", wasRead: true });
        assert.equal(await one.complete(0, "a", content), "ok");
        await one.end(0, "a", content);
        assert.equal(await used(context), 1_000);
        for (let n = 0; n < 3; n += 1) {
          assert.deepEqual(await one.part(1, "b", content), { code: "ResultQuotaExceeded", wasRead: false });
        }
        assert.equal(lines.length, 1, "one warning a minute");
        assert.deepEqual([lines[0]?.level, lines[0]?.code], [40, "ResultQuotaExceeded"]);
        time.nowMs += 61_000;
        await one.part(1, "b", content);
        assert.equal(lines[1]?.requests, 3, "it says how many requests it stands for");
        const { refusal } = (await one.action()).commands[1] ?? {};
        assert.deepEqual([refusal?.code, refusal?.untilMs], ["ResultQuotaExceeded", null]);

        const other = await device(services);
        assert.equal((await other.part(0, "a", content)).code, "ok", "another machine has its own quota");
        assert.equal((await one.part(1, "c", content.subarray(0, 500))).code, "ok", "what fits is taken");
        assert.notEqual((await one.action()).commands[1]?.refusal?.untilMs, null);
        await one.complete(1, "c", content.subarray(0, 500));
        const ended = await one.end(1, "c", content.subarray(0, 500));
        assert.match(ended.commands[1]?.errors.join() ?? "", /the result waited 61 s, because a quota/);
        time.nowMs += 31 * 24 * HOUR_MS;
        await applyRetention(context);
        assert.equal(await used(context), 1_500, "only the other machine's upload is left");
      }),
  );

  test(`${kind}: the quota of all machines holds`, { skip }, () =>
    withServices({ resultLimitBytes: 1_500, allResultsLimitBytes: 2_500 }, async (services) => {
      const devices = [await device(services), await device(services), await device(services)];
      const codes = [];
      for (const one of devices) codes.push((await one.part(0, "a", content)).code);
      assert.deepEqual(codes, ["ok", "ok", "ResultQuotaExceeded"]);
    }),
  );

  test(
    `${kind}: a device that begins upload after upload for one command keeps two, and both go when it is cancelled`,
    { skip },
    () =>
      withServices({ resultLimitBytes: 1_500 }, async (services) => {
        const { context, time } = services;
        const one = await device(services);
        for (const letter of ["a", "b", "c", "d", "e", "f"]) {
          assert.equal((await one.part(0, letter, content)).code, "ok");
          time.nowMs += 10;
        }
        const isThere = async (letter: string) => {
          const { blobs } = context;
          const whole = { resultId: one.idOf(0, letter), partCount: 1, sizeBytes: 1_000, sha256: "0".repeat(64) };
          return (await blobs.completeResult(whole)).code !== "UploadIncomplete";
        };
        assert.deepEqual(
          [await isThere("a"), await isThere("d"), await isThere("e"), await isThere("f")],
          [false, false, true, true],
        );
        assert.equal(await used(context), 3_000, "two uploads, each granted what one result may have");
        await cancelMachineAction(context, PLAYBOOK, one.actionId, "enough");
        assert.deepEqual(await one.part(0, "f", content), { code: "TransferRefused", wasRead: false });
        assert.deepEqual(await one.part(0, "g", content), { code: "TransferRefused", wasRead: false });
        assert.equal(await removeAbandonedUploads(context, HOUR_MS), 0, "the order may still be at work");
        time.nowMs += 60_001;
        assert.equal(await removeAbandonedUploads(context, HOUR_MS), 2);
        assert.deepEqual([await isThere("e"), await isThere("f"), await used(context)], [false, false, 0]);
      }),
  );

  test(
    `${kind}: an upload that no end names goes when its action is final; the one that is named stays`,
    { skip },
    () =>
      withServices({ resultLimitBytes: 1_500 }, async (services) => {
        const { context } = services;
        const one = await device(services);
        await one.part(0, "a", content);
        await one.complete(0, "a", content);
        await one.part(0, "b", content);
        await one.complete(0, "b", content);
        assert.equal(await removeAbandonedUploads(context, HOUR_MS), 0);
        await one.end(0, "b", content);
        assert.equal(await removeAbandonedUploads(context, HOUR_MS), 1);
        assert.equal(await context.blobs.statResult({ resultId: one.idOf(0, "a"), sha256: sha256Of(content) }), null);
        assert.deepEqual(await context.blobs.statResult({ resultId: one.idOf(0, "b"), sha256: sha256Of(content) }), {
          sizeBytes: 1_000,
        });
        assert.equal(await used(context), 1_000);
      }),
  );

  test(
    `${kind}: an upload to which nothing is added gives its space back; a complete one waits for its end`,
    { skip },
    () =>
      withServices({ resultLimitBytes: 1_500 }, async (services) => {
        const { context, time } = services;
        const [torn, complete] = [await device(services), await device(services)];
        await torn.part(0, "a", content);
        await complete.part(0, "a", content);
        await complete.complete(0, "a", content);
        time.nowMs += 2 * HOUR_MS;
        assert.equal(await removeAbandonedUploads(context, HOUR_MS), 1);
        assert.equal(await used(context), 1_000);
        const ended = await complete.end(0, "a", content);
        assert.equal(ended.status, "Succeeded");
      }),
  );
}
