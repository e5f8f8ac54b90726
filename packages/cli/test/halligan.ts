import { type ChildProcessByStdio, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { call, type Ended } from "./call.ts";
import { type FakeApi, startFakeApi } from "./fake-api.ts";

const PROGRAM = fileURLToPath(new URL("../bin/halligan.mjs", import.meta.url));

/** With the two of Node, which `npm test` sets, a start costs a third less. */
const STARTS_FASTER = Object.fromEntries(
  ["PATH", "NODE_OPTIONS", "NODE_COMPILE_CACHE"].map((name) => [name, process.env[name] ?? ""]),
);

/** A process of its own. */
export interface Running {
  child: ChildProcessByStdio<Writable, Readable, Readable>;
  ended: Promise<Ended>;
}

export interface CallOptions {
  variables?: Record<string, string>;
  stdin?: string;
}

export interface SpawnOptions extends CallOptions {
  /** A program and its first arguments, which gets the command line of halligan behind these. */
  through?: readonly string[];
}

export interface World extends AsyncDisposable {
  api: FakeApi;
  /** The program's current folder, empty at first. */
  folder: string;
  configFile: string;
  spawn(args: readonly string[], options?: SpawnOptions): Running;
  /** In this process. */
  call(args: readonly string[], options?: CallOptions): Promise<Ended>;
  /** In this process, with the fake's credentials in the environment. */
  run(...args: string[]): Promise<Ended>;
}

/** The real program, a fake API, and temporary folders. */
export async function makeWorld(): Promise<World> {
  const api = await startFakeApi();
  const folder = await mkdtemp(join(tmpdir(), "halligan-cli-"));
  const configFile = join(await mkdtemp(join(tmpdir(), "halligan-cli-config-")), "sub", "profiles.json");
  const inProcess: World["call"] = (args, { variables = {}, stdin = "" } = {}) =>
    call(args, { folder, stdin, variables: { HALLIGAN_CONFIG: configFile, ...variables } });
  const startProcess: World["spawn"] = (args, { variables = {}, stdin = "", through = [] } = {}) => {
    const [file = process.execPath, ...words] = [...through, process.execPath, PROGRAM, ...args];
    const child = spawn(file, words, {
      cwd: folder,
      // Only these: a developer's own profile must not take part.
      env: { ...STARTS_FASTER, HOME: folder, TZ: "UTC", HALLIGAN_CONFIG: configFile, ...variables },
      stdio: ["pipe", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.stdin.end(stdin);
    const ended = new Promise<Ended>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (exitCode) => resolve({ exitCode, stdout, stderr }));
    });
    return { child, ended };
  };
  return {
    api,
    folder,
    configFile,
    spawn: startProcess,
    call: inProcess,
    run: (...args) => inProcess(args, { variables: credentialsOf(api) }),
    async [Symbol.asyncDispose]() {
      await api[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
      await rm(join(configFile, "..", ".."), { recursive: true, force: true });
    },
  };
}

export function credentialsOf(api: FakeApi): Record<string, string> {
  return { HALLIGAN_URL: api.url, HALLIGAN_CLIENT_ID: api.clientId, HALLIGAN_CLIENT_SECRET: api.clientSecret };
}
