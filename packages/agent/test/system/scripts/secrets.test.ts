/** The secrets of an action on a device: read by its scripts alone. */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, test } from "node:test";
import type { Order, SecretEnv } from "@halligan/protocol/link";
import { isSecretKeyOf, sealSecret } from "@halligan/protocol/link-crypto";
import { until } from "../../../../protocol/test/support/until.ts";
import { RUNTIMES } from "../../support/agent-process.ts";
import { EnrolledAgent } from "../../support/enrolled-agent.ts";

const options = { timeout: 60_000 };

function announcedKey({ server }: EnrolledAgent) {
  const hello = server.frames.findLast((frame) => frame.type === "hello");
  assert.ok(hello?.type === "hello" && hello.secretKey);
  return hello.secretKey;
}

function sealed({ server }: EnrolledAgent, key: string, values: Record<string, string>): SecretEnv {
  return {
    key,
    values: Object.entries(values).map(([name, value]) => ({
      name,
      sealed: sealSecret(server.machineId, key, { name, value: Buffer.from(value) }) ?? "",
    })),
  };
}

function scriptOrder({ server }: EnrolledAgent, texts: readonly string[], secretEnv: SecretEnv): Order {
  const commands = texts.map((text, index) => ({
    index,
    type: "RunScript" as const,
    scriptName: `${index}.sh`,
    args: null,
    file: server.addFile(text),
  }));
  return { ...server.order(commands), secretEnv };
}

async function transcriptOf({ server }: EnrolledAgent, { orderSeq }: Order, index = 0) {
  const end = await server.frame("ended", (frame) => frame.orderSeq === orderSeq && frame.index === index);
  const text =
    end.result?.kind === "inline"
      ? end.result.transcript
      : String(server.completed.get(end.result?.kind === "uploaded" ? end.result.uploadId : ""));
  return { end, text };
}

async function refusalOf({ server }: EnrolledAgent, order: Order) {
  server.sendOrder(order);
  return await server.frame("refused", (frame) => frame.orderSeq === order.orderSeq);
}

/** All bytes of all files below a folder. Files come and go meanwhile. */
function everythingIn(folder: string): Buffer {
  const bytes: Buffer[] = [];
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    try {
      const file = path.join(folder, name);
      // Opening a pipe would wait for its other side.
      if (lstatSync(file).isFile()) bytes.push(readFileSync(file));
    } catch {
      // It is gone.
    }
  }
  return Buffer.concat(bytes);
}

const canary = () => `canary-${randomBytes(12).toString("hex")}`;

