import { createClient } from "@halligan/protocol/client";
import { pemCertificates } from "@halligan/protocol/network";
import { didYouMean } from "@halligan/protocol/text";
import type { Environment } from "../environment.ts";
import { CliError } from "../errors/cli-error.ts";
import type { CliNetwork } from "../network/cli-network.ts";
import { type Profile, profileFilePath, readProfiles } from "./profile-file.ts";
import { checkSecret, readSecretFile } from "./secret.ts";
import { checkTokenUrl, parseServerUrl, refusePlainHttp } from "./server-url.ts";

export const DEFAULT_PROFILE = "default";

/**
 * Chooses the server and the credentials: `--profile`; else the variables HALLIGAN_URL,
 * HALLIGAN_CLIENT_ID and HALLIGAN_CLIENT_SECRET (or _FILE) together; else HALLIGAN_PROFILE; else
 * the profile `default`. Refuses a server to which the secret would cross a network unencrypted.
 */
export async function chooseProfile(
  env: Environment,
  { named, allowsPlainHttp }: { named: string | undefined; allowsPlainHttp: boolean },
  signal: AbortSignal,
): Promise<Profile> {
  const fromVariables = named === undefined ? await profileFromVariables(env, allowsPlainHttp, signal) : null;
  if (fromVariables !== null) return fromVariables;
  const path = profileFilePath(env);
  const profiles = await readProfiles(path);
  const name = named ?? (env.variables.HALLIGAN_PROFILE || DEFAULT_PROFILE);
  const profile = profiles.get(name);
  if (profile !== undefined) {
    if (!allowsPlainHttp && profile.allowsPlainHttp !== true) refusePlainHttp(profile);
    if (profile.ca !== undefined) env.network.trust(pemCertificates(profile.ca));
    return profile;
  }
  if (profiles.size === 0) {
    throw new CliError(
      "configuration",
      "NoProfile",
      "Not logged in. Start with: halligan login --from FILE (administrator.json in the data " +
        "folder of the server, or the file from its administrator), or set HALLIGAN_URL, HALLIGAN_CLIENT_ID and HALLIGAN_CLIENT_SECRET.",
    );
  }
  const known = [...profiles.keys()];
  throw new CliError(
    "configuration",
    "NoProfile",
    `There is no profile "${name}".${didYouMean(name, known)} Known: ${known.join(", ")}.`,
  );
}

async function profileFromVariables(
  { variables, network }: Environment,
  allowsPlainHttp: boolean,
  signal: AbortSignal,
): Promise<Profile | null> {
  const { HALLIGAN_URL: url, HALLIGAN_CLIENT_ID: clientId } = variables;
  if (!url && !clientId) return null;
  const secret = await secretFromVariables(variables);
  if (!url || !clientId || secret === null) {
    const missing = [
      url ? "" : "HALLIGAN_URL",
      clientId ? "" : "HALLIGAN_CLIENT_ID",
      secret === null ? "HALLIGAN_CLIENT_SECRET (or HALLIGAN_CLIENT_SECRET_FILE)" : "",
    ].filter((name) => name !== "");
    throw new CliError("configuration", "IncompleteVariables", `Set ${missing.join(" and ")} too, or none of them.`);
  }
  const baseUrl = parseServerUrl(url, "HALLIGAN_URL");
  if (!allowsPlainHttp) refusePlainHttp({ baseUrl });
  const tokenUrl = await askTokenUrl(baseUrl, network, signal);
  if (!allowsPlainHttp) refusePlainHttp({ baseUrl, tokenUrl });
  return { baseUrl, tokenUrl, clientId, clientSecret: secret };
}

/** Null when neither variable is set. */
export async function secretFromVariables(variables: Environment["variables"]): Promise<string | null> {
  if (variables.HALLIGAN_CLIENT_SECRET) return checkSecret(variables.HALLIGAN_CLIENT_SECRET, "HALLIGAN_CLIENT_SECRET");
  if (variables.HALLIGAN_CLIENT_SECRET_FILE) return readSecretFile(variables.HALLIGAN_CLIENT_SECRET_FILE);
  return null;
}

/** The server itself reports the address of its token endpoint. */
export async function askTokenUrl(baseUrl: string, { fetch }: CliNetwork, signal: AbortSignal): Promise<string> {
  const noToken = { accessToken: () => Promise.reject(new Error("info needs no token")) };
  const { tokenUrl } = await createClient({ baseUrl, credentials: noToken, fetch }).info({ signal });
  return checkTokenUrl(tokenUrl, baseUrl);
}
