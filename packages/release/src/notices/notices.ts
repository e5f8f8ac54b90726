import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { LockedPackage } from "../source/lockfile.ts";
import type { Component } from "./sbom.ts";

export interface NoticeSource {
  readonly root: string;
  readonly packages: readonly LockedPackage[];
  /** The folder of a runtime's package, which is not always installed. */
  readonly folderOf: (name: string) => Promise<string>;
}

const RULE = `${"-".repeat(80)}\n`;
const LICENCE_FILE = /^(?:licen[cs]e|copying|notice)/i;
const TEXTS = new URL("../../notices/", import.meta.url);
const INTRODUCTION =
  "Halligan is licensed under the Apache License 2.0. It contains the software below, each part under its own\n" +
  "licence.\n";

/**
 * The licence texts of all components from elsewhere. Where a package ships no text, its manifest
 * is quoted, with the text of the licence that it names. Bun's packages ship none, and Bun contains
 * parts under the LGPL: their texts are in `notices/`.
 */
export async function noticesOf(source: NoticeSource, components: readonly Component[]): Promise<string> {
  const sections: string[] = [INTRODUCTION];
  let hasBun = false;
  for (const { name, version } of components) {
    const locked = source.packages.find((one) => one.name === name && one.version === version);
    if (!locked) continue;
    if (name.startsWith("@oven/bun-")) {
      hasBun = true;
      continue;
    }
    sections.push(section(`${name} ${version}`, await textsOf(locked, await folderOf(source, locked))));
  }
  if (hasBun) {
    const [bun, ...lgpl] = await Promise.all(["bun.txt", "LGPL-2.txt", "LGPL-2.1.txt"].map(ownText));
    sections.push(section("Bun", bun ?? ""), section("GNU LGPL, version 2", lgpl[0] ?? ""));
    sections.push(section("GNU LGPL, version 2.1", lgpl[1] ?? ""));
  }
  return sections.join("");
}

const section = (title: string, text: string): string => `\n${RULE}${title}\n${RULE}\n${text.trimEnd()}\n`;
const ownText = (name: string): Promise<string> => readFile(new URL(name, TEXTS), "utf8");

function folderOf(source: NoticeSource, { name, path }: LockedPackage): Promise<string> | string {
  return /^node-(?:linux|win|bin-darwin)-/.test(name) ? source.folderOf(name) : join(source.root, path);
}

async function textsOf({ name, license }: LockedPackage, folder: string): Promise<string> {
  const files = (await readdir(folder)).filter((file) => LICENCE_FILE.test(file)).toSorted();
  if (files.length > 0) {
    const texts = await Promise.all(files.map((file) => readFile(join(folder, file), "utf8")));
    return texts.map((text) => text.replaceAll("\r\n", "\n")).join(`\n${RULE}\n`);
  }
  const said = `The package ships no licence text. Its manifest names the licence ${license}.\n`;
  if (license === "Apache-2.0") return `${said}Its text is in the file LICENSE of Halligan.\n`;
  if (license === "MIT") return `${said}\nCopyright (c) the authors of ${name}\n\n${await ownText("MIT.txt")}`;
  throw new Error(`${name} ships no licence text, and notices/ has none for ${license}`);
}
