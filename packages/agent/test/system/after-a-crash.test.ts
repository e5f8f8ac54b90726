import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { until } from "../../../protocol/test/support/until.ts";
import { AgentProcess, RUNTIMES, temporaryFolder } from "../support/agent-process.ts";
import { cgroupKinds } from "../support/cgroup-kinds.ts";
import { enrollHere } from "../support/enroll-here.ts";
import { FakeServer } from "../support/fake-server.ts";
import { livingPids } from "../support/scripts.ts";

const options = { timeout: 60_000 };
const noCgroup = cgroupKinds().find(({ name }) => name === "cgroup v2")?.skip ?? false;

async function enrolled(server: FakeServer, folder: string): Promise<string> {
  const root = path.join(folder, "data");
  await enrollHere(await server.listen(), root);
  return root;
}

/** Answers with the beginning of what was asked for, and then nothing. */
function holdDownloads(server: FakeServer): void {
  server.intercept = (request, response) => {
    const file = server.files.get(request.url?.slice(-64) ?? "");
    if (!file) return false;
    response.writeHead(200, { "content-length": file.length });
    response.write(file.subarray(0, 1000));
    return true;
  };
}

for (const runtime of RUNTIMES) {
  const skip = runtime.isThere ? false : `${runtime.name} is not installed`;
  describe(`after a crash, under ${runtime.name}`, { skip }, () => {
    test("the partial files of an interrupted PutFile are removed, and it runs again", options, async () => {
      await using folder = await temporaryFolder();
      await using server = new FakeServer();
      const root = await enrolled(server, folder.path);
      const work = path.join(root, "work");
      const text = "tool".repeat(10_000);
      {
        await using first = new AgentProcess(runtime.file, ["run", "--data", root]);
        await server.frame("hello");
        holdDownloads(server);
        server.sendOrder(server.order([{ index: 0, type: "PutFile", fileName: "tool", file: server.addFile(text) }]));
        await until(() => readdirSync(work).some((name) => name.startsWith(".halligan-put-")), "the start of the put");
        first.kill("SIGKILL");
        await first.exited;
      }
      assert.equal(readdirSync(work).length, 1);
      writeFileSync(path.join(root, "journal.jsonl.new"), "half");
      server.intercept = () => false;
      await using _second = new AgentProcess(runtime.file, ["run", "--data", root]);
      const ended = await server.frame("ended");
      assert.deepEqual([ended.outcome, ended.errors], ["completed", []]);
      assert.deepEqual(readdirSync(work), ["tool"]);
      assert.equal(readFileSync(path.join(work, "tool"), "utf8"), text);
      assert.equal(existsSync(path.join(root, "journal.jsonl.new")), false);
    });

    test("a file that changed between a crash and its repetition arrives in its newer state", options, async () => {
      await using folder = await temporaryFolder();
      await using server = new FakeServer();
      const root = await enrolled(server, folder.path);
      const file = path.join(folder.path, "log");
      writeFileSync(file, randomBytes(20 * 1024 * 1024));
      let parts = 0;
      {
        await using first = new AgentProcess(runtime.file, ["run", "--data", root]);
        await server.frame("hello");
        // The first part is stored, the second one is never answered.
        server.intercept = (request) => request.url?.includes("/parts/") === true && ++parts > 1;
        server.sendOrder(server.order([{ index: 0, type: "GetFile", path: file }]));
        await until(() => parts > 1, "the second part of the file");
        first.kill("SIGKILL");
        await first.exited;
      }
      server.intercept = () => false;
      const later = randomBytes(20 * 1024 * 1024);
      writeFileSync(file, later);
      await using _second = new AgentProcess(runtime.file, ["run", "--data", root]);
      const ended = await server.frame("ended");
      assert.deepEqual([ended.outcome, ended.errors], ["completed", []]);
      const result = ended.result?.kind === "uploaded" ? ended.result : undefined;
      assert.equal(result?.fileChange, undefined);
      assert.ok(gunzipSync(server.completed.get(result?.uploadId ?? "") ?? "").equals(later));
    });

    test("a note of a change outlives a crash before its report", options, async () => {
      await using folder = await temporaryFolder();
      await using server = new FakeServer();
      const root = await enrolled(server, folder.path);
      server.acknowledges = false;
      {
        await using first = new AgentProcess(runtime.file, ["run", "--data", root]);
        await server.frame("hello");
        server.sendOrder(server.order([{ index: 0, type: "GetFile", path: "/proc/self/pagemap" }]));
        const ended = await server.frame("ended");
        assert.deepEqual(ended.result?.kind === "uploaded" && ended.result.fileChange?.kinds, ["cutOff"]);
        first.kill("SIGKILL");
        await first.exited;
      }
      server.acknowledges = true;
      const seen = server.frames.length;
      await using _second = new AgentProcess(runtime.file, ["run", "--data", root]);
      const again = await server.frame("ended", () => true, seen);
      assert.match(again.errors[0] ?? "", /collected in part/);
      assert.deepEqual(again.result?.kind === "uploaded" && again.result.fileChange?.kinds, ["cutOff"]);
    });

    test("a script that was being fetched is not run later, and its pieces go with its order", options, async () => {
      await using folder = await temporaryFolder();
      await using server = new FakeServer();
      const root = await enrolled(server, folder.path);
      const ran = path.join(folder.path, "ran");
      const file = server.addFile(`touch ${ran}\n${"#".repeat(100_000)}`);
      {
        await using first = new AgentProcess(runtime.file, ["run", "--data", root]);
        await server.frame("hello");
        holdDownloads(server);
        server.sendOrder(server.order([{ index: 0, type: "RunScript", scriptName: "a.sh", args: null, file }]));
        await until(() => existsSync(path.join(root, "scripts", "1-0", "a.sh")), "the file of the script");
        first.kill("SIGKILL");
        await first.exited;
      }
      server.intercept = () => false;
      await using _second = new AgentProcess(runtime.file, ["run", "--data", root]);
      const ended = await server.frame("ended");
      assert.equal(ended.outcome, "failed");
      assert.match(ended.errors[0] ?? "", /Interrupted/);
      await until(() => readdirSync(path.join(root, "scripts")).length === 0, "the removal of the script");
      assert.deepEqual(readdirSync(path.join(root, "spool")), []);
      assert.equal(existsSync(ran), false);
    });

    test("a process that left everything but its cgroup is ended at the next start", {
      ...options,
      skip: noCgroup,
    }, async () => {
      await using folder = await temporaryFolder();
      await using server = new FakeServer();
      const root = await enrolled(server, folder.path);
      const pids = path.join(folder.path, "pids");
      const text = `(setsid env -i /bin/sh -c '/bin/sh -c "echo \\$\\$ >> ${pids}; while :; do /bin/sleep 1; done" &' >/dev/null 2>&1 &)\nsleep 1000\n`;
      {
        await using first = new AgentProcess(runtime.file, ["run", "--data", root]);
        await server.frame("hello");
        const file = server.addFile(text);
        server.sendOrder(server.order([{ index: 0, type: "RunScript", scriptName: "a.sh", args: null, file }]));
        await until(
          () => existsSync(pids) && readFileSync(pids, "utf8").endsWith("\n"),
          "the process ids of the script",
        );
        first.kill("SIGKILL");
        await first.exited;
      }
      assert.equal(livingPids(pids).length, 1);
      await using second = new AgentProcess(runtime.file, ["run", "--data", root]);
      await server.frame("ended");
      assert.match(second.output, /"cgroupsUsed"/);
      assert.deepEqual(livingPids(pids), []);
    });

    test("the working folder outlives the agent, and is emptied when the device was restarted", options, async () => {
      await using folder = await temporaryFolder();
      await using server = new FakeServer();
      const root = await enrolled(server, folder.path);
      const work = path.join(root, "work");
      const start = async () => {
        const from = server.frames.length;
        await using agent = new AgentProcess(runtime.file, ["run", "--data", root]);
        await server.frame("hello", () => true, from);
        agent.kill("SIGTERM");
        assert.equal(await agent.exited, 0, agent.output);
      };
      await start();
      mkdirSync(path.join(work, "folder"));
      writeFileSync(path.join(work, "folder", "tool"), "x");
      await start();
      assert.deepEqual(readdirSync(work), ["folder"]);
      writeFileSync(path.join(root, "work-boot-id"), "another boot");
      await start();
      assert.deepEqual(readdirSync(work), []);
    });
  });
}

