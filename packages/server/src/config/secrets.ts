import { readFile } from "node:fs/promises";
import { ConfigError, type Environment } from "./config.ts";
import { SECRET_SETTINGS } from "./secret-settings.ts";

export type SecretSetting = (typeof SECRET_SETTINGS)[number];
export type Secrets = Readonly<Partial<Record<SecretSetting, string>>>;

/** A connection string is short. A longer file was named by mistake. */
const MAX_SECRET_BYTES = 64 * 1024;

export async function readSecrets(env: Environment): Promise<Secrets> {
  const secrets: Partial<Record<SecretSetting, string>> = {};
  for (const name of SECRET_SETTINGS) {
    const file = env[`${name}_FILE`];
    if (file !== undefined && env[name] !== undefined) {
      throw new ConfigError(`${name} and ${name}_FILE are both set; one of them is enough`);
    }
    const value = file === undefined ? env[name] : await readSecretFile(name, file);
    if (value === undefined) continue;
    if (value === "") throw new ConfigError(`${name} is empty`);
    secrets[name] = value;
  }
  return secrets;
}

async function readSecretFile(name: string, file: string): Promise<string> {
  const content = await readFile(file).catch((cause: unknown) => {
    throw new ConfigError(`${name}_FILE could not be read: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
  });
  if (content.length > MAX_SECRET_BYTES) throw new ConfigError(`${name}_FILE is longer than ${MAX_SECRET_BYTES} bytes`);
  // Editors end a file with a newline; no secret ends with one.
  return content.toString("utf8").trim();
}
