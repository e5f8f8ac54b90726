import { access, constants, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { errorCode } from "@halligan/protocol/errors";
import { type Config, ConfigError } from "../config/config.ts";

/** A file or folder that accounts other than the server's can use, and the mode that closes it. */
export interface OpenPath {
  readonly path: string;
  readonly mode: number;
  readonly closedMode: "600" | "640" | "700" | "755";
}

const OTHERS = 0o077;
const OTHERS_WRITE = 0o022;
/**
 * PostgreSQL's rule for keys: a group may read a key that belongs to root, such as `ssl-cert` under
 * Debian or `fsGroup` under Kubernetes.
 */
const OTHERS_OF_ROOTS_KEY = 0o037;

/**
 * Refuses to start if other accounts can read or replace the deployment's secrets. The modes are
 * never changed silently: an open file may have been read, and the operator must judge that. Modes
 * mean nothing on Windows.
 */
export async function refuseOpenModes({ dataDir, keysDir, makesKeys }: Config): Promise<void> {
  if (process.platform === "win32") return;
  const found = [
    await openPath(dataDir, OTHERS, "700"),
    ...(makesKeys ? await openOwnKeys(keysDir) : await openGivenKeys(keysDir)),
    ...(await openOwnFiles(dataDir)),
  ].filter((one) => one !== null);
  if (found.length > 0) throw new ConfigError(openModesText(found));
}

/**
 * Checks a key that others created, such as that of the certificate. Returns a sentence if
 * unintended accounts can use it, else null.
 */
export async function openKeyFault(file: string): Promise<string | null> {
  if (process.platform === "win32") return null;
  const found = await openGivenKey(file);
  return found && openModesText([found]);
}

export function openModesText(paths: readonly OpenPath[]): string {
  const named = paths.map(({ path, mode }) => `${path} (mode ${mode.toString(8).padStart(4, "0")})`).join(", ");
  const lines = paths.map(({ path, closedMode }) => `  chmod ${closedMode} ${shellWord(path)}`);
  return (
    `other accounts of this machine can read or replace ${named}. Close what is open, and replace each key that another account ` +
    `may have read:\n${lines.join("\n")}`
  );
}

async function openOwnKeys(folder: string): Promise<(OpenPath | null)[]> {
  const files = await filesIn(folder);
  return [
    await openPath(folder, OTHERS, "700"),
    ...(await Promise.all(files.map((file) => openPath(file, OTHERS, "600")))),
  ];
}

/**
 * The folder may be readable, because each key in it has its own mode. A read-only mount, such as a
 * Kubernetes secret, is safe.
 */
async function openGivenKeys(folder: string): Promise<(OpenPath | null)[]> {
  const writable = await openPath(folder, OTHERS_WRITE, "755");
  const isReadOnly = writable !== null && (await isReadOnlyMount(folder));
  return [isReadOnly ? null : writable, ...(await Promise.all((await filesIn(folder)).map(openGivenKey)))];
}

/** The database with SQLite's additional files, and the administrator's credentials. */
async function openOwnFiles(dataDir: string): Promise<(OpenPath | null)[]> {
  const names = await readdir(dataDir).catch(noNames);
  const secret = names.filter((name) => name.startsWith("halligan.db") || name.startsWith("administrator.json"));
  return Promise.all(secret.toSorted().map((name) => openPath(join(dataDir, name), OTHERS, "600")));
}

async function openGivenKey(file: string): Promise<OpenPath | null> {
  const found = await statOf(file);
  if (!found) return null;
  return found.uid === 0 ? openPath(file, OTHERS_OF_ROOTS_KEY, "640") : openPath(file, OTHERS, "600");
}

async function openPath(path: string, forbidden: number, closedMode: OpenPath["closedMode"]): Promise<OpenPath | null> {
  const found = await statOf(path);
  if (!found || (found.mode & forbidden) === 0) return null;
  return { path, mode: found.mode & 0o7777, closedMode };
}

/**
 * Missing files are created with closed modes later. Links are followed, because the mode of their
 * target counts.
 */
const statOf = (path: string) => stat(path).catch(() => null);

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const files = entries.filter(
    (entry) => (entry.isFile() || entry.isSymbolicLink()) && /\.(pem|key)$/.test(entry.name),
  );
  return files.map(({ name }) => join(folder, name)).toSorted();
}

const noNames = (): string[] => [];

/** Even root gets EROFS. */
async function isReadOnlyMount(folder: string): Promise<boolean> {
  try {
    await access(folder, constants.W_OK);
    return false;
  } catch (cause) {
    return errorCode(cause) === "EROFS";
  }
}

/** Quoted as a word of a POSIX shell, so that the printed line can be pasted. */
const shellWord = (text: string): string => (/^[\w./+:@%-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);
