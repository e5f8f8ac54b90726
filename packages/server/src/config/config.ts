import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { uncheckedTlsFault } from "@halligan/protocol/network";
import { parseRunAsUsers } from "./run-as-users.ts";
import { SECRET_SETTINGS } from "./secret-settings.ts";
import {
  environmentName,
  type LimitsProfile,
  NUMBER_SETTINGS,
  type NumberRule,
  type NumberSettings,
} from "./settings.ts";
import { parseTenantNames } from "./tenant-names.ts";

/**
 * All settings of this server that are not secret. Built once; no other code reads the environment.
 */
export interface Config {
  /**
   * Absolute. Contains the database, the blobs, the keys and the first administrator's credentials.
   */
  dataDir: string;
  listen: { host: string; port: number };
  /** Files of the certificate and key when this process ends TLS. */
  tls: { certFile: string; keyFile: string } | null;
  /** A proxy in front ends TLS. */
  tlsEndsAtProxy: boolean;
  /**
   * Addresses and CIDR ranges of the proxies in front, as `http/edge/admission/client-address.ts`
   * reads them.
   */
  trustProxy: string;
  /**
   * The URL under which clients reach the server: absolute, without a final slash. Result links and
   * tokens contain it.
   */
  publicUrl: string;
  /** Further names of the tenant in paths of the token endpoints, in lower case. */
  tenantNames: readonly string[];
  logLevel: string;
  /** Absolute; `oidc-issuers.ts` reads it. Null: no outside issuer is trusted. */
  oidcIssuersFile: string | null;
  /** The location of the bytes, parsed by `blobs/blob-location.ts`. */
  blobs: string;
  /** Absolute. The folder of the keys; with several nodes it has the same keys on each. */
  keysDir: string;
  /**
   * True: keys are created at the first start. False: the folder was configured, and the keys must
   * exist.
   */
  makesKeys: boolean;
  /**
   * `direct`: result links lead straight to object storage, with the deviations that
   * docs/conformance.md names.
   */
  resultLinks: "stream" | "direct";
  /** `domain/identity/policy.ts` explains each choice. */
  policy: PolicySettings;
  /** The users of a device as whom scripts may run. */
  runAsUsers: "any" | readonly string[];
  numbers: NumberSettings;
}

export interface PolicySettings {
  grants: "held" | "any";
  unknownLibraryFiles: "accept" | "refuse";
  libraryApproval: boolean;
}

/** A mistake in the settings. The message is all that the operator needs. */
export class ConfigError extends Error {
  override readonly name: string = "ConfigError";
}

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Settings by their environment names. An unknown `HALLIGAN_*` is refused, because a misspelt limit
 * would not be a limit.
 */
export function readConfig(env: Environment): Config {
  refuseUnknown(env);
  const tlsFault = uncheckedTlsFault(env);
  if (tlsFault !== null) throw new ConfigError(tlsFault);
  const tls = readTls(env);
  const listen = parseListen(env.HALLIGAN_LISTEN ?? "127.0.0.1:8780");
  const tlsEndsAtProxy = parseFlag(env, "HALLIGAN_TLS_ENDS_AT_PROXY");
  refuseOpenPlainHttp(listen, tls, tlsEndsAtProxy);
  const profile = parseChoice(env, "HALLIGAN_LIMITS_PROFILE", ["defender", "open"], "defender");
  const dataDir = resolve(env.HALLIGAN_DATA_DIR ?? defaultDataDir());
  return {
    dataDir,
    blobs: env.HALLIGAN_BLOBS ?? join(dataDir, "blobs"),
    keysDir: resolve(env.HALLIGAN_KEYS_DIR ?? join(dataDir, "keys")),
    makesKeys: env.HALLIGAN_KEYS_DIR === undefined,
    resultLinks: parseChoice(env, "HALLIGAN_RESULT_LINKS", ["stream", "direct"], "stream"),
    listen,
    tls,
    tlsEndsAtProxy,
    trustProxy: env.HALLIGAN_TRUST_PROXY ?? "",
    publicUrl: env.HALLIGAN_PUBLIC_URL === undefined ? urlOf(listen, tls) : parsePublicUrl(env.HALLIGAN_PUBLIC_URL),
    tenantNames: readTenantNames(env.HALLIGAN_TENANT_NAMES ?? ""),
    oidcIssuersFile: env.HALLIGAN_OIDC_ISSUERS_FILE === undefined ? null : resolve(env.HALLIGAN_OIDC_ISSUERS_FILE),
    logLevel: parseLogLevel(env.HALLIGAN_LOG_LEVEL ?? "info"),
    policy: readPolicy(env, profile),
    runAsUsers: readRunAsUsers(env.HALLIGAN_RUN_AS_USERS ?? "any"),
    numbers: readNumbers(env, profile),
  };
}

