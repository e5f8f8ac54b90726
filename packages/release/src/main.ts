/**
 * The command `npm run release`. Exit codes: 0 built, 1 failed, 2 a wrong command line, as for the
 * other commands of npm.
 */
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { OutFolder } from "./out-folder.ts";
import { buildRelease } from "./release.ts";
import { ROOT } from "./repository.ts";
import { PackageFolders } from "./runtimes/package-folders.ts";
import { lockedPackages } from "./source/lockfile.ts";
import { revisionOf } from "./source/revision.ts";
import { SUMS_FILE, writeChecksums } from "./sums/checksums.ts";
import { signFile } from "./sums/sign.ts";
import { TARGETS, targetsNamed } from "./targets.ts";

const EXIT_USAGE = 2;

const HELP = `usage: npm run release [-- OPTION...]

Builds halligan-agent, halligan and halligan-server from this checkout: the same commit gives the same bytes.

  --only NAME       only for this system; can be repeated (${TARGETS.map(({ name }) => name).join(", ")})
  --out DIR         folder of the files; an earlier release in it is replaced (default: dist)
  --sign-key FILE   sign ${SUMS_FILE} with this SSH key (a private key, or a public one whose private half an agent has)
  --help
`;

interface Options {
  only: readonly string[];
  out: string;
  signKey: string | null;
}

/** Null for `--help`. Throws for what is no option. */
function readOptions(argv: readonly string[]): Options | null {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      only: { type: "string", multiple: true },
      out: { type: "string" },
      "sign-key": { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) return null;
  targetsNamed(values.only ?? []);
  const { only = [], out = join(ROOT, "dist"), "sign-key": signKey } = values;
  return { only, out, signKey: signKey === undefined ? null : resolve(signKey) };
}

async function run(options: Options): Promise<void> {
  await using out = await OutFolder.prepare(options.out);
  await using undo = new AsyncDisposableStack();
  const workFolder = await mkdtemp(join(tmpdir(), "halligan-release-"));
  undo.defer(() => rm(workFolder, { recursive: true, force: true }));
  const revision = await revisionOf(ROOT);
  const packages = await lockedPackages(ROOT);
  const folders = new PackageFolders(ROOT, packages, workFolder);
  const names: string[] = [];
  const onFile = (name: string) => {
    names.push(name);
    process.stderr.write(`${name}\n`);
  };
  const parts = { root: ROOT, packages, folders, workFolder, revision, targets: targetsNamed(options.only) };
  await buildRelease({ ...parts, folder: out.path, onFile });
  const sums = await writeChecksums(out.path);
  if (options.signKey !== null) await signFile(sums, options.signKey, ROOT);
  let totalBytes = 0;
  for (const name of names) totalBytes += (await stat(join(out.path, name))).size;
  await out.finish();
  process.stdout.write(
    `${names.length} files of ${revision.commit}, ${Math.round(totalBytes / 1e6)} MB, in ${options.out}\n`,
  );
}

let options: Options | null = null;
try {
  options = readOptions(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`release: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(EXIT_USAGE);
}
if (options === null) {
  process.stdout.write(HELP);
} else {
  try {
    await run(options);
  } catch (error) {
    process.stderr.write(`release: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
