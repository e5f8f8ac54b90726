import { lstat, unlink } from "node:fs/promises";
import { resolve } from "node:path";
import { CredentialsFile } from "@halligan/protocol/api";
import { createClient } from "@halligan/protocol/client";
import { errorCode } from "@halligan/protocol/errors";
import { readAuthorityFile } from "@halligan/protocol/network";
import { Check } from "typebox/value";
import type { CommandContext, CommandDefinition } from "../../command.ts";
import { CliError, UsageError } from "../../errors/cli-error.ts";
import { localFileError, readSmallFile } from "../../errors/local-file-error.ts";
import { askTokenUrl, DEFAULT_PROFILE, secretFromVariables } from "../../profile/choose-profile.ts";
import { type Profile, profileFilePath, saveProfile } from "../../profile/profile-file.ts";
import { readSecretFile, readSecretFromStdin } from "../../profile/secret.ts";
import { checkTokenUrl, parseServerUrl, refusePlainHttp } from "../../profile/server-url.ts";
import { harmlessText } from "../../render/text/harmless.ts";

const MAX_CREDENTIALS_BYTES = 65_536;

export const login: CommandDefinition = {
  usage: "(--from FILE | --server URL --client-id ID)",
  details: [
    "The secret comes from --secret-file, else from HALLIGAN_CLIENT_SECRET or HALLIGAN_CLIENT_SECRET_FILE, else from " +
      "standard input (asked for on a terminal); never from an argument.",
    "Profiles are kept in $HALLIGAN_CONFIG, else in halligan/profiles.json under $XDG_CONFIG_HOME or ~/.config, readable " +
      "by you alone.",
  ],
  options: {
    from: {
      type: "string",
      placeholder: "FILE",
      help: "the credentials file: administrator.json in the server's data folder; it is removed once the profile is kept",
    },
    "keep-file": { type: "boolean", help: "leave the file of --from where it is" },
    server: { type: "string", placeholder: "URL", help: "the server's address" },
    "client-id": { type: "string", placeholder: "ID", help: "the application" },
    "secret-file": { type: "string", placeholder: "FILE", help: "a file with the secret" },
    ca: {
      type: "string",
      placeholder: "FILE",
      help: "trust this certificate authority (PEM) for this profile, in addition to the system's store",
    },
  },
  positionals: { min: 0, max: 0 },
  examples: [
    "halligan login --from /var/lib/halligan/administrator.json",
    "halligan login --profile lab --server https://halligan.example:8443 --client-id 0b7f2c56-77a5-4a0e-9f0e-1d2c3b4a5968",
  ],
  jsonShape:
    "{profile: {name, baseUrl, clientId, file}, notRemoved?}; notRemoved: a file of --from that still holds the secret",
  async run(context) {
    const { args, env, signal } = context;
    const name = args.text("profile") ?? (env.variables.HALLIGAN_PROFILE || DEFAULT_PROFILE);
    if (!/^[\w.-]{1,64}$/.test(name))
      throw new UsageError('A profile name has letters, digits, "-", "_" and "." only.');
    const authorities = readAuthorities(context);
    const allowsPlainHttp = args.flag("allow-plain-http");
    const profile: Profile = {
      ...(await profileFromArguments(context)),
      ...(authorities && { ca: authorities.join("") }),
      ...(allowsPlainHttp && { allowsPlainHttp }),
    };
    if (!allowsPlainHttp) refusePlainHttp(profile);
    await createClient({ baseUrl: profile.baseUrl, credentials: profile, fetch: env.network.fetch }).verifyCredentials({
      signal,
    });
    const file = profileFilePath(env);
    await saveProfile(file, name, profile);
    const { baseUrl, clientId } = profile;
    const left = args.flag("keep-file") ? null : await removeCredentialsFile(context);
    return {
      json: { profile: { name, baseUrl, clientId, file }, ...(left && { notRemoved: left.file }) },
      text: `Logged in to ${baseUrl} as ${clientId}; profile "${name}" in ${file}\n`,
      ...(left && { notes: harmlessText(`${left.text}\n`) }),
    };
  },
};

async function profileFromArguments(context: CommandContext): Promise<Profile> {
  const { args, env, signal } = context;
  const from = args.text("from");
  const server = args.text("server");
  const clientId = args.text("client-id");
  const secretFile = args.text("secret-file");
  if (from !== undefined) {
    if (server !== undefined || clientId !== undefined || secretFile !== undefined) {
      throw new UsageError("--from has all that is needed; leave --server, --client-id and --secret-file out.");
    }
    return readCredentialsFile(resolve(env.currentFolder, from));
  }
  if (server === undefined || clientId === undefined) {
    throw new UsageError("Give --from FILE, or both --server URL and --client-id ID.");
  }
  const baseUrl = parseServerUrl(server, "--server");
  if (!args.flag("allow-plain-http")) refusePlainHttp({ baseUrl });
  const clientSecret =
    secretFile !== undefined
      ? await readSecretFile(resolve(env.currentFolder, secretFile))
      : ((await secretFromVariables(env.variables)) ?? (await readSecretFromStdin(env, signal)));
  return { baseUrl, tokenUrl: await askTokenUrl(baseUrl, env.network, signal), clientId, clientSecret };
}

/**
 * Removes the file of `--from`, so that the profile is the only place with the secret. Null when
 * the file is gone or is no file, such as a pipe. A failure does not fail the login.
 */
async function removeCredentialsFile({ args, env }: CommandContext): Promise<{ file: string; text: string } | null> {
  const from = args.text("from");
  if (from === undefined) return null;
  const file = resolve(env.currentFolder, from);
  try {
    if ((await lstat(file)).isFile()) await unlink(file);
    return null;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return null;
    const reason = localFileError(file, error);
    return {
      file,
      text: `The secret still lies in ${file}, too, which could not be removed; remove it. ${reason instanceof Error ? reason.message : ""}`,
    };
  }
}

/** Trusted from now on; null where none is named. */
function readAuthorities({ args, env }: CommandContext): string[] | null {
  const file = args.text("ca");
  if (file === undefined) return null;
  try {
    const authorities = readAuthorityFile(resolve(env.currentFolder, file), "--ca");
    env.network.trust(authorities);
    return authorities;
  } catch (error) {
    throw new CliError("localFile", "BadAuthorityFile", error instanceof Error ? error.message : String(error), {
      cause: error,
    });
  }
}

async function readCredentialsFile(path: string): Promise<Profile> {
  const text = await readSmallFile(path, MAX_CREDENTIALS_BYTES);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (!Check(CredentialsFile, value)) {
    throw new CliError(
      "configuration",
      "BrokenCredentialsFile",
      `${path} is not a credentials file of halligan-server. Such a file is administrator.json in the server's data folder.`,
    );
  }
  const baseUrl = parseServerUrl(value.baseUrl, `baseUrl in ${path}`);
  const { clientId, clientSecret } = value;
  return { baseUrl, tokenUrl: checkTokenUrl(value.tokenUrl, baseUrl), clientId, clientSecret };
}