const TEXT_SETTINGS = [
  "HALLIGAN_DATA_DIR",
  "HALLIGAN_LISTEN",
  "HALLIGAN_TLS_CERT_FILE",
  "HALLIGAN_TLS_KEY_FILE",
  "HALLIGAN_TLS_ENDS_AT_PROXY",
  "HALLIGAN_TRUST_PROXY",
  "HALLIGAN_PUBLIC_URL",
  "HALLIGAN_TENANT_NAMES",
  "HALLIGAN_LOG_LEVEL",
  "HALLIGAN_LIMITS_PROFILE",
  "HALLIGAN_OIDC_ISSUERS_FILE",
  "HALLIGAN_BLOBS",
  "HALLIGAN_KEYS_DIR",
  "HALLIGAN_RESULT_LINKS",
  "HALLIGAN_GRANTS",
  "HALLIGAN_UNKNOWN_LIBRARY_FILES",
  "HALLIGAN_LIBRARY_APPROVAL",
  "HALLIGAN_RUN_AS_USERS",
];

/** Names of the agent, the command line and enrollment, which may be in the same environment. */
const OTHER_PROGRAMS =
  /^HALLIGAN_(AGENT_|URL$|CLIENT_|CONFIG$|TENANT$|ENROLLMENT_TOKEN$|WORKDIR$|MACHINE_ID$|ACTION_ID$|COMMAND_INDEX$)/;

function refuseUnknown(env: Environment): void {
  const known = new Set<string>([
    ...TEXT_SETTINGS,
    ...SECRET_SETTINGS.flatMap((name) => [name, `${name}_FILE`]),
    ...Object.keys(NUMBER_SETTINGS).map(environmentName),
  ]);
  const unknown = Object.keys(env).filter(
    (name) => name.startsWith("HALLIGAN_") && !known.has(name) && !OTHER_PROGRAMS.test(name),
  );
  if (unknown.length > 0) throw new ConfigError(`there is no setting ${unknown.join(", ")}`);
}

function readTls(env: Environment): Config["tls"] {
  const { HALLIGAN_TLS_CERT_FILE: certFile, HALLIGAN_TLS_KEY_FILE: keyFile } = env;
  if (certFile === undefined && keyFile === undefined) return null;
  if (certFile === undefined || keyFile === undefined) {
    throw new ConfigError("HALLIGAN_TLS_CERT_FILE and HALLIGAN_TLS_KEY_FILE go together; one of them is missing");
  }
  return { certFile: resolve(certFile), keyFile: resolve(keyFile) };
}

/**
 * The contract accepts a start with a missing library file. Only the open profile has another
 * default.
 */
const readPolicy = (env: Environment, profile: LimitsProfile): PolicySettings => ({
  grants: parseChoice(env, "HALLIGAN_GRANTS", ["held", "any"], "held"),
  unknownLibraryFiles: parseChoice(
    env,
    "HALLIGAN_UNKNOWN_LIBRARY_FILES",
    ["accept", "refuse"],
    profile === "open" ? "refuse" : "accept",
  ),
  libraryApproval: parseFlag(env, "HALLIGAN_LIBRARY_APPROVAL"),
});

function parseChoice<const C extends string>(env: Environment, name: string, choices: readonly C[], preset: C): C {
  const text = env[name] ?? preset;
  const choice = choices.find((one) => one === text);
  if (choice === undefined) throw new ConfigError(`${name} must be ${choices.join(" or ")}, not ${text}`);
  return choice;
}

