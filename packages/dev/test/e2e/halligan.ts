import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { ENTRY } from "../../src/runtimes.ts";
import type { World } from "../../src/world.ts";

/** The command line with the administrator's credentials of a world. */
export async function halligan(world: World, ...args: string[]): Promise<{ exitCode: number; stdout: string }> {
  const { baseUrl, clientId, clientSecret } = world.credentials;
  const child = spawn(process.execPath, [ENTRY.cli, ...args], {
    cwd: world.folder,
    env: {
      PATH: process.env.PATH ?? "",
      HALLIGAN_CONFIG: join(world.folder, "none.json"),
      HALLIGAN_URL: baseUrl,
      HALLIGAN_CLIENT_ID: clientId,
      HALLIGAN_CLIENT_SECRET: clientSecret,
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  const [exitCode] = await once(child, "close");
  return { exitCode: Number(exitCode), stdout };
}
