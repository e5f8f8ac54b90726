import { rm } from "node:fs/promises";
import { basename, join } from "node:path";
import type { BenchContext } from "../bench.ts";
import { findProgram } from "../processes/find-program.ts";
import type { Competitor } from "./competitor.ts";
import { LoopbackSshd } from "./loopback-sshd.ts";

const COMMAND = "echo ok";

/**
 * ssh and scp, and Ansible over the same sshd, each a connection of its own for each command, as
 * people and scripts use them. Not measured: connections that are kept open (ControlMaster), which
 * a fleet has no use for. What is not installed is left out by name.
 */
export async function startSsh(context: BenchContext, devices: number): Promise<Competitor[]> {
  const names = ["ssh", "scp", "sshd", "ssh-keygen"] as const;
  const found = await Promise.all(names.map(findProgram));
  const [ssh, scp, sshd, sshKeygen] = found;
  if (!ssh || !scp || !sshd || !sshKeygen) {
    context.note(`ssh left out: not installed here: ${names.filter((_, i) => !found[i]).join(", ")}`);
    return [];
  }
  const daemon = await LoopbackSshd.start(context, { ssh, scp, sshd, sshKeygen }).catch((cause: unknown) => {
    context.signal.throwIfAborted();
    context.note(`ssh left out: ${cause instanceof Error ? cause.message : cause}`);
    return null;
  });
  if (daemon === null) return [];
  const contestants: Competitor[] = [
    {
      name: "ssh",
      lacks: "no queue for a device that is offline, no record of a run; files neither hashed nor synced",
      devices,
      everyRounds: 4,
      run: () => daemon.run(COMMAND),
      files: {
        async put(file) {
          const arrived = join(context.folder, `scp-${basename(file)}`);
          await rm(arrived, { force: true });
          await daemon.put(file, arrived);
          return arrived;
        },
        get: (path, to) => daemon.get(path, to),
      },
      processes: null,
      [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose](),
    },
  ];
  const ansible = await findProgram("ansible");
  if (ansible === null) {
    context.note("Ansible left out: not installed here");
    return contestants;
  }
  contestants.push({
    name: "Ansible",
    lacks: "as ssh; it starts a Python program for each run, here with one device each",
    devices: 0,
    everyRounds: 10,
    // Its output has a line with the device's name before that of the script.
    run: async () =>
      (await daemon.ansible(ansible, COMMAND))
        .replace(/^.*\| CHANGED .*\n/, "")
        .trimEnd()
        .concat("\n"),
    files: null,
    processes: null,
    [Symbol.asyncDispose]: async () => undefined,
  });
  return contestants;
}
