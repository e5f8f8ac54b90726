import { parseArgs } from "node:util";
import { World } from "./world.ts";

/** `npm run dev`: a world to work with until SIGTERM or Ctrl+C. With --json one line says where it is. */
const HELP = `npm run dev -- [options]

  --agents N         agents on this machine (default 1)
  --profile NAME     defender (default) or open: open lifts the throttles
  --json             print one line of JSON when ready, and nothing else
`;

const { values } = parseArgs({
  options: {
    agents: { type: "string", default: "1" },
    profile: { type: "string", default: "defender" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});
if (values.help) {
  process.stdout.write(HELP);
} else {
  await run(Number(values.agents), values.profile, values.json);
}

async function run(agents: number, profile: string, json: boolean): Promise<void> {
  if (!Number.isInteger(agents) || agents < 0 || agents > 200) throw new Error("--agents takes a number from 0 to 200");
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
  process.once("SIGTERM", () => stop());
  process.once("SIGINT", () => stop());
  await using world = await World.start({
    agents,
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

  bin/halligan login --from ${dataDir}/administrator.json
  bin/halligan machines
  bin/halligan run ${first} ./some-script.sh -- an argument

`;
}
