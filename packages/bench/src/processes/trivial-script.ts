import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CommandRequest } from "@halligan/protocol/api";
import { createClient } from "@halligan/protocol/client";
import type { BenchServer } from "./server.ts";

export const SCRIPT_NAME = "bench-trivial.sh";
const SCRIPT_TEXT = "#!/bin/sh\necho ok\n";
export const SCRIPT_OUTPUT = "ok\n";

export const RUN_SCRIPT: readonly CommandRequest[] = [
  { type: "RunScript", params: [{ key: "ScriptName", value: SCRIPT_NAME }] },
];

/** In the library, and as the file that the baseline spawns. */
export async function addTrivialScript(server: BenchServer, folder: string): Promise<string> {
  const credentials = { ...(await server.credentials()), tokenUrl: await server.tokenUrl() };
  const client = createClient({ baseUrl: server.baseUrl, credentials });
  await client.putLibraryFile({ fileName: SCRIPT_NAME, override: true, content: () => new Blob([SCRIPT_TEXT]) });
  return await writeTrivialScript(folder);
}

export async function writeTrivialScript(folder: string): Promise<string> {
  const file = join(folder, SCRIPT_NAME);
  await writeFile(file, SCRIPT_TEXT);
  return file;
}
