import { versionLine } from "@halligan/protocol/version";
import { pino } from "pino";
import { HELP, readArguments, readTypedConfig } from "./config/arguments.ts";
import type { Environment } from "./config/config.ts";
import { readSecrets } from "./config/secrets.ts";
import { startServer } from "./server.ts";
import { resetAdministrator } from "./setup/administrator/reset-administrator.ts";
import { readBackendSettings } from "./setup/backend-settings.ts";
import { backUp } from "./setup/backup.ts";
import { signOrderKeys } from "./setup/keys/sign-order-keys.ts";
import { exitCodeOf, explainFailure } from "./setup/start-failure.ts";
import { ignoreSignals, nextStopSignal } from "./signals.ts";
import { boundYoungGeneration } from "./young-generation.ts";

// The data folder contains keys and evidence, so new files are accessible only to this process's
// user.
process.umask(0o077);
ignoreSignals();

/**
 * Limit of log lines in memory if the log's reader does not read. Further lines are dropped,
 * because a server that cannot log should still serve.
 */
const MAX_UNREAD_LOG_CHARS = 16 * 1024 * 1024;

/**
 * The program: reads settings, starts the server, and stops it on a signal. Exit code 0 after a
 * stop; `setup/start-failure.ts` has the others.
 */
async function main(): Promise<void> {
  const request = readArguments(process.argv.slice(2));
  if (request.kind === "help") return void process.stdout.write(HELP);
  if (request.kind === "version") return void process.stdout.write(`${versionLine("halligan-server")}\n`);
  const environment: Environment = { ...process.env, ...request.settings };
  const config = readTypedConfig(process.env, request.settings);
  const backendSettings = readBackendSettings(config, await readSecrets(environment));
  if (request.kind === "backup") {
    const { folder, databaseBytes, blobs, missing } = await backUp(config, backendSettings, request.folder);
    const files = blobs === null ? "; the files are in object storage, which is not copied" : `, ${blobs} files`;
    process.stdout.write(
      `Backup of ${config.dataDir} in ${folder}: database of ${databaseBytes} bytes, keys${files}\n`,
    );
    if (missing.length > 0) {
      throw new Error(`${missing.length} files that the database refers to are lost, the first is ${missing[0]}`);
    }
    return;
  }
  if (request.kind === "signOrderKeys") {
    const file = await signOrderKeys(config, request.recoveryKeyFile, Date.now());
    process.stdout.write(
      `The order keys are signed in ${file}. Restart the server; then take the recovery key away.\n`,
    );
    return;
  }
  if (request.kind === "adminReset") {
    const { file, credentials } = await resetAdministrator(config, backendSettings, pino({ level: "silent" }));
    process.stdout.write(
      `The new administrator's credentials are in ${file}. The former ones no longer work.\n` +
        `Sign in with: halligan login --from ${file}\n`,
    );
    if (request.showsSecret) process.stdout.write(credentials);
    return;
  }
  // Written asynchronously, many lines at once under load. A write for each line took a twentieth
  // of a busy server's time.
  const destination = pino.destination({ dest: 1, sync: false, maxLength: MAX_UNREAD_LOG_CHARS });
  // For a closed terminal, or a full disk behind a redirected log. Without a listener the error
  // would end the server.
  destination.on("error", () => undefined);
  const log = pino(
    { level: config.logLevel, base: null, redact: ["*.token", "*.clientSecret", "*.authorization"] },
    destination,
  );
  using _ = boundYoungGeneration();
  const stopped = nextStopSignal();
  const stop = new AbortController();
  void stopped.then(() => stop.abort());
  const server = await startServer(config, backendSettings, log, stop.signal).catch((cause: unknown) => {
    if (stop.signal.aborted) return null;
    throw cause;
  });
  if (server === null) return log.info("stopped before it had started");
  log.info({ url: server.publicUrl, tenant: server.tenant, dataDir: config.dataDir }, "listening");
  if (server.newCredentialsFile !== null) {
    log.info({ file: server.newCredentialsFile }, "administrator created; its credentials are in this file");
    if (process.stderr.isTTY) {
      process.stderr.write(`The first administrator's credentials are in ${server.newCredentialsFile}\n`);
    }
  }
  process.on("SIGHUP", () => void server.reload());
  for (const signal of ["SIGUSR1", "SIGUSR2"] as const) {
    process.on(signal, () => log.info({ signal }, "signal ignored"));
  }
  log.info({ signal: await stopped }, "stopping");
  await server[Symbol.asyncDispose]();
  log.info("stopped");
}

try {
  await main();
} catch (cause) {
  process.stderr.write(`halligan-server: ${explainFailure(cause)}\n`);
  process.exitCode = exitCodeOf(cause);
}
