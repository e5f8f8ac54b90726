import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CredentialsFile } from "@halligan/protocol/api";
import { createClient, type HalliganClient } from "@halligan/protocol/client";
import { Value } from "typebox/value";
import { freePort } from "./free-port.ts";
import { Program } from "./program.ts";
import { ENTRY, type Runtime, runtimeExecutable } from "./runtimes.ts";

export interface WorldOptions {
  /** Agents that are enrolled and linked when the world is ready. Default 1. */
  agents?: number;
  /** What the agents run under. Default Node. */
  runtime?: Runtime;
  /**
   * Devices enroll in this process, without the command `halligan-agent enroll`. For tests of
   * another subject: the command costs 0.7 s of processor time. Default false.
   */
  enrollsInProcess?: boolean;
  /** Settings of the server by environment name. */
  settings?: Readonly<Record<string, string>>;
  /** The server's data folder, which must not exist; one of the world's own by default. */
  dataDir?: string;
  /** Called with every line that a program of the world writes. */
  onLine?: (program: string, line: string) => void;
}

export interface WorldMachine {
  id: string;
  computerDnsName: string;
  /** The agent's data folder; `work` in it is the working folder of scripts. */
  dataDir: string;
}

const ATTEMPTS = 5;
const STARTING_AT_ONCE = 4;

/**
 * A running Halligan: a real server and real agents, each a process of its own, on an ephemeral
 * port of this machine and in one temporary folder that is deleted with it. Development, the demo
 * and the tests all use this one builder.
 */
export class World implements AsyncDisposable {
  readonly folder: string;
  readonly dataDir: string;
  readonly credentials: CredentialsFile;
  readonly client: HalliganClient;
  readonly machines: WorldMachine[] = [];
  readonly #options: WorldOptions;
  readonly #settings: Readonly<Record<string, string>>;
  #server: Program;
  readonly #agents = new Map<string, Program>();

  private constructor(
    folder: string,
    credentials: CredentialsFile,
    server: Program,
    settings: Readonly<Record<string, string>>,
    options: WorldOptions,
  ) {
    this.folder = folder;
    this.dataDir = settings.HALLIGAN_DATA_DIR ?? folder;
    this.credentials = credentials;
    this.client = createClient({ baseUrl: credentials.baseUrl, credentials });
    this.#server = server;
    this.#settings = settings;
    this.#options = options;
  }

  static async start(options: WorldOptions = {}): Promise<World> {
    const folder = await mkdtemp(join(tmpdir(), "halligan-"));
    await using undo = new AsyncDisposableStack();
    undo.defer(() => rm(folder, { recursive: true, force: true }));
    const { dataDir = join(folder, "server") } = options;
    const { server, settings } = await startOnFreePort(dataDir, options);
    undo.use(server);
    const credentials = await readCredentials(join(dataDir, "administrator.json"));
    const world = new World(folder, credentials, server, settings, options);
    undo.defer(() => world[Symbol.asyncDispose]());
    await startAgents(world, options.agents ?? 1);
    undo.move();
    return world;
  }

  get server(): Program {
    return this.#server;
  }

  /** The program of an agent; throws for a machine of another world. */
  agent(machineId: string): Program {
    const agent = this.#agents.get(machineId);
    if (!agent) throw new Error(`machine ${machineId} has no agent here`);
    return agent;
  }

  /**
   * Makes a device known; `startAgent` lets it run. `serverUrl`: where it reaches the server, when
   * that is not its own address.
   */
  async enrollAgent(name: string, serverUrl = this.credentials.baseUrl): Promise<WorldMachine> {
    const { token } = await this.client.createEnrollmentToken({ uses: 1, expiresInSeconds: 600 });
    const dataDir = join(this.folder, "agents", name);
    await mkdir(join(this.folder, "agents"), { recursive: true, mode: 0o700 });
    const id = this.#options.enrollsInProcess
      ? await enrollHere(serverUrl, dataDir, name, token)
      : await this.#enrollByCommand(serverUrl, dataDir, name, token);
    const machine: WorldMachine = { id, computerDnsName: name, dataDir };
    this.machines.push(machine);
    return machine;
  }