function readNumbers(env: Environment, profile: LimitsProfile): NumberSettings {
  const rules: Readonly<Record<string, NumberRule>> = NUMBER_SETTINGS;
  const entries = Object.entries(rules).map(([name, rule]) => {
    const text = env[environmentName(name)];
    if (text === undefined) return [name, profile === "open" ? (rule.open ?? rule.default) : rule.default];
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < rule.min || value > rule.max) {
      throw new ConfigError(
        `${environmentName(name)} must be a whole number from ${rule.min} to ${rule.max}, not ${text}`,
      );
    }
    return [name, value];
  });
  return Object.fromEntries(entries);
}

function refuseOpenPlainHttp(listen: Config["listen"], tls: Config["tls"], tlsEndsAtProxy: boolean): void {
  if (tls && tlsEndsAtProxy) {
    throw new ConfigError(
      "HALLIGAN_TLS_CERT_FILE and HALLIGAN_TLS_ENDS_AT_PROXY contradict each other: set one of them",
    );
  }
  if (tls || tlsEndsAtProxy || isLoopback(listen.host)) return;
  throw new ConfigError(
    `${listen.host} is not a loopback address, and tokens and files must not cross a network in the clear. Set ` +
      "HALLIGAN_TLS_CERT_FILE and HALLIGAN_TLS_KEY_FILE, or HALLIGAN_TLS_ENDS_AT_PROXY=true when a proxy in front ends TLS",
  );
}

export const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);

function parseListen(text: string): Config["listen"] {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port > 65_535) throw new ConfigError(`HALLIGAN_LISTEN must be HOST:PORT, not ${text}`);
  return { host, port };
}

/** The public URL if none is set. Only an address that names one host can replace it. */
function urlOf({ host, port }: Config["listen"], tls: Config["tls"]): string {
  if (port === 0 || host === "0.0.0.0" || host === "::") {
    throw new ConfigError(
      `HALLIGAN_LISTEN ${host}:${port} does not say how others reach this server; set HALLIGAN_PUBLIC_URL`,
    );
  }
  return `${tls ? "https" : "http"}://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function parsePublicUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  const plain = url && !url.search && !url.hash && !url.username && !url.password;
  if (!plain || !["http:", "https:"].includes(url.protocol)) {
    throw new ConfigError(
      `HALLIGAN_PUBLIC_URL must be an absolute http(s) URL without query or credentials, not ${text}`,
    );
  }
  if (url.pathname !== "/") throw new ConfigError("HALLIGAN_PUBLIC_URL must not have a path");
  return url.origin;
}

function readTenantNames(text: string): string[] {
  const parsed = parseTenantNames(text);
  if (parsed.ok) return parsed.value;
  throw new ConfigError(`HALLIGAN_TENANT_NAMES must be domain names with commas between them; ${parsed.error} is none`);
}

function readRunAsUsers(text: string): Config["runAsUsers"] {
  const parsed = parseRunAsUsers(text);
  if (parsed.ok) return parsed.value;
  throw new ConfigError(
    `HALLIGAN_RUN_AS_USERS must be any, off, or names of users with commas between them; ${parsed.error} is none`,
  );
}

function parseFlag(env: Environment, name: string): boolean {
  const text = env[name] ?? "false";
  if (text !== "true" && text !== "false") throw new ConfigError(`${name} must be true or false, not ${text}`);
  return text === "true";
}

function parseLogLevel(text: string): string {
  const levels = ["fatal", "error", "warn", "info", "debug", "trace", "silent"];
  if (!levels.includes(text))
    throw new ConfigError(`HALLIGAN_LOG_LEVEL must be one of ${levels.join(", ")}, not ${text}`);
  return text;
}

function defaultDataDir(): string {
  if (process.getuid?.() === 0) return "/var/lib/halligan";
  return join(process.env.XDG_DATA_HOME ?? join(homedir(), ".local", "share"), "halligan");
}
