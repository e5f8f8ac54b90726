import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { fileURLToPath } from "node:url";
import { Program } from "../../../src/program.ts";
import { ENTRY } from "../../../src/runtimes.ts";
import { World } from "../../../src/world.ts";
import { addScript } from "../../e2e/live-response.ts";
import { at, textAt } from "../../wire/support/json.ts";
import type { Job, Proof } from "./job.ts";
import { TestAuthority } from "./test-certificate.ts";

/**
 * Microsoft's sign-in libraries, as they come from the registry, against a server with TLS of its
 * own: what a user changes is the authority. Each runs in a process of its own, which trusts the
 * test's authority by NODE_EXTRA_CA_CERTS as a user's would.
 */
const SCRIPT = "signed-in.sh";
const OUTPUT = "signed in\n";
const SCOPES = {
  contract: "https://api.securitycenter.microsoft.com/.default",
  resource: "https://securitycenter.onmicrosoft.com/windowsatpservice/.default",
};

const stack = new AsyncDisposableStack();
let world: World;
let proofs: Record<Proof["kind"], { clientId: string; proof: Proof }>;

before(async () => {
  const authority = await TestAuthority.create();
  const folder = await mkdtemp(join(tmpdir(), "halligan-sign-in-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const { certificate, key } = await authority.server();
  const [caFile, certFile, keyFile] = [join(folder, "ca.pem"), join(folder, "cert.pem"), join(folder, "key.pem")];
  await writeFile(caFile, authority.certificate);
  await writeFile(certFile, certificate);
  await writeFile(keyFile, key, { mode: 0o600 });
  // For this process, and for the agents and clients that it starts.
  setDefaultCACertificates([...getCACertificates("default"), authority.certificate]);
  process.env.NODE_EXTRA_CA_CERTS = caFile;
  world = stack.use(
    await World.start({
      settings: {
        HALLIGAN_LIMITS_PROFILE: "open",
        HALLIGAN_TLS_CERT_FILE: certFile,
        HALLIGAN_TLS_KEY_FILE: keyFile,
        HALLIGAN_TENANT_NAMES: "soc.example",
      },
    }),
  );
  await addScript(world, SCRIPT, `#!/bin/sh\necho signed in\n`);
  const client = await authority.client("soar");
  const roles = ["Machine.LiveResponse", "Machine.Read.All"];
  const { clientId, clientSecret } = await world.client.createApplication({ name: "with a secret", roles });
  assert.ok(clientSecret);
  const clientFile = join(folder, "client.crt");
  await writeFile(clientFile, client.certificate);
  const keyed = { clientId: await createWithKey(clientFile, roles) };
  proofs = {
    secret: { clientId, proof: { kind: "secret", clientSecret } },
    certificate: { clientId: keyed.clientId, proof: { kind: "certificate", ...client } },
    assertion: { clientId: keyed.clientId, proof: { kind: "assertion", key: client.key } },
  };
});
after(() => stack.disposeAsync());

/** As an administrator does it, with the command line. */
async function createWithKey(file: string, roles: readonly string[]): Promise<string> {
  const { baseUrl, clientId, clientSecret } = world.credentials;
  await using cli = new Program("halligan", {
    command: process.execPath,
    args: [
      ENTRY.cli,
      "app",
      "create",
      "with a key",
      ...roles.flatMap((role) => ["--role", role]),
      "--key",
      file,
      "--json",
    ],
    env: { HALLIGAN_URL: baseUrl, HALLIGAN_CLIENT_ID: clientId, HALLIGAN_CLIENT_SECRET: clientSecret },
  });
  assert.equal(await cli.exited, 0, cli.output);
  const answer: unknown = JSON.parse(cli.output);
  assert.equal(at(answer, "application", "clientSecret"), null);
  return textAt(answer, "application", "clientId");
}

interface Case {
  readonly proof: Proof["kind"];
  readonly tenant?: string;
  readonly scope?: string;
  readonly variant?: string;
}

async function run(program: string, { proof, tenant, scope, variant }: Case): Promise<unknown> {
  const [machine] = world.machines;
  assert.ok(machine);
  const { baseUrl } = world.credentials;
  const job: Job = {
    authorityHost: baseUrl,
    tenant: tenant ?? world.credentials.tenant,
    ...proofs[proof],
    scope: scope ?? SCOPES.contract,
    variant: variant ?? "",
    apiUrl: baseUrl,
    machineId: machine.id,
    scriptName: SCRIPT,
  };
  await using client = new Program(program, {
    command: process.execPath,
    args: [fileURLToPath(new URL(`./${program}-client.ts`, import.meta.url))],
    env: {},
    input: JSON.stringify(job),
  });
  const line = await client.line((text) => text.startsWith("{"));
  return JSON.parse(line);
}

const named = (given: Case): string => Object.values(given).join(", ");
const DONE = { status: "Succeeded", output: OUTPUT };

describe("@azure/msal-node, unmodified, with nothing but its authority changed", () => {
  for (const given of [
    { proof: "secret" },
    { proof: "certificate" },
    { proof: "assertion" },
    { proof: "secret", scope: SCOPES.resource },
    { proof: "secret", tenant: "soc.example" },
    { proof: "certificate", tenant: "soc.example" },
    { proof: "secret", variant: "final slash" },
    { proof: "secret", variant: "cloudDiscoveryMetadata" },
    { proof: "secret", variant: "protocol mode OIDC" },
    { proof: "certificate", variant: "protocol mode OIDC" },
  ] as const satisfies Case[]) {
    test(`signs in and runs a sequence: ${named(given)}`, async () => {
      assert.deepEqual(await run("msal-node", given), { isCached: true, isRenewed: true, outcome: DONE });
    });
  }
});

describe("@azure/identity, unmodified, with nothing but its authority host changed", () => {
  for (const given of [
    { proof: "secret" },
    { proof: "certificate" },
    { proof: "assertion" },
    { proof: "secret", scope: SCOPES.resource },
    { proof: "secret", tenant: "soc.example" },
    { proof: "certificate", tenant: "soc.example" },
    { proof: "secret", variant: "final slash" },
    { proof: "secret", variant: "environment" },
  ] as const satisfies Case[]) {
    test(`signs in and runs a sequence: ${named(given)}`, async () => {
      assert.deepEqual(await run("azure-identity", given), { outcome: DONE });
    });
  }
});
