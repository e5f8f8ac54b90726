import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** Files of the repository as the tests about documents read them. */

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));

const NOT_OURS = new Set(["node_modules", ".git", ".tmp", "dist", "coverage"]);

export interface TextFile {
  /** From the root of the repository, with forward slashes. */
  path: string;
  text: string;
}

async function pathsBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const paths = await Promise.all(
    entries
      .filter((entry) => !NOT_OURS.has(entry.name))
      .map((entry) => {
        const path = join(folder, entry.name);
        if (entry.isDirectory()) return pathsBelow(path);
        return entry.isFile() ? [path] : [];
      }),
  );
  return paths.flat();
}

/** Every file of the repository that can be the target of a reference. */
export async function allPaths(): Promise<string[]> {
  return (await pathsBelow(ROOT)).map((path) => relative(ROOT, path).replaceAll("\\", "/")).sort();
}

export async function filesEndingIn(...endings: string[]): Promise<TextFile[]> {
  const paths = (await allPaths()).filter((path) => endings.some((ending) => path.endsWith(ending)));
  return Promise.all(paths.map(async (path) => ({ path, text: await readFile(join(ROOT, path), "utf8") })));
}

/** Markdown without the lines of code blocks, which keep their line numbers as empty lines. */
export function withoutCodeBlocks(markdown: string): string {
  let inside = false;
  return markdown
    .split("\n")
    .map((line) => {
      if (/^\s*```/.test(line)) {
        inside = !inside;
        return "";
      }
      return inside ? "" : line;
    })
    .join("\n");
}

/** The fragment that a heading gets on GitHub. */
function fragmentOf(heading: string): string {
  const text = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").trim();
  return text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, "")
    .replaceAll(" ", "-");
}

/**
 * Every fragment of a document: its headings, a repeated one with a number, and its `<a id="...">`.
 */
export function fragmentsOf(markdown: string): Set<string> {
  const text = withoutCodeBlocks(markdown);
  const fragments = new Set<string>();
  for (const [, heading = ""] of text.matchAll(/^#{1,6} +(.+?)\s*$/gm)) {
    const fragment = fragmentOf(heading);
    let free = fragment;
    for (let number = 1; fragments.has(free); number++) free = `${fragment}-${number}`;
    fragments.add(free);
  }
  for (const [, id = ""] of text.matchAll(/<a id="([^"]+)">/g)) fragments.add(id);
  return fragments;
}
