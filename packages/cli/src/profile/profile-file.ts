import { randomUUID } from "node:crypto";
import { mkdir, open, rename, stat, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errorCode } from "@halligan/protocol/errors";
import { type Static, Type } from "typebox";
import { Check } from "typebox/value";
import type { Environment } from "../environment.ts";
import { CliError } from "../errors/cli-error.ts";
import { localFileError } from "../errors/local-file-error.ts";

const closed = { additionalProperties: false } as const;

export const Profile = Type.Object(
  {
    baseUrl: Type.String(),
    tokenUrl: Type.String(),
    clientId: Type.String(),
    clientSecret: Type.String(),
    /** Certificate authorities in PEM that are trusted in addition to the system's. */
    ca: Type.Optional(Type.String()),
    /** It was logged in with --allow-plain-http. */
    allowsPlainHttp: Type.Optional(Type.Boolean()),
  },
  closed,
);
export type Profile = Static<typeof Profile>;

const ProfileFile = Type.Object({ version: Type.Literal(1), profiles: Type.Record(Type.String(), Profile) }, closed);
type ProfileFile = Static<typeof ProfileFile>;

/**
 * `$HALLIGAN_CONFIG` is the file itself; else `halligan/profiles.json` where configuration lives.
 */
export function profileFilePath({ variables, homeFolder }: Environment): string {
  if (variables.HALLIGAN_CONFIG) return variables.HALLIGAN_CONFIG;
  return join(variables.XDG_CONFIG_HOME || join(homeFolder, ".config"), "halligan", "profiles.json");
}

/**
 * A missing file means no profiles. Throws CliError `configuration` when the file is broken, or
 * when others can read or replace it.
 */
export async function readProfiles(path: string): Promise<Map<string, Profile>> {
  let text: string;
  try {
    await using file = await open(path, "r");
    // The open file is looked at, not its name: the name could be given to another file in between.
    const { mode, uid, size } = await file.stat();
    refuseUnsafe(path, mode, uid);
    if (size > MAX_FILE_BYTES) throw broken(path, "it is far too large");
    text = await file.readFile("utf8");
  } catch (error) {
    if (isMissing(error)) return new Map();
    throw localFileError(path, error);
  }
  await refuseUnsafeFolder(dirname(path));
  return new Map(Object.entries(parseProfiles(path, text).profiles));
}

/**
 * Adds or replaces one profile. The file is 0600 in a folder that is made 0700, and changes in one
 * step.
 */
export async function saveProfile(path: string, name: string, profile: Profile): Promise<void> {
  const profiles = await readProfiles(path);
  profiles.set(name, profile);
  const content: ProfileFile = { version: 1, profiles: Object.fromEntries(profiles) };
  await mkdir(dirname(path), { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw localFileError(dirname(path), error);
  });
  await refuseUnsafeFolder(dirname(path));
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    await using file = await open(temporary, "wx", 0o600);
    await file.writeFile(`${JSON.stringify(content, null, 2)}\n`);
    await file.sync();
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw localFileError(path, error);
  }
}

const MAX_FILE_BYTES = 1_048_576;

function parseProfiles(path: string, text: string): ProfileFile {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw broken(path, "it is not JSON");
  }
  if (!Check(ProfileFile, value)) throw broken(path, "it does not have the expected form");
  return value;
}

function broken(path: string, why: string): CliError {
  return new CliError(
    "configuration",
    "BrokenProfileFile",
    `${path} cannot be used: ${why}. Delete it and log in again.`,
  );
}

/** Windows has no such bits: the folder of the user is private there by its access list. */
const HAS_MODES = process.platform !== "win32";

function refuseUnsafe(path: string, mode: number, uid: number): void {
  if (!HAS_MODES) return;
  if ((mode & 0o077) !== 0) {
    throw new CliError(
      "configuration",
      "UnsafeProfileFile",
      `${path} holds secrets and others can read it (mode ${(mode & 0o777).toString(8)}). ` +
        `Make it private with: chmod 600 ${shellWord(path)} - and change the secret if others may have read it.`,
    );
  }
  const ownUid = process.getuid?.() ?? uid;
  if (uid !== ownUid && ownUid !== 0) {
    throw new CliError("configuration", "UnsafeProfileFile", `${path} belongs to another user (uid ${uid}); not used.`);
  }
}

const STICKY = 0o1000;

async function refuseUnsafeFolder(folder: string): Promise<void> {
  if (!HAS_MODES) return;
  const { mode } = await stat(folder);
  if ((mode & 0o022) === 0 || (mode & STICKY) !== 0) return;
  throw new CliError(
    "configuration",
    "UnsafeProfileFolder",
    `Others can replace files in ${folder} (mode ${(mode & 0o777).toString(8)}). Make it private with: chmod 700 ${shellWord(folder)}`,
  );
}

function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function isMissing(error: unknown): boolean {
  return errorCode(error) === "ENOENT";
}
