/** A secret on its way from a caller to a script, with real processes, and where it is not. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";
import { until } from "../../../../protocol/test/support/until.ts";
import { Program } from "../../../src/program.ts";
import { ENTRY, type Runtime, runtimeExecutable } from "../../../src/runtimes.ts";
import { World } from "../../../src/world.ts";
import { waitForEnd } from "../../e2e/live-response.ts";
import { variablesFor } from "./halligan.ts";

const canary = () => `canary-${randomBytes(18).toString("hex")}`;

/** The value, in base64 wherever it begins, and in hex. */
function formsOf(value: string): Buffer[] {
  const base64 = [0, 1, 2].map((before) => {
    const text = Buffer.from("x".repeat(before) + value).toString("base64url");
    return text.slice(before === 0 ? 0 : before + 1, -4);
  });
  return [value, Buffer.from(value).toString("hex"), ...base64].map((text) => Buffer.from(text));
}

const holds = (bytes: Buffer, forms: readonly Buffer[]): boolean => forms.some((form) => bytes.includes(form));

/** Names of the files below the folder that hold the value: databases, blobs, journals. */
function filesWith(folder: string, forms: readonly Buffer[]): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => {
    try {
      const file = join(folder, name);
      return lstatSync(file).isFile() && holds(readFileSync(file), forms);
    } catch {
      // It is gone.
      return false;
    }
  });
}

/** The argument lists of all processes of this computer that hold the value. */
function argumentListsWith(forms: readonly Buffer[]): string[] {
  return readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return holds(readFileSync(`/proc/${pid}/cmdline`), forms);
    } catch {
      return false;
    }
  });
}

async function endOf(child: ChildProcess): Promise<{ exitCode: number | null; output: string }> {
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  return new Promise((resolve) => child.once("close", (exitCode) => resolve({ exitCode, output })));
}

for (const runtime of ["node", "bun"] as const satisfies Runtime[]) {
  const skip =
    runtimeExecutable(runtime) === null
      ? `there is no ${runtime} for this platform in this install`
      : process.platform === "linux"
        ? false
        : "reads /proc";
  describe(`secrets with a real server and device, agent under ${runtime}`, { skip, timeout: 300_000 }, () => {
    test("a script reads two secrets, and no file, log, event, record or argument list ever has one", async () => {
      const lines: string[] = [];
      await using world = await World.start({
        runtime,
        settings: { HALLIGAN_LIMITS_PROFILE: "open", HALLIGAN_LOG_LEVEL: "trace" },
        onLine: (program, line) => lines.push(`${program}: ${line}`),
      });
      const [machine] = world.machines;
      assert.ok(machine);
      const outside = await mkdtemp(join(tmpdir(), "halligan-secrets-"));
      await using undo = new AsyncDisposableStack();
      undo.defer(() => rm(outside, { recursive: true, force: true }));
      const [typed, filed] = [canary(), canary()];
      const forms = [typed, filed].flatMap(formsOf);
      await writeFile(join(outside, "value"), `${filed}\n`);
      const script =
        `printf '%s %s' "$TYPED" "$FILED" | sha256sum > ${outside}/saw; echo "out <$TYPED>"; ` +
        `while [ ! -e ${outside}/go ]; do sleep 0.05; done; echo "err <$FILED>" >&2; head -c 200000 /dev/zero; echo "$FILED$TYPED"`;
      const cli = spawn(
        process.execPath,
        [ENTRY.cli, "exec", machine.id, script, "--secret", "TYPED", "--secret", `FILED=@${outside}/value`],
        { env: { PATH: process.env.PATH, ...variablesFor(world) }, stdio: ["pipe", "pipe", "pipe"] },
      );
      undo.defer(() => void cli.kill("SIGKILL"));
      const ended = endOf(cli);
      cli.stdin.end(`${typed}\n`);

      const scan = () => {
        assert.deepEqual(argumentListsWith(forms), [], "argument lists");
        assert.deepEqual(filesWith(world.folder, forms), [], "files");
      };
      await until(() => {
        scan();
        return filesWith(outside, [Buffer.from("  -\n")]).includes("saw");
      }, "the start of the script");
      const [action] = await world.client.listMachineActions();
      assert.ok(action);
      const events: Buffer[] = [];
      const watched = Promise.all([
        (async () => {
          for await (const event of world.client.watchMachineAction(action.id)) {
            events.push(Buffer.from(JSON.stringify(event)));
          }
        })(),
        (async () => {
          for await (const { event, data } of world.client.watchActionOutput(action.id)) {
            events.push(event === "chunk" ? Buffer.from(data.bytes) : Buffer.from(JSON.stringify(data)));
          }
        })(),
      ]);
      const backup = join(world.folder, "backup");
      await using program = new Program("backup", {
        command: process.execPath,
        args: [ENTRY.server, "backup", backup],
        env: { HALLIGAN_DATA_DIR: world.dataDir },
      });
      assert.equal(await program.exited, 0, program.output);
      for (let scans = 0; scans < 10; scans++) scan();
      await writeFile(join(outside, "go"), "");
      const { exitCode, output } = await ended;
      assert.equal(exitCode, 0, output);
      assert.equal((await waitForEnd(world, action.id)).status, "Succeeded");
      await watched;
      scan();

      const sha256 = createHash("sha256").update(`${typed} ${filed}`).digest("hex");
      assert.equal(await readFile(join(outside, "saw"), "utf8"), `${sha256}  -\n`, "the script saw both");
      assert.match(output, /out <\[secret TYPED\]>/);
      assert.match(output, /err <\[secret FILED\]>/);
      assert.match(output, /\[secret FILED\]\[secret TYPED\]\n/);
      const seen = Buffer.concat(events);
      assert.ok(seen.includes("[secret TYPED]"), "the live output has the name");
      const audit = JSON.stringify(await world.client.listAudit({ limit: 1_000 }));
      assert.match(audit, /"secretNames":\["TYPED","FILED"\]/);
      assert.ok(readdirSync(backup).length > 0);
      for (const [what, bytes] of [
        ["events", seen],
        ["audit", Buffer.from(audit)],
        ["logs", Buffer.from(lines.join("\n"))],
        ["output of halligan", Buffer.from(output)],
      ] as const) {
        assert.ok(!holds(bytes, forms), what);
      }
      // What the test itself would find.
      assert.deepEqual(filesWith(outside, forms), ["value"]);
    });

    test("the server's database drops the ciphertext when the action ends", async () => {
      await using world = await World.start({ runtime, settings: { HALLIGAN_LIMITS_PROFILE: "open" } });
      const [machine] = world.machines;
      assert.ok(machine);
      const cli = spawn(process.execPath, [ENTRY.cli, "exec", machine.id, "true", "--secret", "TOKEN"], {
        env: { PATH: process.env.PATH, ...variablesFor(world) },
        stdio: ["pipe", "pipe", "pipe"],
      });
      const ended = endOf(cli);
      cli.stdin.end(`${canary()}\n`);
      const { exitCode, output } = await ended;
      assert.equal(exitCode, 0, output);
      const [action] = await world.client.listMachineActions();
      await world.server.stop();
      const database = new DatabaseSync(join(world.dataDir, "halligan.db"), { readOnly: true });
      const row = database.prepare("select secrets from machine_action where id = ?").get(action?.id ?? "");
      database.close();
      const { key: _, ...rest } = JSON.parse(String(row?.secrets));
      assert.deepEqual(rest, { values: [{ name: "TOKEN", sealed: null }] });
    });
  });
}
