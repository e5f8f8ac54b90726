import { parseArgs } from "node:util";
import { type Config, ConfigError, type Environment, readConfig } from "./config.ts";
import { SECRET_SETTINGS } from "./secret-settings.ts";
import { environmentName, NUMBER_SETTINGS } from "./settings.ts";

export type ServerRequest =
  | { kind: "help" }
  | { kind: "version" }
  | { kind: "run"; settings: Record<string, string> }
  | { kind: "backup"; folder: string; settings: Record<string, string> }
  | { kind: "signOrderKeys"; recoveryKeyFile: string; settings: Record<string, string> }
  | { kind: "adminReset"; showsSecret: boolean; settings: Record<string, string> };

/** Arguments that stand for the setting of that name. Secrets are never arguments. */
const ARGUMENTS = {
  data: "HALLIGAN_DATA_DIR",
  listen: "HALLIGAN_LISTEN",
  "public-url": "HALLIGAN_PUBLIC_URL",
  "tls-cert": "HALLIGAN_TLS_CERT_FILE",
  "tls-key": "HALLIGAN_TLS_KEY_FILE",
} as const;
const TLS_ENDS_AT_PROXY = "HALLIGAN_TLS_ENDS_AT_PROXY";

/** A mistake on the command line, which has an exit code of its own. */
export class UsageError extends ConfigError {
  override readonly name = "UsageError";
}

/**
 * Reads the configuration from the environment and the options. A mistake in the value of an option
 * is named by the option that was typed and not by the setting it stands for.
 */
export function readTypedConfig(env: Environment, typed: Readonly<Record<string, string>>): Config {
  try {
    return readConfig({ ...env, ...typed });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    let message = error.message;
    for (const [option, setting] of Object.entries({ ...ARGUMENTS, "tls-ends-at-proxy": TLS_ENDS_AT_PROXY })) {
      if (Object.hasOwn(typed, setting))
        message = message.replaceAll(new RegExp(`\\b${setting}\\b`, "g"), `--${option}`);
    }
    if (message === error.message) throw error;
    throw new UsageError(`${message}; see halligan-server --help`, { cause: error });
  }
}

export function readArguments(args: readonly string[]): ServerRequest {
  const text = { type: "string" } as const;
  const read = parse(() =>
    parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        help: { type: "boolean", short: "h" },
        version: { type: "boolean" },
        "tls-ends-at-proxy": { type: "boolean" },
        "show-secret": { type: "boolean" },
        data: text,
        listen: text,
        "public-url": text,
        "tls-cert": text,
        "tls-key": text,
      },
    }),
  );
  const { values: parsed, positionals } = read;
  if (parsed.help) return { kind: "help" };
  if (parsed.version) return { kind: "version" };
  const settings: Record<string, string> = {};
  for (const [name, setting] of Object.entries(ARGUMENTS)) {
    const value = parsed[name as keyof typeof ARGUMENTS];
    if (value !== undefined) settings[setting] = value;
  }
  if (parsed["tls-ends-at-proxy"]) settings[TLS_ENDS_AT_PROXY] = "true";
  const [command, folder, ...more] = positionals;
  const showsSecret = parsed["show-secret"] === true;
  if (command === "admin") {
    if (folder !== "reset" || more.length > 0) {
      throw new UsageError("admin has one command: halligan-server admin reset; see halligan-server --help");
    }
    return { kind: "adminReset", showsSecret, settings };
  }
  if (showsSecret) throw new UsageError("--show-secret belongs to halligan-server admin reset");
  if (command === undefined) return { kind: "run", settings };
  if (command === "sign-order-keys") {
    if (folder === undefined || more.length > 0)
      throw new UsageError("sign-order-keys takes one file: halligan-server sign-order-keys RECOVERY_KEY");
    return { kind: "signOrderKeys", recoveryKeyFile: folder, settings };
  }
  if (command !== "backup") throw new UsageError(`there is no command ${command}; see halligan-server --help`);
  if (folder === undefined || more.length > 0)
    throw new UsageError("backup takes one folder: halligan-server backup DIR");
  return { kind: "backup", folder, settings };
}

