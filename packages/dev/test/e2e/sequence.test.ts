import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { ApiError } from "@halligan/protocol/client";
import { until } from "../../../protocol/test/support/until.ts";
import { type Runtime, runtimeExecutable } from "../../src/runtimes.ts";
import { World, type WorldMachine } from "../../src/world.ts";
import {
  addScript,
  collected,
  getFile,
  putFile,
  runScript,
  runToEnd,
  sha256Of,
  transcriptOf,
  waitFor,
  waitForEnd,
} from "./live-response.ts";

for (const runtime of ["node", "bun"] as const satisfies Runtime[]) {
  const skip = runtimeExecutable(runtime) === null ? `there is no ${runtime} for this platform in this install` : false;
  describe(`a live response sequence on a real device, agent under ${runtime}`, { skip }, () => {
    let world: World;
    let machine: WorldMachine;
    before(async () => {
      world = await World.start({
        runtime,
        settings: { HALLIGAN_LIMITS_PROFILE: "open", HALLIGAN_UNKNOWN_LIBRARY_FILES: "accept" },
      });
      const [first] = world.machines;
      assert.ok(first);
      machine = first;
    });
    after(() => world[Symbol.asyncDispose]());

    test("PutFile, a RunScript that uses the file by its bare name, GetFile of what it wrote: ten times in a row", async () => {
      await addScript(world, "tool.txt", "from the library\n");
      await addScript(
        world,
        "use-tool.sh",
        '#!/bin/sh\ncat tool.txt > "out $1.txt"\nhead -c 100000 /dev/urandom >> "out $1.txt"\necho "$#: $1"\n',
      );
      for (let round = 0; round < 10; round += 1) {
        const action = await runToEnd(world, machine.id, [
          putFile("tool.txt"),
          runScript("use-tool.sh", `'round ${round}'`),
          getFile(`out round ${round}.txt`),
        ]);
        assert.equal(action.status, "Succeeded", JSON.stringify(action));
        assert.equal((await transcriptOf(world, action.id, 1)).script_output, `1: round ${round}\n`);
        const onDevice = await readFile(join(machine.dataDir, "work", `out round ${round}.txt`));
        assert.equal(sha256Of(await collected(world, action.id, 2)), sha256Of(onDevice));
      }
    });

    test("stdout, stderr and the exit code come back apart, and a non-zero exit is a Completed command", async () => {
      await addScript(world, "both.sh", '#!/bin/sh\nprintf "out\\0ü"; printf "err" >&2; exit 7\n');
      const action = await runToEnd(world, machine.id, [runScript("both.sh")]);
      assert.equal(action.status, "Succeeded");
      assert.deepEqual(await transcriptOf(world, action.id, 0), {
        script_name: "both.sh",
        exit_code: 7,
        script_output: "out\0ü",
        script_errors: "err",
      });
    });

    test("a large transcript is uploaded in parts and arrives whole", async () => {
      await addScript(world, "large.sh", "#!/bin/sh\nhead -c 9000000 /dev/zero | tr '\\0' 'x'\n");
      const action = await runToEnd(world, machine.id, [runScript("large.sh")]);
      assert.equal((await transcriptOf(world, action.id, 0)).script_output, "x".repeat(9_000_000));
    });

    test("a failing first command leaves the later ones Created and says why", async () => {
      const action = await runToEnd(world, machine.id, [runScript("not-in-the-library.sh"), getFile("never.txt")]);
      assert.equal(action.status, "Failed");
      assert.deepEqual(
        action.commands.map(({ commandStatus }) => commandStatus),
        ["Failed", "Created"],
      );
      assert.match(action.commands[0]?.errors.join(" ") ?? "", /library has no file named/);
      await assert.rejects(
        world.client.getDownloadUrl(action.id, 1),
        (cause) => cause instanceof ApiError && cause.status === 404,
      );
    });

    test("what cannot be collected fails with a text that a person understands, and never hangs", async () => {
      const work = join(machine.dataDir, "work");
      await mkdir(join(work, "folder"), { recursive: true });
      execFileSync("mkfifo", [join(work, "pipe")]);
      for (const [path, reason] of [
        ["folder", /folder|directory/i],
        ["pipe", /pipe|fifo|regular file/i],
        ["missing.txt", /no file|does not exist|no such/i],
        ["../agent.json", /working folder/i],
        ["/dev/zero", /device|regular file/i],
      ] as const) {
        const action = await runToEnd(world, machine.id, [getFile(path)]);
        assert.equal(action.status, "Failed", path);
        assert.match(action.commands[0]?.errors.join(" ") ?? "", reason, path);
      }
    });

    test("of twenty starts at the same moment exactly one wins, and the others name its id", async () => {
      await addScript(world, "slow.sh", "#!/bin/sh\nsleep 1\n");
      const request = { Commands: [runScript("slow.sh")], Comment: "race" };
      const answers = await Promise.allSettled(
        Array.from({ length: 20 }, () => world.client.runLiveResponse(machine.id, request)),
      );
      const won = answers.filter((answer) => answer.status === "fulfilled");
      assert.equal(won.length, 1);
      const id = won[0]?.value.id ?? "";
      assert.equal(won[0]?.value.status, "Pending");
      for (const answer of answers) {
        if (answer.status === "fulfilled") continue;
        assert.ok(answer.reason instanceof ApiError);
        assert.equal(answer.reason.status, 400);
        assert.equal(answer.reason.code, "ActiveRequestAlreadyExists");
        assert.match(answer.reason.message, new RegExp(`active action id: ${id}$`));
      }
      assert.equal((await waitForEnd(world, id)).status, "Succeeded");
    });

    test("a cancelled script and its children are gone within a moment, and the machine takes the next action", async () => {
      const marker = join(machine.dataDir, "work", "pids");
      await addScript(
        world,
        "tree.sh",
        `#!/bin/sh\nsleep 300 & echo $! > pids\nsetsid sleep 300 &\necho $! >> pids\nwait\n`,
      );
      const { id } = await world.client.runLiveResponse(machine.id, { Commands: [runScript("tree.sh")], Comment: "c" });
      await waitFor(world, id, ({ commands }) => commands[0]?.startTime !== null);
      const pids = await until(async () => {
        const text = await readFile(marker, "utf8").catch(() => "");
        const list = text.trim().split("\n").map(Number);
        return list.length === 2 ? list : null;
      }, "two process ids");
      const cancelled = await world.client.cancelMachineAction(id, "wrong machine");
      assert.equal(cancelled.status, "Cancelled");
      assert.equal(cancelled.cancellationComment, "wrong machine");
      await until(() => !pids.some(isAlive), "the end of all processes");
      const next = await runToEnd(world, machine.id, [runScript("both.sh")]);
      assert.equal(next.status, "Succeeded");
    });

    test("a script in the working folder of PutFile sees an executable of that name", async () => {
      await addScript(world, "helper", "#!/bin/sh\necho helped\n");
      await addScript(
        world,
        "call-helper.sh",
        '#!/bin/bash\n./helper; echo "$HALLIGAN_WORKDIR" | grep -q "$PWD" && echo same\n',
      );
      const action = await runToEnd(world, machine.id, [putFile("helper"), runScript("call-helper.sh")]);
      assert.equal((await transcriptOf(world, action.id, 1)).script_output, "helped\nsame\n");
    });

    test("a server killed in the middle of a script finds its end when it is back, once", async () => {
      await addScript(world, "append.sh", '#!/bin/sh\nsleep 1\necho "$1" >> lines\n');
      const { id } = await world.client.runLiveResponse(machine.id, {
        Commands: [runScript("append.sh", "once")],
        Comment: "kill",
      });
      await waitFor(world, id, ({ commands }) => commands[0]?.startTime !== null);
      world.server.kill("SIGKILL");
      await world.server.exited;
      await world.startServer();
      const action = await waitForEnd(world, id);
      assert.equal(action.status, "Succeeded");
      assert.equal(await readFile(join(machine.dataDir, "work", "lines"), "utf8"), "once\n");
    });

    test("an agent killed in the middle of a script does not run it again and says that it was interrupted", async () => {
      await addScript(world, "interrupted.sh", "#!/bin/sh\necho begun\necho line >> ran\nsleep 300\n");
      const { id } = await world.client.runLiveResponse(machine.id, {
        Commands: [runScript("interrupted.sh")],
        Comment: "kill",
      });
      const ran = join(machine.dataDir, "work", "ran");
      await until(() => readFile(ran, "utf8").catch(() => null), "the start of the script");
      // What the script wrote is kept from the moment the agent has read it, not from when it was
      // written.
      await until(async () => (await bytesIn(join(machine.dataDir, "spool"))) > 0, "spooled output");
      world.agent(machine.id).kill("SIGKILL");
      await world.agent(machine.id).exited;
      await world.startAgent(machine.id);
      const action = await waitForEnd(world, id);
      assert.equal(action.status, "Failed");
      assert.match(action.commands[0]?.errors.join(" ") ?? "", /interrupted/i);
      assert.equal((await transcriptOf(world, id, 0)).script_output, "begun\n");
      assert.equal(await readFile(ran, "utf8"), "line\n");
    });

    test("nothing of a finished action stays in the agent's private folders", async () => {
      const action = await runToEnd(world, machine.id, [runScript("both.sh")]);
      assert.equal(action.status, "Succeeded");
      await until(async () => {
        // A folder that goes while it is read is what this waits for.
        const names = await readdir(machine.dataDir, { recursive: true }).catch(() => null);
        if (names === null) return null;
        return !names.some((name) => name.includes("both.sh"));
      }, "the removal of the script");
    });

    test("SIGTERM ends the server and the agent with 0", async () => {
      assert.equal(await world.agent(machine.id).stop(), 0);
      assert.equal(await world.server.stop(), 0);
    });
  });
}

async function bytesIn(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size;
  }
  return bytes;
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};
