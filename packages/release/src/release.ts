import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { VERSION } from "@halligan/protocol/version";
import type { Bundler } from "./build/bundler.ts";
import { checkExecutable } from "./build/check-executable.ts";
import { AGENT, CLI, compileExecutable } from "./build/executable.ts";
import { noticesOf } from "./notices/notices.ts";
import { type Sbom, sbomOf } from "./notices/sbom.ts";
import type { PackageFolders } from "./runtimes/package-folders.ts";
import { prepareServer, writeServerArchive } from "./server-archive.ts";
import { type LockedPackage, lockedPackage } from "./source/lockfile.ts";
import type { Revision } from "./source/revision.ts";
import { hostTarget, type Target } from "./targets.ts";

export interface Release {
  readonly root: string;
  readonly packages: readonly LockedPackage[];
  readonly folders: PackageFolders;
  /** Receives what is not part of the release; the caller deletes it. */
  readonly workFolder: string;
  readonly revision: Revision;
  /** Receives the files; it exists and is empty. */
  readonly folder: string;
  readonly targets: readonly Target[];
  /** Called when a file is ready. */
  readonly onFile: (name: string) => void;
}

const EXECUTABLES = [
  { ...AGENT, workspace: "@halligan/agent" },
  { ...CLI, workspace: "@halligan/cli" },
] as const;

/**
 * Builds the files of all targets, the programs at the same time.
 *
 * @throws an error that names the step
 */
export async function buildRelease(release: Release): Promise<void> {
  const host = hostTarget();
  if (host === null) throw new Error(`Bun has no build for ${process.platform}-${process.arch}: build elsewhere`);
  const { root, revision } = release;
  const bundler: Bundler = { bun: await bunOf(release, host), root, commit: revision.commit };
  await writeText(release, "LICENSE", await readFile(join(root, "LICENSE"), "utf8"));
  const executables = EXECUTABLES.map((program) => buildExecutables(release, bundler, program, host));
  // All have ended before the first error is reported, so that the caller can delete the folders.
  const results = await Promise.allSettled([...executables, buildServers(release, bundler)]);
  const failed = results.find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
}

async function bunOf({ folders }: Release, target: Target): Promise<string> {
  return join(await folders.folder(target.bunPackage), "bin", target.isWindows ? "bun.exe" : "bun");
}

async function buildExecutables(
  release: Release,
  bundler: Bundler,
  program: (typeof EXECUTABLES)[number],
  host: Target,
): Promise<void> {
  const { name } = program;
  const { packages, revision, targets } = release;
  const runtimes = targets.map(({ bunPackage }) => lockedPackage(packages, bunPackage));
  const sbom = await sbomFor(release, program.workspace, name, runtimes);
  await writeText(release, `${name}-${VERSION}.cdx.json`, sbom.json);
  await writeText(release, `${name}-${VERSION}.notices.txt`, await noticesFor(release, sbom));
  for (const target of targets) {
    const fileName = `${name}-${VERSION}-${target.name}${target.isWindows ? ".exe" : ""}`;
    const file = join(release.folder, fileName);
    await compileExecutable(bundler, program, target, await bunOf(release, target), file);
    const versionLine = `${name} ${VERSION} (${revision.commit})`;
    await checkExecutable(file, { versionLine, commit: revision.commit }, target === host);
    release.onFile(fileName);
  }
}

async function buildServers(release: Release, bundler: Bundler): Promise<void> {
  const { root, folders, revision, targets } = release;
  const bundle = await prepareServer(bundler, release.workFolder);
  const licence = await readFile(join(root, "LICENSE"), "utf8");
  const sqlite = await folders.folder("better-sqlite3");
  for (const { name, nodePackage } of targets) {
    if (nodePackage === null) continue;
    const place = `halligan-server-${VERSION}-${name}`;
    const node = await folders.folder(nodePackage);
    const runtime = lockedPackage(release.packages, nodePackage);
    const sbom = await sbomFor(release, "@halligan/server", "halligan-server", [runtime]);
    const texts = { licence, notices: await noticesFor(release, sbom), sbom: sbom.json };
    const file = join(release.folder, `${place}.tar.gz`);
    await writeServerArchive(bundle, { file, place, node, sqlite, addon: name, ...texts }, revision);
    release.onFile(`${place}.tar.gz`);
    await writeText(release, `${place}.cdx.json`, sbom.json);
  }
}

function sbomFor(release: Release, workspace: string, program: string, runtimes: LockedPackage[]): Promise<Sbom> {
  const { root, revision } = release;
  return sbomOf({ root, workspace, program, version: VERSION, revision, runtimes });
}

function noticesFor({ root, packages, folders }: Release, sbom: Sbom): Promise<string> {
  return noticesOf({ root, packages, folderOf: (name) => folders.folder(name) }, sbom.components);
}

async function writeText(release: Release, name: string, text: string): Promise<void> {
  await writeFile(join(release.folder, name), text);
  release.onFile(name);
}