function parse<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw new UsageError(`${cause instanceof Error ? cause.message : cause}; see halligan-server --help`, { cause });
  }
}

export const HELP = `halligan-server: the live response server

Usage: halligan-server [options]              run
       halligan-server backup DIR [options]   copy the data folder of a running server into DIR
       halligan-server admin reset [options]  make a new administrator when the secret is lost
       halligan-server sign-order-keys FILE   sign the order keys with the private recovery key of FILE

  --data DIR            data folder: database, files, keys   HALLIGAN_DATA_DIR
  --listen HOST:PORT    default 127.0.0.1:8780               HALLIGAN_LISTEN
  --public-url URL      how others reach it                  HALLIGAN_PUBLIC_URL
  --tls-cert FILE       certificate chain (PEM)              HALLIGAN_TLS_CERT_FILE
  --tls-key FILE        its key (PEM)                        HALLIGAN_TLS_KEY_FILE
  --tls-ends-at-proxy   a proxy in front ends TLS            HALLIGAN_TLS_ENDS_AT_PROXY=true
  --show-secret         admin reset: print the new credentials, too
  --version, --help

Plain HTTP is served on loopback only. The first start makes the data folder, the keys and one administrator, whose
credentials are in administrator.json there: halligan login --from FILE reads them.

admin reset works on the data folder, or on the database of HALLIGAN_DATABASE_URL, while the server runs or not. Run it with
the server's settings and as the server's user. It removes the administrator that the server made before, with its secret and
its tokens, and writes the credentials of a new one to administrator.json, readable for that user alone. Other applications
stay.

Signals: SIGTERM, SIGINT and SIGQUIT stop the server when its requests have ended, a second one at once. SIGHUP makes it read
the certificate and key again; it also does so by itself when the files change. Other signals are ignored.

Further settings, by environment (whole numbers; default):
${Object.entries(NUMBER_SETTINGS)
  .map(([name, rule]) => `  ${environmentName(name).padEnd(48)} ${rule.default}`)
  .join("\n")}
  ${"HALLIGAN_LOG_LEVEL".padEnd(48)} info
  ${"HALLIGAN_LIMITS_PROFILE".padEnd(48)} defender (or open: lifts the throttles)
  ${"HALLIGAN_TRUST_PROXY".padEnd(48)} none: proxies whose X-Forwarded-For is believed, see docs/operations.md
  ${"HALLIGAN_UNKNOWN_LIBRARY_FILES".padEnd(48)} accept (or refuse, which is the default of open)
  ${"HALLIGAN_LIBRARY_APPROVAL".padEnd(48)} false (or true: content runs after another account approved it)
  ${"HALLIGAN_GRANTS".padEnd(48)} held (or any: Halligan.Admin gives every permission)
  ${"HALLIGAN_RUN_AS_USERS".padEnd(48)} any (or off, or names of users): as whom scripts may run
  ${"HALLIGAN_TENANT_NAMES".padEnd(48)} none: further names of the tenant, see docs/identity.md
  ${"HALLIGAN_OIDC_ISSUERS_FILE".padEnd(48)} none: outside issuers that are trusted, see docs/identity.md

Several nodes on shared engines (docs/operations.md). What may hold a secret is read from the environment or, with _FILE behind
its name, from a file; never from an argument:
  ${"HALLIGAN_DATABASE_URL".padEnd(48)} postgres://... (default: the embedded store)
  ${"HALLIGAN_BUS_URL".padEnd(48)} nats://... or tls://..., HALLIGAN_BUS_CREDS
  ${"HALLIGAN_BLOBS".padEnd(48)} a folder, s3://bucket?... or azure://account/container
  ${"HALLIGAN_KEYS_DIR".padEnd(48)} the keys, the same on every node
  ${"HALLIGAN_RESULT_LINKS".padEnd(48)} stream (or direct: straight to object storage)
  ${SECRET_SETTINGS.slice(2).join("\n  ")}
`;
