import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmod, copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { request } from "node:https";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { freePort } from "@halligan/dev/testing";
import { sleep, systemClock } from "@halligan/protocol/time";
import type { BenchContext } from "../../bench.ts";
import { Child } from "../../processes/child.ts";
import type { Competitor } from "../competitor.ts";
import { MeshControl, type MeshLogin } from "./control.ts";
import { meshFiles } from "./files.ts";
import { installMeshCentral } from "./install.ts";

const USER = "bench";
/** A command without an answer is lost: a busy agent drops a second one and says nothing. */
const LOST_MS = 10_000;
/** Each agent makes its keys at its first start, all on the same cores. */
const CONNECT_TIMEOUT_MS = 300_000;
const READY_TRIES = 30;
const READY_TRY_MS = 2_000;

/**
 * MeshCentral as its package brings it, on loopback only, with a folder and certificates of its
 * own: its server under our Node, its own agent (`agents/meshagent_x86-64`), and the requests that
 * `meshctrl RunCommand --reply`, `Upload` and `Download` send, over one connection that stays.
 */
export async function startMeshCentral(context: BenchContext, devices: number): Promise<Competitor> {
  const folder = await installMeshCentral(context);
  await using stack = new AsyncDisposableStack();
  const { server, login } = await startServer(context, folder);
  stack.use(server);
  const control = stack.use(await MeshControl.open(login));
  const settings = await makeDeviceGroup(control, login);
  const nodeIds = new Set<string>();
  using _ = control.listen(({ event }) => {
    const isAgent = event?.action === "nodeconnect" && ((event.conn ?? 0) & 1) === 1;
    if (isAgent && event.nodeid !== undefined) nodeIds.add(event.nodeid);
  });
  const agents: Child[] = [];
  for (let device = 0; device < devices; device += 1) {
    agents.push(stack.use(await startAgent(context, folder, settings, device)));
  }
  const begunMs = performance.now();
  while (nodeIds.size < devices) {
    if (performance.now() - begunMs > CONNECT_TIMEOUT_MS) {
      throw new Error(`${nodeIds.size} of ${devices} agents of MeshCentral are connected`);
    }
    await sleep(systemClock, 100, context.signal);
  }
  const nodes = [...nodeIds];
  const run = async (nodeid: string, timeoutMs: number) => {
    const command = { action: "runcommands", nodeids: [nodeid], type: 0, cmds: "echo ok", runAsUser: 0, reply: true };
    return (await control.ask(command, timeoutMs)).result ?? "";
  };
  await Promise.all(nodes.map((nodeid) => untilItAnswers(() => run(nodeid, READY_TRY_MS))));
  const deviceFolder = join(context.folder, "meshcentral-device");
  await mkdir(deviceFolder);
  const owner = stack.move();
  return {
    name: "MeshCentral",
    lacks:
      "commands and outputs are not stored: lost with a restart, refused while a device is offline, dropped without an answer while it is busy; no exit code; files neither hashed nor synced",
    devices,
    everyRounds: 1,
    run: (device) => run(nodes[device] ?? "", LOST_MS),
    files: meshFiles(control, login, nodes[0] ?? "", deviceFolder),
    processes: { server: server.pid, agents: agents.map(({ pid }) => pid) },
    [Symbol.asyncDispose]: () => owner.disposeAsync(),
  };
}

async function startServer(context: BenchContext, folder: string): Promise<{ server: Child; login: MeshLogin }> {
  const dataDir = join(context.folder, "meshcentral");
  const port = await freePort();
  await mkdir(join(dataDir, "files"), { recursive: true, mode: 0o700 });
  const config = {
    settings: {
      ...{ cert: "127.0.0.1", port, portBind: "127.0.0.1", exactPorts: true, redirPort: 0, mpsPort: 0 },
      // Nothing that leaves this machine: no search for agents, no updates, no time stamps.
      ...{ WANonly: true, selfUpdate: false, agentTimeStampServer: false },
    },
    domains: { "": { newAccounts: false } },
  };
  const configFile = join(dataDir, "config.json");
  await writeFile(configFile, JSON.stringify(config), { mode: 0o600 });
  const args = [
    ...[join(folder, "meshcentral.js"), "--datapath", dataDir, "--filespath", join(dataDir, "files")],
    ...["--configfile", configFile],
  ];
  const start = (name: string, more: readonly string[]) =>
    new Child({
      name: `MeshCentral (${name})`,
      command: process.execPath,
      args: [...args, ...more],
      logFile: join(context.folder, `meshcentral-${name}.log`),
    });
  const password = randomBytes(12).toString("hex");
  for (const [name, more] of [
    ["account", ["--createaccount", USER, "--pass", password, "--name", USER]],
    ["administrator", ["--adminaccount", USER]],
  ] as const) {
    await using step = start(name, more);
    await step.exited;
    if (!(await step.output()).includes("Done")) throw await step.failure("failed");
  }
  // It starts itself once more as a child, which ends when this process has. Both are its memory.
  const server = start("server", []);
  try {
    await server.said("HTTPS server running", context.signal);
    const ca = await readFile(join(dataDir, "root-cert-public.crt"), "latin1");
    const credentials = [USER, password].map((one) => Buffer.from(one).toString("base64")).join(",");
    return { server, login: { port, ca, headers: { "x-meshauth": credentials } } };
  } catch (cause) {
    await server.stop();
    throw cause;
  }
}

/** The settings file of the agents of a new group of devices. */
async function makeDeviceGroup(control: MeshControl, login: MeshLogin): Promise<string> {
  const made = await control.ask({ action: "createmesh", meshname: "bench", meshtype: 2 }, LOST_MS);
  const id = made.meshid?.split("/")[2];
  if (id === undefined) throw new Error(`MeshCentral made no device group: ${made.result}`);
  const asked = request(`https://127.0.0.1:${login.port}/meshsettings?id=${encodeURIComponent(id)}`, {
    ...{ ca: login.ca, headers: login.headers },
  });
  asked.end();
  const [response] = await once(asked, "response");
  const settings = await text(response);
  if (!settings.includes("MeshServer=")) throw new Error(`MeshCentral answered ${response.statusCode}: ${settings}`);
  return settings;
}

async function startAgent(context: BenchContext, folder: string, settings: string, device: number): Promise<Child> {
  const ownFolder = join(context.folder, `meshagent-${device}`);
  await mkdir(ownFolder);
  const command = join(ownFolder, "meshagent");
  await copyFile(join(folder, "agents/meshagent_x86-64"), command);
  await chmod(command, 0o700);
  await writeFile(`${command}.msh`, settings, { mode: 0o600 });
  return new Child({ name: `meshagent ${device}`, command, args: ["connect"], logFile: `${command}.log` });
}

/** An agent is connected before it has received the program that runs commands. */
async function untilItAnswers(run: () => Promise<string>): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      if ((await run()) === "ok\n") return;
    } catch (cause) {
      if (tries >= READY_TRIES) throw cause;
    }
  }
}
