import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { promisify } from "node:util";
import { COMMANDS } from "../src/commands/index.ts";
import { call } from "./call.ts";

const run = promisify(execFile);
const folder = await mkdtemp(join(tmpdir(), "halligan-completion-"));
after(() => rm(folder, { recursive: true, force: true }));

type Shell = "bash" | "zsh" | "fish";
const scripts = new Map<Shell, string>();
for (const shell of ["bash", "zsh", "fish"] as const) {
  const { stdout, exitCode } = await call(["completion", shell], { folder, variables: {} });
  assert.equal(exitCode, 0);
  const file = join(folder, `halligan.${shell}`);
  await writeFile(file, stdout);
  scripts.set(shell, file);
}

/** What each shell itself offers for a line whose end is the cursor. */
const OFFERS: Readonly<Record<Shell, (file: string, line: string) => Promise<string[]>>> = {
  async bash(file, line) {
    const words = line.split(" ");
    const program =
      'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _halligan; printf "%s\\n" "${COMPREPLY[@]}"';
    const { stdout } = await run("bash", ["--norc", "-c", program, "bash", file, ...words]);
    return stdout.split("\n").filter((one) => one !== "");
  },
  async zsh(file, line) {
    // `_describe` needs a line editor; what it is given is what it shows.
    const program = [
      'file=$1; shift; words=("$@"); CURRENT=$#; PREFIX=$words[-1]',
      "compdef() { :; }; _files() { :; }",
      "_describe() { local list=${@[-1]}; for one in ${(P)list}; do [[ $one == $PREFIX* ]] && print -r -- ${one%%:*}; done; }",
      "source $file; _halligan; true",
    ].join("\n");
    const { stdout } = await run("zsh", ["-f", "-c", program, "zsh", file, ...line.split(" ")]);
    return stdout.split("\n").filter((one) => one !== "");
  },
  async fish(file, line) {
    const program = "source $argv[1]; complete -C $argv[2]";
    const { stdout } = await run("fish", ["--no-config", "-c", program, file, line]);
    return stdout.split("\n").flatMap((one) => (one === "" ? [] : [one.split("\t")[0] ?? ""]));
  },
};

const hasShell = async (shell: Shell): Promise<boolean> =>
  run(shell, ["-c", "true"]).then(
    () => true,
    () => false,
  );

const secondWords = (first: string): string[] =>
  COMMANDS.flatMap(({ name }) => (name.startsWith(`${first} `) ? [name.slice(first.length + 1)] : [])).toSorted();

for (const [shell, file] of scripts) {
  const skip = (await hasShell(shell)) ? false : `${shell} is not installed`;
  const offers = async (line: string) => (await OFFERS[shell](file, line)).toSorted();

  test(`${shell} completes commands, groups and options`, { skip }, async () => {
    assert.deepEqual(await offers("halligan lib"), ["library"]);
    assert.deepEqual(await offers("halligan library "), secondWords("library"));
    assert.deepEqual(await offers("halligan machines re"), ["reinstate", "release", "remove", "rename", "retire"]);
    assert.deepEqual(await offers("halligan --profile lab machines sho"), ["show"]);
    assert.ok((await offers("halligan run --")).includes("--timeout"));
    assert.ok((await offers("halligan machines --")).includes("--json"));
    assert.deepEqual(await offers("halligan library add --over"), ["--override"]);
    // fish offers options also where a value has to follow.
    assert.deepEqual(await offers("halligan cancel --max-wait --j"), shell === "fish" ? ["--json"] : []);
  });

  test(`${shell} reads every first word of the help`, { skip }, async () => {
    const words = new Set(COMMANDS.map(({ name }) => name.split(" ")[0] ?? ""));
    assert.deepEqual(await offers("halligan "), [...words, "help", "version"].toSorted());
  });
}

test("a shell without completion is refused with the names of the others", async () => {
  const { exitCode, stderr } = await call(["completion", "tcsh"], { folder, variables: {} });
  assert.equal(exitCode, 64);
  assert.match(stderr, /no completion for "tcsh".*bash, zsh, fish/s);
});