for (const years of [-40, 30]) {
  test(
    `a device whose clock is ${years} years off takes orders, runs them and keeps their limits`,
    options,
    async () => {
      await using folder = await temporaryFolder();
      await using server = new FakeServer();
      const root = await enrolled(server, folder.path);
      const offset = years * 31_557_600_000;
      const wrong = `const real = Date.now; const D = Date; Date.now = () => real() + ${offset}; globalThis.Date = class extends D { constructor(...a) { if (a.length) super(...a); else super(real() + ${offset}); } static now() { return real() + ${offset}; } };`;
      const clock = path.join(folder.path, "clock.mjs");
      writeFileSync(clock, wrong);
      const env = { NODE_OPTIONS: `--import=${clock}` };
      await using agent = new AgentProcess(process.execPath, ["run", "--data", root], { env });
      await server.frame("hello");
      const commands = [
        { index: 0, type: "RunScript", scriptName: "a.sh", args: null, file: server.addFile("echo hello\n") },
        { index: 1, type: "RunScript", scriptName: "a.sh", args: null, file: server.addFile("sleep 1000\n") },
      ] as const;
      server.sendOrder(server.order([...commands], { scriptTimeoutMs: 500 }));
      const first = await server.frame("ended", (frame) => frame.index === 0);
      assert.deepEqual([first.outcome, first.errors], ["completed", []]);
      const second = await server.frame("ended", (frame) => frame.index === 1);
      assert.match(second.errors[0] ?? "", /did not end within 500 milliseconds/);
      assert.ok(
        agent.output.includes(`"time":"${new Date(Date.now() + offset).getUTCFullYear()}`),
        "the clock is wrong",
      );
    },
  );
}
