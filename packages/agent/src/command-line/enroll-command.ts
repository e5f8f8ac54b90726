/** `halligan-agent enroll`, and the part of `halligan-agent install` that is the same. */
import { parseArgs } from "node:util";
import { nameFault } from "@halligan/protocol/text";
import type { LogFields } from "../core/ports.ts";
import { keptAuthorities, namedAuthorities, trustSystemAnd } from "../identity/authority.ts";
import { enroll } from "../identity/enroll.ts";
import { readEnrollmentToken, TOKEN_VARIABLE } from "../identity/enrollment-token.ts";
import { checkServerUrl } from "../identity/server-url.ts";
import { currentFacts } from "../machine-facts/machine-facts.ts";
import { agentNetwork } from "../network/agent-network.ts";
import { dataRoot, effectiveSettings, PLACE_OPTIONS, type Place } from "./place.ts";
import { parsedOrUsage, UsageError } from "./usage-error.ts";

const MAX_NAME_LENGTH = 255;

export const ENROLL_OPTIONS = {
  server: { type: "string" },
  name: { type: "string" },
  "token-file": { type: "string" },
  "token-stdin": { type: "boolean" },
  ca: { type: "string" },
  "allow-plain-http": { type: "boolean" },
} as const;

export interface EnrollValues {
  server?: string;
  name?: string;
  "token-file"?: string;
  "token-stdin"?: boolean;
  ca?: string;
  "allow-plain-http"?: boolean;
}

export async function enrollCommand(argv: string[]): Promise<number> {
  refuseTokenArgument(argv);
  const values = parsedOrUsage(() => parseArgs({ args: argv, options: { ...ENROLL_OPTIONS, ...PLACE_OPTIONS } }));
  if (values.server === undefined) throw new UsageError("enroll needs --server URL");
  await enrollHere(values, checkedServer(values.server, values), values);
  return 0;
}

/** @throws UsageError */
export function refuseTokenArgument(argv: readonly string[]): void {
  if (!argv.some((arg) => arg === "--token" || arg.startsWith("--token="))) return;
  throw new UsageError(
    "the token is not taken as an argument, as every user of this device can read arguments. " +
      `Use --token-file FILE, ${TOKEN_VARIABLE}, or --token-stdin. The token that was given should be revoked.`,
  );
}

/** The address of `--server` in its stored form. @throws UsageError */
export function checkedServer(server: string, values: EnrollValues): string {
  const checked = checkServerUrl(server, values["allow-plain-http"] === true);
  if (!checked.ok) throw new UsageError(checked.error);
  return checked.value;
}

/** Enrolls by the options of a command, with the token from where they name it. */
export async function enrollHere(values: EnrollValues, serverUrl: string, place: Place): Promise<void> {
  const nameProblem = values.name === undefined ? null : nameFault(values.name, MAX_NAME_LENGTH);
  if (nameProblem !== null) throw new UsageError(`--name ${nameProblem}`);
  const authorities = namedAuthorities(values.ca, process.env);
  const root = dataRoot(place);
  const { numbers: settings } = await effectiveSettings(place);
  const network = agentNetwork(process.env, settings);
  // A proxy that cannot be used is named before the token is asked for.
  network.proxyNameFor(new URL(serverUrl));
  const warn = (_event: string, fields?: LogFields) => process.stderr.write(`halligan-agent: ${fields?.problem}\n`);
  trustSystemAnd(authorities ?? keptAuthorities(root), process.env, { warn });
  const token = await readEnrollmentToken({
    file: values["token-file"],
    useStdin: values["token-stdin"] === true,
    env: process.env,
    stdin: process.stdin,
    stdinIsTerminal: process.stdin.isTTY === true,
  });
  const name = values.name ?? null;
  const facts = currentFacts(name);
  const { enrollTimeoutMs } = settings;
  const config = await enroll({ root, serverUrl, token, name, facts, network, enrollTimeoutMs, authorities });
  process.stdout.write(`Enrolled as machine ${config.machineId} at ${config.serverUrl}. Data folder: ${root}\n`);
}
