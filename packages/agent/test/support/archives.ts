/** Collects an archive in a command world, and reads it with the system's tar. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import type { OrderArchive } from "@halligan/protocol/link";
import { ManifestEnd, ManifestEntry, ManifestLine, ManifestStart } from "@halligan/protocol/link";
import { Compile } from "typebox/compile";
import { getArchive } from "../../src/commands/archive/get-archive.ts";
import type { TransferEnd } from "../../src/core/ports.ts";
import type { commandWorld } from "./command-world.ts";

export type World = Awaited<ReturnType<typeof commandWorld>>;

export const needsTar = process.platform === "win32" ? "needs POSIX files" : false;

const line = Compile(ManifestLine);
const start = Compile(ManifestStart);
const entry = Compile(ManifestEntry);
const end = Compile(ManifestEnd);

export interface Manifest {
  start: ManifestStart;
  entries: ManifestEntry[];
  end: ManifestEnd;
}

const LIMITS = { maxFiles: 100_000, maxBytes: 1024 ** 3 };

export function collect(
  world: World,
  asked: string | Buffer,
  archive: Partial<OrderArchive> = {},
  signal = new AbortController().signal,
): Promise<TransferEnd> {
  const named = Buffer.isBuffer(asked)
    ? { path: asked.toString(), pathBase64: asked.toString("base64") }
    : { path: asked };
  const wanted = { kind: "folder", ...LIMITS, ...archive } as const;
  const command = { index: 0, type: "GetFile", ...named, archive: wanted } as const;
  return getArchive(world.deps, world.job(command), wanted, signal);
}

/** The tar of a completed collection. */
export function tarOf(world: World, { errors, result }: TransferEnd): Buffer {
  const gzip = result && world.server.completed.get(result.uploadId);
  assert.ok(gzip, errors.join(" "));
  return gunzipSync(gzip);
}

/** Unpacks with the system's tar. `root`: the folder with `files` and `manifest`. */
export async function unpack(world: World, ended: TransferEnd): Promise<{ root: string; manifest: Manifest }> {
  const file = path.join(world.temporary, "archive.tar");
  writeFileSync(file, tarOf(world, ended));
  mkdirSync(path.join(world.temporary, "unpacked"), { recursive: true });
  const root = mkdtempSync(path.join(world.temporary, "unpacked", "a-"));
  execFileSync("tar", ["-xpf", file, "-C", root], { stdio: ["ignore", "ignore", "inherit"] });
  return { root, manifest: await readManifest(path.join(root, "manifest")) };
}

async function readManifest(folder: string): Promise<Manifest> {
  const lines: ManifestLine[] = [];
  for (const name of (await readdir(folder)).sort()) {
    for (const text of (await readFile(path.join(folder, name), "utf8")).trimEnd().split("\n")) {
      const value: unknown = JSON.parse(text);
      assert.ok(line.Check(value), text);
      lines.push(value);
    }
  }
  const [first, last, entries] = [lines.at(0), lines.at(-1), lines.slice(1, -1)];
  assert.ok(start.Check(first) && end.Check(last) && entries.every((one) => entry.Check(one)));
  return { start: first, entries: entries.filter((one) => entry.Check(one)), end: last };
}

export function entryOf(manifest: Manifest, devicePath: string): ManifestEntry {
  const found = manifest.entries.find((one) => one.path === devicePath);
  assert.ok(found, `${devicePath} in ${manifest.entries.map((one) => one.path).join(" ")}`);
  return found;
}
