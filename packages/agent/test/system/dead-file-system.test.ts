import assert from "node:assert/strict";
import path from "node:path";
import { describe, test } from "node:test";
import { AgentProcess, RUNTIMES, temporaryFolder } from "../support/agent-process.ts";
import { FakeServer } from "../support/fake-server.ts";
import { hangingMount, noHangingMount } from "../support/hanging-mount.ts";

const options = { timeout: 60_000 };

for (const runtime of RUNTIMES) {
  const skip = runtime.isThere ? noHangingMount : `${runtime.name} is not installed`;
  describe(`next to a file system that does not answer, under ${runtime.name}`, { skip }, () => {
    test("the agent gives a collection up, does the next orders, and stops when it is asked to", options, async () => {
      await using folder = await temporaryFolder();
      await using server = new FakeServer();
      await using mount = await hangingMount("everything");
      const root = path.join(folder.path, "data");
      const args = ["enroll", "--server", await server.listen(), "--data", root];
      await using enrolling = new AgentProcess(runtime.file, args, { env: { HALLIGAN_ENROLLMENT_TOKEN: "t" } });
      assert.equal(await enrolling.exited, 0, enrolling.output);
      await using agent = new AgentProcess(runtime.file, ["run", "--data", root]);
      await server.frame("hello");
      const get = server.order([{ index: 0, type: "GetFile", path: path.join(mount.path, "file") }], {
        stallTimeoutMs: 300,
      });
      server.sendOrder(get);
      const gaveUp = await server.frame("ended");
      assert.match(gaveUp.errors[0] ?? "", /file system of that path, which does not answer/);
      const next = server.order([
        { index: 0, type: "PutFile", fileName: "tool.txt", file: server.addFile("from the library") },
        { index: 1, type: "RunScript", scriptName: "a.sh", args: null, file: server.addFile("cat tool.txt") },
        { index: 2, type: "GetFile", path: "tool.txt" },
      ]);
      server.sendOrder(next);
      const ended = await server.frame("ended", ({ actionId, index }) => actionId === next.actionId && index === 1);
      const transcript = ended.result?.kind === "inline" ? JSON.parse(ended.result.transcript) : null;
      assert.equal(transcript.script_output, "from the library");
      const refused = await server.frame("ended", ({ actionId, index }) => actionId === next.actionId && index === 2);
      assert.match(refused.errors[0] ?? "", /An earlier command still waits for a file system/);
      agent.kill("SIGTERM");
      await agent.exited;
      assert.match(agent.output, /"agentStopped"/);
    });
  });
}