  async #enrollByCommand(serverUrl: string, dataDir: string, name: string, token: string): Promise<string> {
    const program = this.#agentProgram(
      name,
      ["enroll", "--server", serverUrl, "--name", name, "--token-stdin"],
      dataDir,
      token,
    );
    if ((await program.exited) !== 0) throw new Error(`enrolling ${name} failed:\n${program.output}`);
    const id = /machine ([0-9a-f]{40})/.exec(program.output)?.[1];
    if (id === undefined) throw new Error(`enrolling ${name} did not say its machine id:\n${program.output}`);
    return id;
  }

  /** Starts the agent of an enrolled machine and waits until it is linked. */
  async startAgent(machineId: string): Promise<Program> {
    const machine = this.machines.find(({ id }) => id === machineId);
    if (!machine) throw new Error(`machine ${machineId} is not enrolled here`);
    const program = this.#agentProgram(machine.computerDnsName, ["run"], machine.dataDir);
    this.#agents.set(machineId, program);
    await program.line((line) => line.includes('"event":"linked"'));
    return program;
  }

  /**
   * Starts the server again on the same data folder and address, after it was stopped or killed.
   */
  async startServer(): Promise<void> {
    this.#server = serverProgram(this.#settings, this.#options);
    await serverReady(this.#server);
  }

  /** Stops the agents first, so that they do not try to reconnect to a stopped server. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#agents.values()].map((agent) => agent.stop()));
    await this.#server.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  #agentProgram(name: string, args: readonly string[], dataDir: string, input?: string): Program {
    const runtime = this.#options.runtime ?? "node";
    const command = runtimeExecutable(runtime);
    if (command === null) throw new Error(`there is no ${runtime} for this platform in this install`);
    const { onLine } = this.#options;
    return new Program(`agent ${name}`, {
      command,
      args: [ENTRY.agent, ...args, "--data", dataDir],
      env: {},
      ...(input !== undefined && { input }),
      ...(onLine && { onLine: (line: string) => onLine(name, line) }),
    });
  }
}

async function enrollHere(serverUrl: string, root: string, name: string, token: string): Promise<string> {
  // Loaded here, because a world without the option needs no code of the agent in its process.
  const { agentNetwork, currentFacts, DEFAULT_SETTINGS, enroll } = await import("@halligan/agent/simulation");
  const { machineId } = await enroll({
    root,
    serverUrl,
    token,
    name,
    facts: currentFacts(name),
    network: agentNetwork({}, DEFAULT_SETTINGS),
    enrollTimeoutMs: DEFAULT_SETTINGS.enrollTimeoutMs,
    authorities: null,
  });
  return machineId;
}

/**
 * Enrolls all agents, then starts them, {@link STARTING_AT_ONCE} at a time: fifty programs that
 * start together on two processors pass every start limit. Machines keep the order of their names.
 */
async function startAgents(world: World, count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await world.enrollAgent(`device-${i + 1}`);
  const waiting = world.machines.map(({ id }) => id);
  const startWaiting = async () => {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) await world.startAgent(id);
  };
  await Promise.all(Array.from({ length: STARTING_AT_ONCE }, startWaiting));
}

/**
 * Another program can take a free port between the search and the listen call. Then another port is
 * tried.
 */
async function startOnFreePort(
  dataDir: string,
  options: WorldOptions,
): Promise<{ server: Program; settings: Readonly<Record<string, string>> }> {
  for (let attempt = 1; ; attempt += 1) {
    const settings = {
      ...options.settings,
      HALLIGAN_DATA_DIR: dataDir,
      HALLIGAN_LISTEN: `127.0.0.1:${await freePort()}`,
    };
    const server = serverProgram(settings, options);
    try {
      await serverReady(server);
      return { server, settings };
    } catch (cause) {
      await server.stop();
      if (attempt >= ATTEMPTS || !server.output.includes("in use")) throw cause;
    }
  }
}

function serverProgram(settings: Readonly<Record<string, string>>, { onLine }: WorldOptions): Program {
  return new Program("server", {
    command: process.execPath,
    args: [ENTRY.server],
    env: settings,
    ...(onLine && { onLine: (line: string) => onLine("server", line) }),
  });
}

const serverReady = (server: Program) => server.line((line) => line.includes('"msg":"listening"'));

async function readCredentials(file: string): Promise<CredentialsFile> {
  return Value.Parse(CredentialsFile, JSON.parse(await readFile(file, "utf8")));
}
