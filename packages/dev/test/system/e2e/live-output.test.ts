import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import type { ActionOutput } from "@halligan/protocol/client";
import { World } from "../../../src/world.ts";
import { addScript, runScript } from "../../e2e/live-response.ts";
import { CuttableLink } from "./cuttable-link.ts";

type Chunk = Extract<ActionOutput, { event: "chunk" }>["data"];

/** Blocks of numbered lines on both streams, for about four seconds. */
const BLOCKS = 40;
const LINES = 20_000;
const SCRIPT = `for block in $(seq ${BLOCKS}); do
  seq -f "out $block %.0f" ${LINES}
  seq -f "err $block %.0f" 500 >&2
  sleep 0.1
done
exit 3`;

function expected(word: string, lines: number): string {
  const hash = createHash("sha256");
  for (let block = 1; block <= BLOCKS; block++) {
    for (let line = 1; line <= lines; line++) hash.update(`${word} ${block} ${line}\n`);
  }
  return hash.digest("hex");
}

describe("live output", { timeout: 240_000 }, () => {
  let world: World;
  let link: CuttableLink;
  let machineId = "";
  before(async () => {
    const settings = { HALLIGAN_LIMITS_PROFILE: "open", HALLIGAN_REREAD_INTERVAL_MS: "2000" };
    world = await World.start({ agents: 0, settings });
    link = await CuttableLink.open(Number(new URL(world.credentials.baseUrl).port));
    ({ id: machineId } = await world.enrollAgent("device-1", link.url));
    await world.startAgent(machineId);
  });
  after(async () => {
    await world[Symbol.asyncDispose]();
    await link[Symbol.asyncDispose]();
  });

  async function start(...texts: string[]): Promise<string> {
    for (const [index, text] of texts.entries()) await addScript(world, `live-${index}.sh`, `#!/bin/sh\n${text}\n`);
    const Commands = texts.map((_text, index) => runScript(`live-${index}.sh`));
    return (await world.client.runLiveResponse(machineId, { Commands, Comment: "live output" })).id;
  }

  /** The bytes of one stream of all commands, by their place; a byte that comes twice fails. */
  class Received {
    readonly stdout = createHash("sha256");
    readonly stderr = createHash("sha256");
    readonly next = { stdout: 0, stderr: 0 };
    add({ stream, offset, bytes }: Chunk): void {
      assert.equal(offset, this.next[stream], `${stream} goes on where it stopped`);
      this.next[stream] += bytes.length;
      this[stream].update(bytes);
    }
    digests = () => [this.stdout.digest("hex"), this.stderr.digest("hex")];
  }

  const EXPECTED = [expected("out", LINES), expected("err", 500)];

  async function received(id: string, onChunk: (received: Received) => unknown = () => undefined): Promise<string[]> {
    const all = new Received();
    for await (const { event, data } of world.client.watchActionOutput(id)) {
      if (event !== "chunk") continue;
      all.add(data);
      await onChunk(all);
    }
    return all.digests();
  }

  test("comes while the script runs, and says how it ended", async () => {
    const go = `${world.folder}/go`;
    const id = await start(
      `echo first; while [ ! -e ${go} ]; do sleep 0.05; done; echo second >&2; exit 3`,
      "echo next",
    );
    const events: unknown[] = [];
    for await (const { event, data, cursor } of world.client.watchActionOutput(id)) {
      if (event !== "chunk") {
        events.push({ event, ...data });
        continue;
      }
      const text = Buffer.from(data.bytes).toString();
      events.push([data.index, data.stream, data.offset, text, cursor]);
      // The script goes on only after its first line has come.
      if (text === "first\n") await writeFile(go, "");
    }
    const of = (index: number, status: string, exitCode: number | null) => {
      return { event: "command", index, type: "RunScript", status, exitCode };
    };
    assert.deepEqual(events, [
      of(0, "Created", null),
      [0, "stdout", 0, "first\n", "0.6.0"],
      [0, "stderr", 0, "second\n", "0.6.7"],
      of(0, "Completed", 3),
      of(1, "Created", null),
      [1, "stdout", 0, "next\n", "1.5.0"],
      of(1, "Completed", 0),
      { event: "end", status: "Succeeded" },
    ]);
  });

  test("is whole and in order when the server is killed and the link is cut in the middle", async () => {
    const id = await start(SCRIPT);
    const faults = [
      async () => {
        world.server.kill("SIGKILL");
        await world.server.exited;
        await world.startServer();
      },
      async () => link.cut(),
      async () => link.cut(),
    ];
    let atBytes = 1_000_000;
    const digests = await received(id, async ({ next }) => {
      if (next.stdout < atBytes) return;
      atBytes += 2_000_000;
      await faults.shift()?.();
    });
    assert.equal(faults.length, 0, "all faults happened while output came");
    assert.deepEqual(digests, EXPECTED);
    assert.deepEqual(await received(id), EXPECTED, "the stored transcript has the same bytes");
  });

  test("goes to several watchers", async () => {
    const id = await start(SCRIPT);
    let late: Promise<string[]> | undefined;
    const fromEnd: Chunk[] = [];
    const attach = async () => {
      for await (const { event, data } of world.client.watchActionOutput(id, { from: "end" })) {
        if (event === "chunk" && data.stream === "stderr") fromEnd.push(data);
      }
    };
    let atEnd: Promise<void> | undefined;
    const first = received(id, ({ next }) => {
      if (next.stdout < 2_000_000) return;
      late ??= received(id);
      atEnd ??= attach();
    });
    const [one, two] = await Promise.all([first, received(id)]);
    assert.deepEqual([one, two, await late], [EXPECTED, EXPECTED, EXPECTED]);
    await atEnd;
    assert.ok((fromEnd[0]?.offset ?? 0) > 0, "a watcher from the end gets no earlier bytes");
    let next = fromEnd[0]?.offset ?? 0;
    for (const { offset, bytes } of fromEnd) {
      assert.equal(offset, next);
      next += bytes.length;
    }
  });

  test("that is not UTF-8 comes byte for byte, live and from the transcript, with the agent's notes", async () => {
    const id = await start(
      `printf 'a\\377\\000b'; printf '\\303' >&2; sleep 0.3; printf '\\244\\n\\200' >&2; sleep 30 &`,
    );
    const read = async () => {
      const streams = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
      for await (const { event, data } of world.client.watchActionOutput(id)) {
        if (event === "chunk") streams[data.stream] = Buffer.concat([streams[data.stream], data.bytes]);
      }
      return streams;
    };
    const live = await read();
    assert.deepEqual([...live.stdout], [0x61, 0xff, 0, 0x62]);
    assert.deepEqual([...live.stderr.subarray(0, 4)], [0xc3, 0xa4, 0x0a, 0x80]);
    assert.match(live.stderr.subarray(4).toString(), /^\n\[halligan: /);
    assert.deepEqual(await read(), live);
  });
});
