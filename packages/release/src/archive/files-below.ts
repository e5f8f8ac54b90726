import { readdir, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import type { ArchiveFile } from "./tar.ts";

/** Every file below `folder`, as a file below `place` of an archive. */
export async function filesBelow(folder: string, place: string): Promise<ArchiveFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return await Promise.all(
    files.map(async (file) => ({
      path: `${place}/${relative(folder, file).replaceAll(sep, "/")}`,
      isExecutable: ((await stat(file)).mode & 0o100) !== 0,
      content: { file },
    })),
  );
}
