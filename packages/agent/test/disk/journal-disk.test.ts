import assert from "node:assert/strict";
import { appendFile, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { systemClock } from "@halligan/protocol/time";
import { realRandom } from "../../src/agent.ts";
import { JournalWriter } from "../../src/core/journal/journal-writer.ts";
import { JournalDisk } from "../../src/disk/journal-disk.ts";
import { DEFAULT_SETTINGS } from "../../src/settings.ts";
import { temporaryFolder } from "../support/agent-process.ts";
import { script, silentLog, World } from "../support/fake-ports.ts";

async function open(folder: string) {
  const disk = new JournalDisk(folder);
  let isNew = false;
  const beforeNew = async () => {
    isNew = true;
  };
  const journal = await JournalWriter.open(
    { disk, clock: systemClock, random: realRandom, log: silentLog, settings: DEFAULT_SETTINGS },
    beforeNew,
  );
  return { journal, isNew, [Symbol.dispose]: () => disk[Symbol.dispose]() };
}

const world = new World();
const accept = (orderSeq: number) => ({ type: "accepted", order: world.order(orderSeq, [script(0)]) }) as const;

test("what was appended is there after the next opening, and a torn last line is dropped", async () => {
  await using folder = await temporaryFolder();
  const file = path.join(folder.path, "journal.jsonl");
  let journalId: string;
  {
    using first = await open(folder.path);
    journalId = first.journal.state.journalId;
    await first.journal.tryAppend(accept(4));
  }
  await appendFile(file, "0123 torn");
  {
    using second = await open(folder.path);
    assert.equal(second.isNew, false);
    assert.deepEqual([second.journal.state.journalId, second.journal.state.highestOrderSeq], [journalId, 4]);
    await second.journal.tryAppend({ type: "forgotten", orderSeq: 4 });
  }
  using third = await open(folder.path);
  assert.deepEqual([third.journal.state.highestOrderSeq, third.journal.state.orders.size], [4, 0]);
});

test("a journal that is broken inside is put aside and a new one begun under another id", async () => {
  await using folder = await temporaryFolder();
  const file = path.join(folder.path, "journal.jsonl");
  let journalId: string;
  {
    using first = await open(folder.path);
    journalId = first.journal.state.journalId;
    await first.journal.tryAppend(accept(1));
    await first.journal.tryAppend({ type: "forgotten", orderSeq: 1 });
  }
  await writeFile(file, (await readFile(file, "utf8")).replace("accepted", "acceptee"));
  using second = await open(folder.path);
  assert.equal(second.isNew, true);
  assert.notEqual(second.journal.state.journalId, journalId);
  assert.deepEqual((await readdir(folder.path)).sort(), ["journal.jsonl", "journal.jsonl.broken"]);
});

test("the file stays small however many orders come and go", async () => {
  await using folder = await temporaryFolder();
  using open1 = await open(folder.path);
  const { journal } = open1;
  const args = "x".repeat(100_000);
  for (let orderSeq = 1; orderSeq <= 30; orderSeq++) {
    const order = world.order(orderSeq, [{ index: 0, type: "RunScript", scriptName: "a", args, file: null }]);
    await journal.tryAppend({ type: "accepted", order });
    await journal.tryAppend({ type: "forgotten", orderSeq });
  }
  assert.ok((await readFile(path.join(folder.path, "journal.jsonl"))).length < 1_500_000);
  assert.equal(journal.state.highestOrderSeq, 30);
});
