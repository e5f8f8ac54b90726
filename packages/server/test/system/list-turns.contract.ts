import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { createApplication } from "../../src/service/identity/create-application.ts";
import type { Store } from "../../src/store/store.ts";
import { type HttpWorld, openHttpWorld } from "../support/http-world.ts";
import { PLAYBOOK } from "../support/test-services.ts";
import { sampleAction } from "../unit/domain/sample-action.ts";

const ACTIONS = 4_000;
const CONDITIONS = 390;
/** Requests that the hostile caller keeps open. */
const HOSTILE = 24;
const HONEST_LISTS = 9;

/**
 * The maximum number of conditions in a filter. None is true, so each one is evaluated for each
 * row.
 */
const WORST = `/api/machineactions?$filter=${encodeURIComponent(
  Array.from({ length: CONDITIONS }, (_, n) => `contains(requestor,'x${n}')`).join(" or "),
)}`;
const HONEST = "/api/machineactions?$top=10";

/** `openStore`: absent for SQLite. */
export function describeListTurns(dialect: string, openStore?: () => Promise<Store>): void {
  test(`lists of one account do not delay those of another: ${dialect}`, async (t) => {
    await using opened = new AsyncDisposableStack();
    const store = openStore && (await openStore());
    if (store) opened.defer(() => store.close());
    const world = opened.use(await openHttpWorld(store && { store }));
    const machine = await world.services.addMachine();
    await world.context.store.write(async (tx) => {
      for (let n = 0; n < ACTIONS; n += 1)
        await tx.actions.insert(sampleAction({ id: randomUUID(), machineId: machine.id, status: "Failed" }));
    });
    const [hostile, honest] = [await tokenOf(world, "hostile"), await tokenOf(world, "honest")];
    const list = async (path: string, token: string) => {
      const begunMs = performance.now();
      const answer = await fetch(`${world.base}${path}`, { headers: { authorization: `Bearer ${token}` } });
      await answer.arrayBuffer();
      return { status: answer.status, ms: performance.now() - begunMs };
    };
    const honestP50 = async () => {
      const times: number[] = [];
      for (let n = 0; n < HONEST_LISTS; n += 1) {
        const { status, ms } = await list(HONEST, honest);
        assert.equal(status, 200);
        times.push(ms);
      }
      return times.toSorted((a, b) => a - b)[Math.floor(HONEST_LISTS / 2)] ?? 0;
    };
    await list(WORST, hostile);
    const { ms: worstMs } = await list(WORST, hostile);
    const quietMs = await honestP50();

    let isOver = false;
    const statuses = new Set<number>();
    const flood = Array.from({ length: HOSTILE }, async () => {
      while (!isOver) statuses.add((await list(WORST, hostile)).status);
    });
    // Waits until all of them wait and some were answered.
    while (!statuses.has(200)) await list(HONEST, honest);
    const duringMs = await honestP50();
    isOver = true;
    await Promise.all(flood);

    const figures = `worst ${worstMs.toFixed(0)} ms, honest ${quietMs.toFixed(1)} ms, ${duringMs.toFixed(1)} ms during`;
    t.diagnostic(figures);
    // The bound is the time of one scan and not three times the quiet value: the hostile scans
    // share the processor with the honest list, and a quiet list takes a few milliseconds. Without
    // turns it would wait for about twelve scans.
    assert.ok(duringMs <= Math.max(3 * quietMs, worstMs), figures);
  });
}

/** Each with an account of its own. */
async function tokenOf({ context, signIn }: HttpWorld, name: string): Promise<string> {
  const maker = { ...PLAYBOOK, id: name, clientId: name };
  const made = await createApplication(context, maker, { name, roles: ["Machine.Read.All"] });
  if (!made.ok || made.value.clientSecret === null) throw new Error("the application was not created");
  return signIn(made.value.application.clientId, made.value.clientSecret);
}
