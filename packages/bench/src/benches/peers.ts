import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Bench, BenchContext } from "../bench.ts";
import { writeSampleFile } from "../files/sample-files.ts";
import { endOf } from "../load/end-of-action.ts";
import { LoopbackSshd, type SshPrograms } from "../peers/loopback-sshd.ts";
import { findProgram } from "../processes/find-program.ts";
import { shippedRuntime, startRealAgent } from "../processes/real-agents.ts";
import { BenchServer } from "../processes/server.ts";
import { addTrivialScript, RUN_SCRIPT, SCRIPT_OUTPUT } from "../processes/trivial-script.ts";
import { median } from "../statistics.ts";

const MB = 1_000_000;

/**
 * What people use without a live response system: `ssh` running the same script, `scp` copying the
 * same file, over loopback, in the same run as ours, where ssh, scp and sshd are installed;
 * otherwise the bench says which is missing and gives no figure.
 *
 * Measured: the wall time of the whole command, connection included, p50; for ours the time from
 * the POST to the known end of a RunScript and of a GetFile. The floor is the peer, so a ratio
 * below 1 for times, above 1 for speeds, is ahead of it. Not measured: an ssh connection that is
 * kept open (ControlMaster), because it is impractical for a fleet.
 */
export const peers: Bench = {
  name: "peers",
  about: "ssh running the same script, scp of the same file, where installed",
  async run(context) {
    const programs = await installed(context);
    if (!programs) return [];
    const [rounds, sizeBytes] = context.quick ? [2, 3 * MB] : [50, 1_000 * MB];
    await using server = await BenchServer.start(context);
    using api = await server.signIn(1);
    const script = await addTrivialScript(server, context.folder);
    await using agent = await startRealAgent(context, server, api, "device", shippedRuntime(context));
    await using sshd = await LoopbackSshd.start(context, programs);
    const [ourMs, sshMs]: [number[], number[]] = [[], []];
    for (let round = 0; round < rounds; round += 1) {
      sshMs.push(
        await timed(async () => {
          if ((await sshd.run(`/bin/sh ${script}`)) !== SCRIPT_OUTPUT) throw new Error("ssh had another output");
        }),
      );
      ourMs.push(
        await timed(async () => endOf(api, await api.startAction(agent.machineId, RUN_SCRIPT), context.signal)),
      );
    }
    const { file } = await writeSampleFile("random", join(context.folder, "sample.bin"), sizeBytes);
    const copy = join(context.folder, "copied.bin");
    const scpMs = await timed(() => sshd.copy(file, copy));
    await rm(copy);
    const getFileMs = await timed(async () => {
      const command = { type: "GetFile" as const, params: [{ key: "Path", value: file }] };
      await endOf(api, await api.startAction(agent.machineId, [command]), context.signal);
    });
    const speed = (tookMs: number) => sizeBytes / 1_000 / tookMs;
    return [
      {
        figure: "script, against ssh",
        value: median(ourMs),
        unit: "ms",
        floor: median(sshMs),
        goals: [{ atMostFloors: 1 }],
      },
      {
        figure: "1 GB random, against scp",
        value: speed(getFileMs),
        unit: "MB/s",
        floor: speed(scpMs),
        goals: [{ atLeastFloors: 1 }],
      },
    ];
  },
};

async function installed(context: BenchContext): Promise<SshPrograms | null> {
  const names = ["ssh", "scp", "sshd", "ssh-keygen"] as const;
  const found = await Promise.all(names.map(findProgram));
  const [ssh, scp, sshd, sshKeygen] = found;
  if (ssh && scp && sshd && sshKeygen) return { ssh, scp, sshd, sshKeygen };
  context.note(`left out: not installed here: ${names.filter((_, i) => !found[i]).join(", ")}`);
  return null;
}

async function timed(work: () => Promise<void>): Promise<number> {
  const begunMs = performance.now();
  await work();
  return performance.now() - begunMs;
}
