import { createReadStream, openAsBlob } from "node:fs";
import { rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import type { CommandRequest } from "@halligan/protocol/api";
import { createClient, type HalliganClient } from "@halligan/protocol/client";
import { measureFileBaseline } from "../baselines/file-baseline-process.ts";
import type { Bench, BenchContext } from "../bench.ts";
import type { Goal, Measured } from "../figure.ts";
import { type SampleFile, writeSampleFile } from "../files/sample-files.ts";
import { sha256Of } from "../files/sha256-of.ts";
import type { Api } from "../load/api.ts";
import { type Caller, getAfterwards, getWhileItArrives, putFile } from "../load/caller-transfers.ts";
import { endOf } from "../load/end-of-action.ts";
import { type RealAgent, shippedRuntime, startRealAgent } from "../processes/real-agents.ts";
import { BenchServer } from "../processes/server.ts";
import { hasProcessFiles, MemoryWatch } from "../processes/usage.ts";
import { median } from "../statistics.ts";

const MB = 1_000_000;

/**
 * One file of 1 GB from a device (GetFile) and one to it (PutFile), random bytes and text, by the
 * real agent.
 *
 * Measured: from the POST to the end of the action, which is when every byte is on disk and checked
 * by SHA-256 at both ends: on the server, compressed where that helps, for GetFile; in the device's
 * working folder for PutFile. MB/s count the file's own bytes. While it goes on the memory of
 * server and agent is watched. Afterwards, not measured, the result is downloaded, unpacked and
 * compared, as is the device's file.
 *
 * Then the whole way of a caller with random bytes, 64 MiB and 1 GB: a get with its download,
 * unpacking and writing, while the file arrives and after it; a put with its upload.
 *
 * Not measured: a network, a disk other than this one.
 * Baseline: the same bytes over loopback HTTP into a file, synced, hashed at both ends.
 */
export const files: Bench = {
  name: "files",
  about: "GetFile and PutFile of 1 GB, random and text",
  async run(context) {
    const sizeBytes = context.quick ? 3 * MB : 1_000 * MB;
    await using server = await BenchServer.start(context);
    using api = await server.signIn(2);
    await using agent = await startRealAgent(context, server, api, "device", shippedRuntime(context));
    const client = createClient({ baseUrl: server.baseUrl, credentials: await server.credentials() });
    const figures: Measured[] = [];
    for (const kind of ["random", "text"] as const) {
      const sample = await writeSampleFile(kind, join(context.folder, `sample-${kind}.bin`), sizeBytes);
      const target = join(context.folder, "baseline.bin");
      const baseline = await measureFileBaseline(sample, target);
      await rm(target);
      figures.push(...(await measure(context, { server, api, agent, client, sample, baseline })));
      await rm(sample.file);
    }
    const caller = { api, client, machineId: agent.machineId, signal: context.signal };
    for (const [label, bytes, rounds] of [
      ["64 MiB", context.quick ? 9 * MB : 64 * 1024 ** 2, 6],
      ["1 GB", sizeBytes, 2],
    ] as const) {
      const sample = await writeSampleFile("random", join(context.folder, `caller-${bytes}.bin`), bytes);
      figures.push(...(await measureCaller(context, { caller, agent, sample, label, rounds })));
      await rm(sample.file);
    }
    return figures;
  },
};

interface Parts {
  readonly server: BenchServer;
  readonly api: Api;
  readonly agent: RealAgent;
  readonly client: HalliganClient;
  readonly sample: SampleFile;
  readonly baseline: number;
}

async function measure(context: BenchContext, parts: Parts): Promise<Measured[]> {
  const { agent, client, sample, baseline } = parts;
  const { kind, file, sizeBytes, sha256 } = sample;
  const got = await transfer(context, parts, { type: "GetFile", params: [{ key: "Path", value: file }] });
  const link = await client.getDownloadUrl(got.actionId, 0);
  const { body } = await client.downloadResult(link);
  if (!body) throw new Error("the result has no body");
  if ((await sha256Of(Readable.fromWeb(body).pipe(createGunzip()))) !== sha256) {
    throw new Error(`the collected ${kind} file is another one`);
  }
  const fileName = basename(file);
  const uploadBegunMs = performance.now();
  const content = await openAsBlob(file);
  await client.putLibraryFile({ fileName, content: () => content });
  const uploadMs = performance.now() - uploadBegunMs;
  const put = await transfer(context, parts, { type: "PutFile", params: [{ key: "FileName", value: fileName }] });
  const arrived = join(agent.workDir, fileName);
  if ((await sha256Of(createReadStream(arrived))) !== sha256)
    throw new Error(`the ${kind} file arrived as another one`);
  await rm(arrived);
  // The goal is for random bytes. Text, which is compressed on the way, is printed next to it.
  const goals: Goal[] =
    kind === "random"
      ? [
          { kind: "atLeast", limit: 150 },
          { kind: "atLeastTimesBaseline", limit: 0.6 },
        ]
      : [];
  const speed = (tookMs: number) => sizeBytes / 1_000 / tookMs;
  const memory = (figure: string, grownBytes: number | null): Measured[] =>
    grownBytes === null ? [] : [{ figure, value: grownBytes / MB, unit: "MB", goals: [{ kind: "below", limit: 64 }] }];
  return [
    { figure: `GetFile, ${kind}`, value: speed(got.tookMs), unit: "MB/s", baseline, goals },
    ...memory(`GetFile, ${kind}: server memory growth`, got.serverGrownBytes),
    ...memory(`GetFile, ${kind}: agent memory growth`, got.agentGrownBytes),
    { figure: `PutFile, ${kind}`, value: speed(put.tookMs), unit: "MB/s", baseline, goals },
    ...memory(`PutFile, ${kind}: server memory growth`, put.serverGrownBytes),
    ...memory(`PutFile, ${kind}: agent memory growth`, put.agentGrownBytes),
    { figure: `upload into the library, ${kind}`, value: speed(uploadMs), unit: "MB/s", baseline },
  ];
}

interface CallerParts {
  readonly caller: Caller;
  readonly agent: RealAgent;
  readonly sample: SampleFile;
  readonly label: string;
  readonly rounds: number;
}

/** The whole way between the caller and the device, in turns with the baseline; the medians. */
async function measureCaller(
  { folder }: BenchContext,
  { caller, agent, sample, label, rounds }: CallerParts,
): Promise<Measured[]> {
  const to = join(folder, "caller.bin");
  const took = { baseline: [] as number[], arriving: [] as number[], afterwards: [] as number[], put: [] as number[] };
  const timed = async (times: number[], work: () => Promise<unknown>) => {
    const begunMs = performance.now();
    await work();
    times.push(sample.sizeBytes / 1_000 / (performance.now() - begunMs));
  };
  const get = (way: typeof getWhileItArrives) => async () => {
    if ((await way(caller, sample.file, to)) !== sample.sha256) throw new Error("the file arrived as another one");
  };
  for (let round = 0; round < rounds; round += 1) {
    took.baseline.push(await measureFileBaseline(sample, to));
    await rm(to);
    // The first one after the baseline pays for the writes that are left, so they take turns.
    const ways = [() => timed(took.arriving, get(getWhileItArrives)), () => timed(took.afterwards, get(getAfterwards))];
    for (const way of round % 2 === 0 ? ways : ways.toReversed()) {
      await way();
      await rm(to);
    }
    await timed(took.put, () => putFile(caller, sample.file));
    await rm(join(agent.workDir, basename(sample.file)));
    // The same content again would be known already.
    await caller.client.deleteLibraryFile(basename(sample.file));
  }
  const baseline = median(took.baseline);
  const goals: Goal[] = [{ kind: "atLeastTimesBaseline", limit: 0.7 }];
  const figure = (name: string, times: number[], of: Goal[] = []): Measured => ({
    figure: `${name}, ${label}`,
    value: median(times),
    unit: "MB/s",
    baseline,
    goals: of,
  });
  return [
    figure("get with the caller's part", took.arriving, goals),
    figure("get, download after the end", took.afterwards),
    figure("put with the caller's part", took.put, goals),
  ];
}

interface Transfer {
  readonly actionId: string;
  readonly tookMs: number;
  readonly serverGrownBytes: number | null;
  readonly agentGrownBytes: number | null;
}

async function transfer(context: BenchContext, parts: Parts, command: CommandRequest): Promise<Transfer> {
  const { server, api, agent } = parts;
  using serverMemory = hasProcessFiles ? await MemoryWatch.of(server.pid) : null;
  using agentMemory = hasProcessFiles ? await MemoryWatch.of(agent.pid) : null;
  const begunMs = performance.now();
  const actionId = await api.startAction(agent.machineId, [command]);
  await endOf(api, actionId, context.signal);
  return {
    actionId,
    tookMs: performance.now() - begunMs,
    serverGrownBytes: serverMemory?.grownBytes ?? null,
    agentGrownBytes: agentMemory?.grownBytes ?? null,
  };
}
