import { mkdir, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { CredentialsFile } from "@halligan/protocol/api";
import { createClient, type HalliganClient } from "@halligan/protocol/client";
import { Value } from "typebox/value";
import { freePort } from "../../../dev/src/free-port.ts";
import { Program } from "../../../dev/src/program.ts";
import type { BuiltRelease } from "./built-release.ts";

/** What the launcher of the archive needs, and no Node. */
const TOOLS = ["dirname", "readlink"];

/** The server of the archive, in an empty environment, in another folder. */
export interface BuiltServer extends AsyncDisposable {
  readonly address: string;
  readonly credentials: CredentialsFile;
  readonly client: HalliganClient;
  /** Starts a program in the same environment, with settings before its name. */
  start(name: string, args: readonly string[], input?: string): Program;
}

export async function startBuiltServer(built: BuiltRelease): Promise<BuiltServer> {
  const bin = join(built.folder, "tools");
  await mkdir(bin);
  for (const name of TOOLS) await symlink(`/usr/bin/${name}`, join(bin, name));
  const start = (name: string, args: readonly string[], input?: string) =>
    new Program(name, {
      command: "/usr/bin/env",
      args: ["-i", "-C", "/", `PATH=${bin}`, ...args],
      env: {},
      ...(input !== undefined && { input }),
    });
  const data = join(built.folder, "server-data");
  const address = `127.0.0.1:${await freePort()}`;
  const launcher = join(await built.server(), "bin/halligan-server");
  const server = start("server", [launcher, "--data", data, "--listen", address]);
  await server.line((line) => line.includes('"msg":"listening"'));
  const text = await readFile(join(data, "administrator.json"), "utf8");
  const credentials = Value.Parse(CredentialsFile, JSON.parse(text));
  return {
    address,
    credentials,
    client: createClient({ baseUrl: credentials.baseUrl, credentials }),
    start,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