for (const runtime of RUNTIMES) {
  const skip = runtime.isThere ? false : `${runtime.name} is not installed`;
  describe(`secrets under ${runtime.name}`, { skip }, () => {
    test("the key is private, stays the same, and is signed by the device", options, async () => {
      await using agent = await EnrolledAgent.start(runtime.file);
      const announced = announcedKey(agent);
      assert.ok(isSecretKeyOf(agent.server.machineId, announced, agent.server.deviceKey));
      assert.equal((await stat(path.join(agent.root, "secret-key.pem"))).mode & 0o777, 0o600);
      await agent.restart();
      assert.deepEqual(announcedKey(agent), announced);
    });

    test("every script of the order reads them, and its output has their names", options, async () => {
      await using agent = await EnrolledAgent.start(runtime.file);
      const value = `${canary()} with 'quotes' and ü`;
      const secretEnv = sealed(agent, announcedKey(agent).key, { API_TOKEN: value, SHORT: "12345" });
      const text = `printf %s "$API_TOKEN" | sha256sum; echo "<$API_TOKEN>"; echo "$SHORT $API_TOKEN" >&2\n`;
      const order = scriptOrder(agent, [text, text], secretEnv);
      agent.server.sendOrder(order);
      const sha256 = createHash("sha256").update(value).digest("hex");
      for (const index of [0, 1]) {
        const { end, text } = await transcriptOf(agent, order, index);
        assert.deepEqual([end.outcome, end.errors], ["completed", []]);
        const { script_output, script_errors } = JSON.parse(text);
        assert.equal(script_output, `${sha256}  -\n<[secret API_TOKEN]>\n`);
        assert.equal(script_errors, "12345 [secret API_TOKEN]\n");
      }
    });

    test("a value is in no file of the agent and in no argument list while its script runs", options, async () => {
      await using agent = await EnrolledAgent.start(runtime.file);
      const value = canary();
      const secretEnv = sealed(agent, announcedKey(agent).key, { API_TOKEN: value });
      const go = path.join(agent.folder.path, "go");
      const text = `echo "before $API_TOKEN"; while [ ! -e ${go} ]; do sleep 0.02; done; printf "$API_TOKEN"; printf %s "\${API_TOKEN%??}"\n`;
      const order = scriptOrder(agent, [text], secretEnv);
      agent.server.sendOrder(order);
      await until(
        () => everythingIn(path.join(agent.root, "spool")).includes("before ["),
        "the first line of the output",
      );
      for (let scans = 0; scans < 10; scans++) {
        assert.ok(!everythingIn(agent.root).includes(value), "a file has the value");
        for (const pid of process.platform === "linux"
          ? readdirSync("/proc").filter((name) => /^\d+$/.test(name))
          : []) {
          let line = "";
          try {
            line = readFileSync(`/proc/${pid}/cmdline`, "latin1");
          } catch {
            // The process has ended.
          }
          assert.ok(!line.includes(value), `process ${pid}`);
        }
      }
      assert.ok(everythingIn(agent.root).includes(secretEnv.values[0]?.sealed ?? "none"), "the journal has the order");
      await writeFile(go, "");
      const { end, text: transcript } = await transcriptOf(agent, order);
      assert.deepEqual([end.outcome, end.errors], ["completed", []]);
      const { script_output } = JSON.parse(transcript);
      assert.equal(script_output, `before [secret API_TOKEN]\n[secret API_TOKEN]${value.slice(0, -2)}`);
      assert.ok(!agent.process?.output.includes(value), "the log has the value");
      assert.ok(!everythingIn(agent.root).includes(value));
    });

    test(
      "nothing of an order runs when a secret is for another key, changed, or has a name that is refused",
      options,
      async () => {
        await using agent = await EnrolledAgent.start(runtime.file);
        const { key } = announcedKey(agent);
        const ran = path.join(agent.folder.path, "ran");
        const ordered = (secretEnv: SecretEnv) => scriptOrder(agent, [`touch ${ran}\n`], secretEnv);
        const good = sealed(agent, key, { TOKEN: "some value" });
        const [value] = good.values;
        assert.ok(value);
        const changed = value.sealed.replace(/.$/, (last) => (last === "A" ? "Q" : "A"));
        const cases: [SecretEnv, RegExp][] = [
          [{ ...good, key: `${"A".repeat(42)}w` }, /encrypted to another key of this device/],
          [{ key, values: [{ name: "TOKEN", sealed: changed }] }, /secret TOKEN was changed/],
          [{ key, values: [{ name: "OTHER", sealed: value.sealed }] }, /secret OTHER was changed/],
          [{ key, values: [value, { name: "token", sealed: value.sealed }] }, /token is given twice/],
          [sealed(agent, key, { LD_PRELOAD: "/tmp/x.so" }), /variable LD_PRELOAD cannot be a secret/],
        ];
        for (const [secretEnv, message] of cases) {
          const refused = await refusalOf(agent, ordered(secretEnv));
          assert.equal(refused.code, "secretUnreadable");
          assert.match(refused.message, message);
        }
        const order = ordered(good);
        agent.server.sendOrder(order);
        assert.equal((await transcriptOf(agent, order)).end.outcome, "completed");
      },
    );

    test("a device with a new key refuses what was encrypted to the old one", options, async () => {
      await using agent = await EnrolledAgent.start(runtime.file);
      const { key } = announcedKey(agent);
      await rm(path.join(agent.root, "secret-key.pem"));
      await agent.restart();
      assert.notEqual(announcedKey(agent).key, key);
      const order = scriptOrder(agent, ["true\n"], sealed(agent, key, { TOKEN: "some value" }));
      assert.match((await refusalOf(agent, order)).message, /encrypted to another key of this device/);
    });
  });
}
