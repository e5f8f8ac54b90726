import { readdir, readFile } from "node:fs/promises";
import { join, posix, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** The sources of all packages and what they import, as the tests about the structure read them. */

const PACKAGES = fileURLToPath(new URL("../../../", import.meta.url));

export interface SourceFile {
  /** Relative to `packages/`, with forward slashes. */
  readonly path: string;
  readonly text: string;
  /** As written. */
  readonly imports: readonly string[];
}

const IMPORT = /^(?:import|export)\b(?:[^;"]*?\bfrom)?\s+"([^"]+)"|\bimport\(\s*"([^"]+)"/gm;

export const importsIn = (text: string): string[] =>
  [...text.matchAll(IMPORT)].map(([, named, called]) => named ?? called ?? "");

/** Every TypeScript file below `folder`, which is relative to `packages/`. */
export async function sources(folder: string): Promise<SourceFile[]> {
  const names = await readdir(join(PACKAGES, folder), { recursive: true });
  const files = names.filter((name) => name.endsWith(".ts")).map((name) => join(PACKAGES, folder, name));
  return Promise.all(
    files.sort().map(async (file) => {
      const text = await readFile(file, "utf8");
      return { path: relative(PACKAGES, file).replaceAll("\\", "/"), text, imports: importsIn(text) };
    }),
  );
}

/** Names of the packages that have sources. */
export async function packageNames(): Promise<string[]> {
  const names = await readdir(PACKAGES);
  const found = await Promise.all(
    names.map(async (name) => {
      const entries: string[] = await readdir(join(PACKAGES, name)).catch(() => []);
      return entries.includes("src");
    }),
  );
  return names.filter((_, index) => found[index]);
}

/**
 * The file that a relative import leads to, relative to `packages/`; null for the import of a
 * package.
 */
export const targetOf = (file: Pick<SourceFile, "path">, specifier: string): string | null =>
  specifier.startsWith(".") ? posix.join(posix.dirname(file.path), specifier) : null;

/** What each node leads to. */
export type Graph = ReadonlyMap<string, ReadonlySet<string>>;

/** Imports between the files themselves. */
export function fileGraph(files: readonly SourceFile[]): Graph {
  return new Map(
    files.map((file) => [
      file.path,
      new Set(file.imports.map((one) => targetOf(file, one)).filter((target) => target !== null)),
    ]),
  );
}

/**
 * Imports between the entries of one folder: its files, and its folders with all that is below
 * them. A folder and a file next to it may not import each other either.
 */
export function entryGraph(files: Graph, folder: string): Graph {
  const entryOf = (path: string) =>
    path.startsWith(`${folder}/`) ? posix.join(folder, path.slice(folder.length + 1).split("/")[0] ?? "") : null;
  const graph = new Map<string, Set<string>>();
  for (const [path, targets] of files) {
    const from = entryOf(path);
    if (from === null) continue;
    const known = graph.get(from) ?? new Set<string>();
    graph.set(from, known);
    for (const target of targets) {
      const to = entryOf(target);
      if (to !== null && to !== from) known.add(to);
    }
  }
  return graph;
}

/** Every folder that has files below it. */
export function foldersOf(files: Graph): string[] {
  const folders = new Set<string>();
  for (const path of files.keys()) {
    for (let folder = posix.dirname(path); folder !== "."; folder = posix.dirname(folder)) folders.add(folder);
  }
  return [...folders].sort();
}

/** One cycle as the nodes on it, the first one again at the end, or null. */
export function cycleIn(graph: Graph): string[] | null {
  const done = new Set<string>();
  const onPath: string[] = [];
  const visit = (node: string): string[] | null => {
    const at = onPath.indexOf(node);
    if (at >= 0) return [...onPath.slice(at), node];
    if (done.has(node)) return null;
    onPath.push(node);
    for (const next of graph.get(node) ?? []) {
      const found = visit(next);
      if (found) return found;
    }
    onPath.pop();
    done.add(node);
    return null;
  };
  for (const node of graph.keys()) {
    const found = visit(node);
    if (found) return found;
  }
  return null;
}

/** The imports from what is below `from` to what is below `to`, for the message of a failure. */
export function importsBetween(files: Graph, from: string, to: string): string[] {
  const isIn = (path: string, entry: string) => path === entry || path.startsWith(`${entry}/`);
  return [...files]
    .filter(([path]) => isIn(path, from))
    .flatMap(([path, targets]) => [...targets].filter((one) => isIn(one, to)).map((one) => `${path} imports ${one}`));
}
