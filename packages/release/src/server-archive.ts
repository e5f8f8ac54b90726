import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { filesBelow } from "./archive/files-below.ts";
import { LAUNCHER } from "./archive/launcher.ts";
import type { ArchiveFile } from "./archive/tar.ts";
import { writeArchive } from "./archive/write-archive.ts";
import type { Bundler } from "./build/bundler.ts";
import { bundleServer } from "./build/server-bundle.ts";
import type { Revision } from "./source/revision.ts";

export interface ServerArchive {
  /** The file to write. */
  readonly file: string;
  /** The one folder at the root of the archive. */
  readonly place: string;
  /** Folders of the packages. */
  readonly node: string;
  readonly sqlite: string;
  /** Name of the addon in better-sqlite3, such as `linux-x64`. */
  readonly addon: string;
  readonly licence: string;
  readonly notices: string;
  readonly sbom: string;
}

/** Bundles the server once, for archives of all systems. Returns the bundle's folder. */
export async function prepareServer(bundler: Bundler, workFolder: string): Promise<string> {
  const folder = join(workFolder, "server");
  await mkdir(folder);
  await bundleServer(bundler, folder);
  return folder;
}

/**
 * The server with its own Node and its prebuilt addon: the target needs no npm, no compiler and no
 * registry.
 */
export async function writeServerArchive(bundle: string, archive: ServerArchive, revision: Revision): Promise<void> {
  const { place, node, sqlite, addon } = archive;
  const text = (path: string, content: string, isExecutable = false): ArchiveFile => ({
    path: `${place}/${path}`,
    isExecutable,
    content: Buffer.from(content),
  });
  const copied = (path: string, file: string, isExecutable = false): ArchiveFile => ({
    path: `${place}/${path}`,
    isExecutable,
    content: { file },
  });
  const addonFolder = "lib/server/node_modules/better-sqlite3";
  const files = [
    text("bin/halligan-server", LAUNCHER, true),
    text("lib/server/package.json", '{ "type": "module" }\n'),
    text("LICENSE", archive.licence),
    text("THIRD-PARTY-NOTICES.txt", archive.notices),
    text("sbom.cdx.json", archive.sbom),
    copied("lib/node", join(node, "bin/node"), true),
    copied(`${addonFolder}/package.json`, join(sqlite, "package.json")),
    copied(`${addonFolder}/prebuilds/${addon}.node`, join(sqlite, "prebuilds", `${addon}.node`)),
    ...(await filesBelow(join(sqlite, "lib"), `${place}/${addonFolder}/lib`)),
    ...(await filesBelow(bundle, `${place}/lib/server`)),
  ];
  await writeArchive(archive.file, files, revision.timeSeconds);
}
