/** Names of the users and groups of this device, from its own files. No directory is asked. */
import { open } from "node:fs/promises";
import { LIMITS } from "../../limits.ts";
import type { Calls } from "./archive-calls.ts";

export interface Owners {
  users: ReadonlyMap<number, string>;
  groups: ReadonlyMap<number, string>;
}

export async function readOwners(calls: Calls): Promise<Owners> {
  return { users: await readNames("/etc/passwd", calls), groups: await readNames("/etc/group", calls) };
}

async function readNames(file: string, calls: Calls): Promise<Map<number, string>> {
  const names = new Map<number, string>();
  let text = "";
  try {
    text = await calls.run(() => readStart(file));
  } catch (error) {
    // Without names the numbers alone are stated.
    calls.reasonUnlessOver(error);
  }
  for (const line of text.split("\n")) {
    const [name, , id] = line.split(":");
    if (name && id && /^\d{1,10}$/.test(id) && !names.has(Number(id))) names.set(Number(id), name);
  }
  return names;
}

async function readStart(file: string): Promise<string> {
  await using handle = await open(file, "r");
  const bytes = Buffer.alloc(LIMITS.maxOwnersFileBytes);
  const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0);
  return bytes.toString("latin1", 0, bytesRead);
}
