import { parseArgs } from "node:util";
import { chosenAgentRuntime, type Runtime } from "./runtimes.ts";
import { World } from "./world.ts";

/**
 * `npm run dev`: a world to work with until SIGTERM or Ctrl+C. With --json one line says where it
 * is.
 */
const HELP = `npm run dev -- [options]

  --agents N         agents on this machine (0 to 200, default 1); each takes about 75 MB of memory
                     under Bun, 130 MB under Node
  --agent RUNTIME    what the agents run under: bun (default where this install has it) or node
  --profile NAME     open (default), or defender: defender answers 429 after 10 starts a minute, as the contract does
  --json             print one line of JSON when ready, and nothing else
`;

const MAX_AGENTS = 200;

process.exitCode = await main();

async function main(): Promise<number> {
  let options: Options | null;
  try {
    options = readOptions();
  } catch (error) {
    process.stderr.write(`npm run dev: ${messageOf(error)}\n\n${HELP}`);
    return 2;
  }
  if (options === null) {
    process.stdout.write(HELP);
    return 0;
  }
  try {
    await run(options);
    return 0;
  } catch (error) {
    process.stderr.write(`npm run dev: ${messageOf(error)}\n`);
    return 1;
  }
}

interface Options {
  agents: number;
  runtime: Runtime;
  profile: string;
  json: boolean;
}

/** Null when the help is asked for; throws with a sentence when the arguments are wrong. */
function readOptions(): Options | null {
  const { values } = parseArgs({
    options: {
      agents: { type: "string", default: "1" },
      agent: { type: "string" },
      profile: { type: "string", default: "open" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return null;
  const agents = /^\d{1,3}$/.test(values.agents) ? Number(values.agents) : Number.NaN;
  if (!(agents <= MAX_AGENTS))
    throw new Error(`--agents takes a number from 0 to ${MAX_AGENTS}, not "${values.agents}"`);
  const { profile, json } = values;
  if (profile !== "open" && profile !== "defender") {
    throw new Error(`--profile takes open or defender, not "${profile}"`);
  }
  return { agents, runtime: chosenAgentRuntime(values.agent), profile, json };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function run({ agents, runtime, profile, json }: Options): Promise<void> {
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
  process.once("SIGTERM", () => stop());
  process.once("SIGINT", () => stop());
  await using world = await World.start({
    agents,
    runtime,
    settings: { HALLIGAN_LIMITS_PROFILE: profile },
    // People see what happens; a program that reads the one line does not.
    ...(!json && { onLine: (program: string, line: string) => process.stderr.write(`[${program}] ${line}\n`) }),
  });
  process.stdout.write(json ? `${JSON.stringify(ready(world))}\n` : welcome(world));
  await stopped;
}

function ready({ credentials, machines, dataDir }: World) {
  const { baseUrl, tokenUrl, tenant, clientId, clientSecret } = credentials;
  return {
    baseUrl,
    tokenUrl,
    tenant,
    clientId,
    clientSecret,
    machines: machines.map(({ id, computerDnsName }) => ({ id, computerDnsName })),
    dataDir,
  };
}

function welcome({ credentials, machines, dataDir }: World): string {
  const first = machines[0]?.computerDnsName ?? "MACHINE";
  return `
Halligan is running; Ctrl+C ends it and removes everything.

  API         ${credentials.baseUrl}/api
  Token URL   ${credentials.tokenUrl}
  Client id   ${credentials.clientId}
  Data        ${dataDir}   (administrator.json has the secret)
  Machines    ${machines.map(({ computerDnsName, id }) => `${computerDnsName} ${id}`).join("\n              ")}

In another terminal, in this folder:

  bin/halligan login --keep-file --from ${dataDir}/administrator.json
  bin/halligan machines
  bin/halligan run ${first} ./some-script.sh -- an argument

`;
}
