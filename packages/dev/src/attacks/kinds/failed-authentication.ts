import { type ApplicationCredentials, createClient } from "@halligan/protocol/client";
import { ENROLL_PATH } from "@halligan/protocol/link";
import type { World } from "../../world.ts";
import type { Attack } from "../attack.ts";
import { type FloodRequest, floodHttp } from "./http-flood.ts";

const CONNECTIONS = 16;
const FORM = "application/x-www-form-urlencoded";

/** A well-formed enrollment with an invented token. */
const enrollment = (n: number): FloodRequest => ({
  method: "POST",
  path: ENROLL_PATH,
  body: JSON.stringify({
    token: `wrong-${n}`,
    publicKey: "A".repeat(43),
    proof: "A".repeat(86),
    facts: {
      computerDnsName: "attacker",
      osPlatform: "Linux",
      version: null,
      osVersion: null,
      osBuild: null,
      osArchitecture: "64-bit",
      osProcessor: null,
      agentVersion: "1",
      ipAddresses: [],
    },
  }),
});

/** The right secret of the application that is attacked stays in the runner's process. */
const attacked = new WeakMap<World, ApplicationCredentials>();

export const failedAuthentication: Attack = {
  name: "failed-authentication",
  point: 5,
  title: "Wrong secrets for a known client id, wrong enrollment tokens and forged access tokens",
  // Reached in a second on a busy machine too.
  settings: { HALLIGAN_FAILED_SIGN_INS_PER_MINUTE: "5" },
  async prepare(world) {
    const { clientId, clientSecret } = await world.client.createApplication({
      name: "attacked",
      roles: ["Machine.Read.All"],
    });
    if (clientSecret === null) throw new Error("the new application has no secret");
    attacked.set(world, { ...world.credentials, clientId, clientSecret });
    return { clientId };
  },
  async start(target, signal) {
    const { tenant, baseUrl, given } = target;
    const secret = (n: number): FloodRequest => ({
      method: "POST",
      path: `/${tenant}/oauth2/v2.0/token`,
      headers: { "content-type": FORM },
      body: new URLSearchParams({
        grant_type: "client_credentials",
        client_id: given.clientId ?? "",
        client_secret: `wrong-${n}`,
        scope: `${baseUrl}/.default`,
      }).toString(),
    });
    const token = (n: number): FloodRequest => ({
      method: "GET",
      path: "/api/machines",
      headers: { authorization: `Bearer e30.${Buffer.from(`{"n":${n}}`).toString("base64url")}.AAAA` },
    });
    const kinds = [secret, enrollment, token];
    const request = (n: number): FloodRequest => (kinds[n % kinds.length] ?? secret)(n);
    return floodHttp(target, { connections: CONNECTIONS, request }, signal);
  },
  async check(world, counters) {
    const failures: string[] = [];
    const { status401 = 0, status403 = 0, status429 = 0 } = counters;
    // A 429 is held for a second, so a short attack may end before one comes. Secrets, enrollments
    // and tokens are tried equally often: without a limit, 401 (secrets and tokens) comes twice as
    // often as 403 (enrollments).
    if (status429 === 0 && status401 > 1.5 * status403 + 10) {
      failures.push("wrong secrets were checked without a limit: no failed authentication was answered with 429");
    }
    // A connector that signs in for the first time, with the client id that was attacked, from its
    // own address.
    const credentials = attacked.get(world);
    if (credentials === undefined) return [...failures, "no application was attacked"];
    await createClient({ baseUrl: world.credentials.baseUrl, credentials })
      .listMachines()
      .catch((error: unknown) => failures.push(`the right secret does not work after the attack: ${error}`));
    return failures;
  },
};
