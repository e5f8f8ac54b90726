import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { until } from "../../../../protocol/test/support/until.ts";
import { AgentProcess, RUNTIMES, temporaryFolder } from "../../support/agent-process.ts";
import { enrollHere } from "../../support/enroll-here.ts";
import { FakeServer } from "../../support/fake-server.ts";

const options = { timeout: 60_000 };

for (const runtime of RUNTIMES) {
  const skip = runtime.isThere ? false : `${runtime.name} is not installed`;
  describe(`the agent under ${runtime.name}`, { skip }, () => {
    test("enrolls once, with everything private, and refuses to do it again", options, async () => {
      await using folder = await temporaryFolder();
      await using server = new FakeServer();
      const root = path.join(folder.path, "data");
      const args = ["enroll", "--server", await server.listen(), "--data", root, "--name", "testbox"];
      await using enrolling = new AgentProcess(runtime.file, args, { env: { HALLIGAN_ENROLLMENT_TOKEN: "one-time" } });
      assert.equal(await enrolling.exited, 0, enrolling.output);
      for (const name of ["agent.json", "device-key.pem"]) {
        assert.equal((await stat(path.join(root, name))).mode & 0o777, 0o600);
      }
      await using again = new AgentProcess(runtime.file, ["enroll", "--server", "http://127.0.0.1:9", "--data", root], {
        env: { HALLIGAN_ENROLLMENT_TOKEN: "x" },
      });
      assert.equal(await again.exited, 1);
      assert.match(again.output, /enrolled already/);
    });

    test("does one order: puts a file, runs a script on it and gets the outcome", options, async () => {
      await using folder = await temporaryFolder();
      await using server = new FakeServer();
      const root = path.join(folder.path, "data");
      await enrollHere(await server.listen(), root, "testbox");
      await using agent = new AgentProcess(runtime.file, ["run", "--data", root]);
      await server.frame("hello");
      await until(() => agent.output.includes('"linked"'), "the linked line of the agent");
      const big = "x".repeat(100_000);
      server.sendOrder(
        server.order([
          { index: 0, type: "PutFile", fileName: "tool.txt", file: server.addFile("from the library") },
          {
            index: 1,
            type: "RunScript",
            scriptName: "do.sh",
            args: "'a b' $HOME",
            file: server.addFile('printf "%s|" "$@"; cat tool.txt > out.txt; echo oops >&2; pwd; exit 3\n'),
          },
          { index: 2, type: "RunScript", scriptName: "big.sh", args: null, file: server.addFile(`printf '${big}'`) },
          { index: 3, type: "GetFile", path: "out.txt" },
        ]),
      );
      const script = await server.frame("ended", (frame) => frame.index === 1);
      assert.equal(script.result?.kind, "inline");
      const transcript = script.result?.kind === "inline" ? JSON.parse(script.result.transcript) : null;
      assert.deepEqual(transcript, {
        script_name: "do.sh",
        exit_code: 3,
        script_output: `a b|$HOME|${path.join(root, "work")}\n`,
        script_errors: "oops\n",
      });
      assert.equal(script.outcome, "completed");
      const large = await server.frame("ended", (frame) => frame.index === 2);
      assert.equal(large.result?.kind, "uploaded");
      const uploaded = large.result?.kind === "uploaded" ? server.completed.get(large.result.uploadId) : undefined;
      assert.equal(JSON.parse(String(uploaded)).script_output, big);
      const got = await server.frame("ended", (frame) => frame.index === 3);
      assert.deepEqual(got.errors, []);
      const gzip = got.result?.kind === "uploaded" ? server.completed.get(got.result.uploadId) : undefined;
      assert.equal(gzip && gunzipSync(gzip).toString(), "from the library");
      await until(async () => (await readdir(path.join(root, "spool"))).length === 0, "the empty spool");
      agent.kill("SIGTERM");
      assert.equal(await agent.exited, 0, agent.output);
      assert.equal(existsSync(path.join(root, "agent.lock")), false);
    });

    test(
      "killed while a script runs, it ends the orphans at its next start and reports them interrupted, once",
      options,
      async () => {
        await using folder = await temporaryFolder();
        await using server = new FakeServer();
        const root = path.join(folder.path, "data");
        await enrollHere(await server.listen(), root, "testbox");
        const pids = path.join(folder.path, "pids");
        const text = `echo so far; echo run >> ${pids}.runs; setsid sleep 1000 & echo $! >> ${pids}; echo $$ >> ${pids}; sleep 1000\n`;
        {
          await using first = new AgentProcess(runtime.file, ["run", "--data", root]);
          await server.frame("hello");
          server.sendOrder(
            server.order([
              { index: 0, type: "RunScript", scriptName: "s.sh", args: null, file: server.addFile(text) },
              { index: 1, type: "GetFile", path: "/etc/hostname" },
            ]),
          );
          await until(
            async () => existsSync(pids) && (await readFile(pids, "utf8")).split("\n").length === 3,
            "the process ids of the script",
          );
          // What the script wrote is kept from the moment the agent has read it, not from when it
          // was written.
          await until(async () => (await spooledBytes(path.join(root, "spool"))) > 0, "spooled output");
          first.kill("SIGKILL");
          await first.exited;
        }
        await using second = new AgentProcess(runtime.file, ["run", "--data", root]);
        const ended = await server.frame("ended");
        assert.equal(ended.outcome, "failed");
        assert.match(ended.errors[0] ?? "", /Interrupted/);
        const transcript = ended.result?.kind === "inline" ? JSON.parse(ended.result.transcript) : null;
        assert.equal(transcript.script_output, "so far\n");
        assert.equal(transcript.exit_code, -1);
        for (const pid of (await readFile(pids, "utf8")).trim().split("\n")) {
          assert.equal(await isRunning(Number(pid)), false, `process ${pid} still runs`);
        }
        assert.equal(await readFile(`${pids}.runs`, "utf8"), "run\n");
        second.kill("SIGTERM");
        assert.equal(await second.exited, 0);
        assert.equal(server.frames.filter((frame) => frame.type === "started" && frame.index === 1).length, 0);
      },
    );

    test(
      "on end, it kills the tree, keeps the output and says closed, even after a broken connection",
      options,
      async () => {
        await using folder = await temporaryFolder();
        await using server = new FakeServer();
        const root = path.join(folder.path, "data");
        await enrollHere(await server.listen(), root, "testbox");
        await using agent = new AgentProcess(runtime.file, ["run", "--data", root]);
        await server.frame("hello");
        const file = server.addFile("echo begun; sleep 1000\n");
        const order = server.order([{ index: 0, type: "RunScript", scriptName: "s.sh", args: null, file }]);
        server.sendOrder(order);
        await server.frame("started");
        await until(async () => (await readdir(path.join(root, "spool"))).length > 0, "a spooled file");
        const before = server.frames.length;
        server.dropLink();
        await server.frame("hello", (frame) => frame.orders[0]?.commands[0]?.state === "running", before);
        server.sendOrder(order);
        await server.frame("started", () => true, before + 1);
        server.send({ type: "end", actionId: order.actionId, orderSeq: order.orderSeq });
        const ended = await server.frame("ended");
        assert.deepEqual([ended.outcome, ended.errors], ["failed", ["Cancelled before it ended."]]);
        const { errors } = await server.frame("closed");
        assert.deepEqual(errors, []);
        server.send({ type: "forget", actionId: order.actionId, orderSeq: order.orderSeq });
        await until(async () => (await readdir(path.join(root, "spool"))).length === 0, "the empty spool");
        await using other = new AgentProcess(runtime.file, ["run", "--data", root]);
        assert.equal(await other.exited, 1);
        assert.match(other.output, /Another agent/);
        assert.ok(agent.child.exitCode === null);
      },
    );

    test(
      "on a stop signal while a script runs, it ends the tree, reports the interruption, and exits 0",
      options,
      async () => {
        await using folder = await temporaryFolder();
        await using server = new FakeServer();
        const root = path.join(folder.path, "data");
        await enrollHere(await server.listen(), root, "testbox");
        await using agent = new AgentProcess(runtime.file, ["run", "--data", root]);
        await server.frame("hello");
        const pid = path.join(folder.path, "pid");
        const file = server.addFile(`echo $$ > ${pid}; echo ready; sleep 1000\n`);
        server.sendOrder(server.order([{ index: 0, type: "RunScript", scriptName: "s.sh", args: null, file }]));
        await until(() => existsSync(path.join(root, "spool", "1-0.out")), "the spooled output");
        agent.kill("SIGTERM");
        assert.equal(await agent.exited, 0, agent.output);
        const ended = await server.frame("ended");
        assert.deepEqual(ended.errors, ["Interrupted: the agent was stopped while the script ran."]);
        assert.equal(await isRunning(Number(await readFile(pid, "utf8"))), false);
      },
    );

    test("delivers a file of several parts through a server that fails now and then", options, async () => {
      await using folder = await temporaryFolder();
      await using server = new FakeServer();
      const root = path.join(folder.path, "data");
      await enrollHere(await server.listen(), root, "testbox");
      const { randomBytes } = await import("node:crypto");
      const bytes = randomBytes(20 * 1024 * 1024 + 17);
      const source = path.join(folder.path, "evidence.bin");
      await writeFile(source, bytes);
      let requests = 0;
      server.intercept = (_request, response) => {
        requests++;
        if (requests !== 2 && requests !== 4) return false;
        if (requests === 2) response.writeHead(507).end();
        else response.destroy();
        return true;
      };
      await using _agent = new AgentProcess(runtime.file, ["run", "--data", root]);
      await server.frame("hello");
      server.sendOrder(server.order([{ index: 0, type: "GetFile", path: source }]));
      const ended = await server.frame("ended");
      assert.deepEqual(ended.errors, []);
      const gzip = ended.result?.kind === "uploaded" ? server.completed.get(ended.result.uploadId) : undefined;
      assert.ok(gzip && gunzipSync(gzip).equals(bytes));
    });
  });
}

async function isRunning(pid: number): Promise<boolean> {
  try {
    return !/^State:\s+Z/m.test(await readFile(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

async function spooledBytes(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true });
  const sizes = await Promise.all(
    names.map(async (name) =>
      (await stat(path.join(folder, name))).isFile() ? (await stat(path.join(folder, name))).size : 0,
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
