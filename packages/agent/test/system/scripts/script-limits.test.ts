import assert from "node:assert/strict";
import { test } from "node:test";
import { findCgroupHome } from "../../../src/process/cgroups/cgroup-home.ts";
import { ScriptLimits } from "../../../src/process/cgroups/script-limits.ts";
import { AgentProcess, RUNTIMES } from "../../support/agent-process.ts";
import { EnrolledAgent } from "../../support/enrolled-agent.ts";
import { silentLog } from "../../support/fake-ports.ts";

const WANTED = { scriptCpuWeight: 50, scriptMemoryBytes: 64 * 1024 * 1024, maxScriptProcesses: 20 };

/** Says why this device cannot limit a script. */
function whyNot(): string | false {
  const home = findCgroupHome({ machineId: `ab${process.pid}`, configured: undefined, log: silentLog });
  const { unavailable } = ScriptLimits.open(WANTED, home?.folder ?? null);
  return unavailable.length === 0 ? false : unavailable.join("; ");
}

const skip = whyNot();

for (const runtime of RUNTIMES) {
  test(`${runtime.name}: a script gets its CPU weight, and cannot have more processes and memory than its limits`, {
    skip: runtime.isThere ? skip : `${runtime.name} is not installed`,
  }, async () => {
    const env = {
      HALLIGAN_AGENT_SCRIPT_CPU_WEIGHT: "50",
      HALLIGAN_AGENT_SCRIPT_MEMORY_BYTES: String(WANTED.scriptMemoryBytes),
      HALLIGAN_AGENT_MAX_SCRIPT_PROCESSES: "20",
    };
    await using agent = await EnrolledAgent.start(runtime.file, { env });
    const groups = await agent.run("#!/bin/sh\ncat /proc/self/cgroup\n");
    const own = groups.transcript?.script_output.split("\n").filter((line) => /halligan-[0-9a-f]+-\d+-0$/.test(line));
    assert.ok(
      own?.some((line) => /:(memory)?:/.test(line)),
      groups.transcript?.script_output,
    );
    const forks = await agent.run(
      "#!/bin/sh\nfor n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25; do sleep 60 & done\necho all\n",
    );
    assert.doesNotMatch(forks.transcript?.script_output ?? "", /all/);
    assert.match(forks.transcript?.script_errors ?? "", /fork/i);
    const memory = await agent.run("#!/bin/sh\nhead -c 200000000 /dev/zero | tail -c 200000000 | wc -c\necho $?\n");
    assert.doesNotMatch(memory.transcript?.script_output ?? "", /200000000/);
    const small = await agent.run("#!/bin/sh\nhead -c 1000000 /dev/zero | tail -c 1000000 | wc -c\n");
    assert.match(small.transcript?.script_output ?? "", /1000000/);
    await using status = new AgentProcess(runtime.file, ["status", "--data", agent.root], { env });
    await status.exited;
    assert.match(status.output, /\nlimit {9}script_memory_bytes 67108864 \(cgroup v[12]\)\n/);
  });
}
