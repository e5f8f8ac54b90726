import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { describe, type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { until } from "../../../../protocol/test/support/until.ts";
import type { Bus, TransferProgress } from "../../../src/bus/bus.ts";

/**
 * The buses of two nodes of one deployment; for a bus of one node the same one twice. The function
 * that creates them closes them at the end of the test.
 */
export type MakeNodes = (t: TestContext) => Promise<readonly [here: Bus, there: Bus]>;

export const machineIdOf = (): string => randomBytes(20).toString("hex");

/**
 * Publishes until it is received, because a subscription takes a moment to reach the other node.
 */
export async function saidUntil(say: () => void, isHeard: () => boolean): Promise<void> {
  await until(async () => {
    if (isHeard()) return true;
    say();
    await sleep(5);
    return isHeard();
  }, "a published message");
}

/** Everything that a bus publishes about machines. */
export function wakesOf(bus: Bus): { readonly seen: string[]; readonly stop: () => void } {
  const seen: string[] = [];
  return { seen, stop: bus.onMachineWake((machineId) => seen.push(machineId)) };
}

/** Everything that a bus publishes about an action. */
export function changesOf(bus: Bus, actionId: string) {
  const seen: ("changed" | TransferProgress)[] = [];
  const stop = bus.onActionChange(actionId, {
    changed: () => seen.push("changed"),
    transferred: (progress) => seen.push(progress),
  });
  return { seen, stop };
}

/** The behaviour of every bus for the nodes of a deployment. */
export function describeBus(name: string, makeNodes: MakeNodes, options: { skip?: string | false } = {}): void {
  describe(`the bus ${name}`, { ...options, timeout: 60_000 }, () => {
    test("a wake-up reaches the listeners of both nodes, after the publisher's own turn", async (t) => {
      const [here, there] = await makeNodes(t);
      const [own, others] = [wakesOf(here), wakesOf(there)];
      const machineId = machineIdOf();
      here.wakeMachine(machineId);
      assert.deepEqual(own.seen, [], "not within the publisher's turn");
      await Promise.resolve();
      assert.deepEqual(own.seen, [machineId], "at once on the own node");
      await saidUntil(
        () => here.wakeMachine(machineId),
        () => others.seen.includes(machineId),
      );
    });

    test("one wake-up is heard once on each node, the own included", async (t) => {
      const [here, there] = await makeNodes(t);
      const [own, others] = [wakesOf(here), wakesOf(there)];
      const [first, last] = [machineIdOf(), machineIdOf()];
      await saidUntil(
        () => there.wakeMachine(first),
        () => own.seen.includes(first),
      );
      here.wakeMachine(last);
      await until(() => others.seen.includes(last), "the last wake on the other node");
      // An echo would have arrived by the time a round trip is complete.
      const back = machineIdOf();
      there.wakeMachine(back);
      await until(() => own.seen.includes(back), "the wake on the own node");
      assert.equal(own.seen.filter((id) => id === last).length, 1);
      assert.equal(others.seen.filter((id) => id === last).length, 1);
    });

    test("who has ended a subscription hears nothing more; the others do", async (t) => {
      const [here, there] = await makeNodes(t);
      const [ended, stays] = [wakesOf(there), wakesOf(there)];
      const [before, after] = [machineIdOf(), machineIdOf()];
      await saidUntil(
        () => here.wakeMachine(before),
        () => stays.seen.includes(before),
      );
      ended.stop();
      here.wakeMachine(after);
      await until(() => stays.seen.includes(after), "the wake of the subscription that stays");
      assert.ok(ended.seen.includes(before));
      assert.ok(!ended.seen.includes(after));
    });

    test("changes of an action reach its watchers on both nodes, and no others", async (t) => {
      const [here, there] = await makeNodes(t);
      const [actionId, otherId] = [randomUUID(), randomUUID()];
      const [own, others, another] = [changesOf(here, actionId), changesOf(there, actionId), changesOf(there, otherId)];
      await saidUntil(
        () => here.actionChanged(actionId),
        () => others.seen.length > 0,
      );
      assert.ok(own.seen.every((change) => change === "changed"));
      assert.ok(own.seen.length > 0);
      assert.deepEqual(another.seen, []);
    });

    test("the last watcher of an action ends its subscription, and a new one starts it again", async (t) => {
      const [here, there] = await makeNodes(t);
      const actionId = randomUUID();
      for (let round = 0; round < 3; round += 1) {
        const [first, second] = [changesOf(there, actionId), changesOf(there, actionId)];
        await saidUntil(
          () => here.actionChanged(actionId),
          () => first.seen.length > 0 && second.seen.length > 0,
        );
        first.stop();
        first.stop();
        const countBefore = second.seen.length;
        await saidUntil(
          () => here.actionChanged(actionId),
          () => second.seen.length > countBefore,
        );
        second.stop();
      }
    });

    test("of the progress of a transfer few words are passed on, the newest value among them, and none of a short one", async (t) => {
      const [here, there] = await makeNodes(t);
      const actionId = randomUUID();
      const watched = changesOf(there, actionId);
      await saidUntil(
        () => here.actionChanged(actionId),
        () => watched.seen.length > 0,
      );
      watched.seen.length = 0;
      const startedMs = performance.now();
      let said = 0;
      for (let bytes = 1; performance.now() - startedMs < 700; bytes += 1) {
        here.transferProgress({ actionId, index: 1, transferredBytes: bytes });
        said = bytes;
        if (bytes % 1_000 === 0) await sleep(1);
      }
      await until(() => watched.seen.length > 0, "a change of the watched action");
      const seen = watched.seen.filter((one) => one !== "changed");
      assert.ok(said > 1_000 && seen.length <= 6, `${seen.length} of ${said}`);
      assert.ok(seen.every((one, i) => one.index === 1 && one.transferredBytes > (seen[i - 1]?.transferredBytes ?? 1)));

      const short = randomUUID();
      const shortSeen = changesOf(there, short);
      for (let bytes = 1; bytes < 50; bytes += 1) {
        here.transferProgress({ actionId: short, index: 0, transferredBytes: bytes });
      }
      await saidUntil(
        () => here.actionChanged(short),
        () => shortSeen.seen.length > 0,
      );
      assert.ok(shortSeen.seen.every((change) => change === "changed"));
    });

    test("many messages arrive, all of them and in order while nothing is lost", async (t) => {
      const [here, there] = await makeNodes(t);
      const others = wakesOf(there);
      const ready = machineIdOf();
      await saidUntil(
        () => here.wakeMachine(ready),
        () => others.seen.includes(ready),
      );
      await sleep(20);
      others.seen.length = 0;
      const ids = Array.from({ length: 20_000 }, (_, i) => i.toString(16).padStart(40, "0"));
      for (const [i, id] of ids.entries()) {
        here.wakeMachine(id);
        if (i % 500 === 499) await sleep(1);
      }
      await until(() => others.seen.length >= ids.length, "all wakes on the other node");
      assert.deepEqual(others.seen, ids);
    });

    test("how long a change takes to the other node", async (t) => {
      const [here, there] = await makeNodes(t);
      const actionId = randomUUID();
      const others = changesOf(there, actionId);
      await saidUntil(
        () => here.actionChanged(actionId),
        () => others.seen.length > 0,
      );
      await sleep(20);
      const tookUs: number[] = [];
      const stop = others.stop;
      let heard = Promise.withResolvers<void>();
      there.onActionChange(actionId, { changed: () => heard.resolve(), transferred: () => undefined });
      stop();
      for (let i = 0; i < 1_000; i += 1) {
        heard = Promise.withResolvers();
        const startedMs = performance.now();
        here.actionChanged(actionId);
        await heard.promise;
        tookUs.push((performance.now() - startedMs) * 1_000);
      }
      tookUs.sort((a, b) => a - b);
      const at = (share: number) => Math.round(tookUs[Math.floor(tookUs.length * share)] ?? 0);
      t.diagnostic(`${name}: p50 ${at(0.5)} us, p99 ${at(0.99)} us from publishing to the other node`);
    });
  });
}
