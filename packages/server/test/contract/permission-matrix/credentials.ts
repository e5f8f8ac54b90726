import assert from "node:assert/strict";
import { DELEGATED_PERMISSIONS, type DelegatedPermission, PERMISSIONS, type Permission } from "@halligan/protocol/api";
import { signLinkTicket } from "../../../src/auth/signatures/link-ticket.ts";
import { blockCaller } from "../../../src/service/administration/blocked-callers.ts";
import {
  addApplicationSecret,
  removeOneApplicationSecret,
  revokeApplicationTokens,
} from "../../../src/service/identity/application-secrets.ts";
import { createApplication } from "../../../src/service/identity/create-application.ts";
import { removeApplication } from "../../../src/service/identity/remove-application.ts";
import type { HttpWorld } from "../../support/http-world.ts";
import { ISSUER, NOW, sign, USER } from "../../unit/auth/outside-fixture.ts";

/** The credential of a request, and what it permits. */
export interface Credential {
  readonly name: string;
  readonly authorization: string | null;
  /** `none`: no valid token. */
  readonly kind: "none" | "ticket" | "application" | "user";
  /** Permissions of a valid token. */
  readonly permissions: readonly string[];
}

const ALL_ROLES = Object.keys(PERMISSIONS).filter((name): name is Permission => name in PERMISSIONS);
const ALL_SCOPES = Object.keys(DELEGATED_PERMISSIONS).filter(
  (name): name is DelegatedPermission => name in DELEGATED_PERMISSIONS,
);
const HOUR_S = 3_600;

/** Groups of the user that the scope cells use. */
export const INSIDE = "inside";

/** Every kind of credential. Revoked and expired ones were valid before, which is checked. */
export async function credentials(world: HttpWorld): Promise<Credential[]> {
  const { context, services, issuerKey, signIn } = world;
  const root = { kind: "application", id: "root", clientId: "root", name: "root", roles: new Set(ALL_ROLES) } as const;
  const make = async (roles: readonly Permission[], secretExpiresAtMs: number | null = null) => {
    const made = await createApplication(context, root, { name: "made", roles, secretExpiresAtMs });
    assert.ok(made.ok && made.value.clientSecret !== null);
    const { application, clientSecret } = made.value;
    return { ...application, clientSecret, token: await signIn(application.clientId, clientSecret) };
  };
  const userToken = (claims: object) => sign(issuerKey, { ...USER, ...claims });
  const isGood = async (token: string) => (await context.tokens.verify(token, services.time.nowMs)).kind !== "refused";

  const removed = await make(ALL_ROLES);
  const revoked = await make(ALL_ROLES);
  const rotated = await make(ALL_ROLES);
  const expiring = await make(ALL_ROLES, services.time.nowMs + 10_000);
  const second = await addApplicationSecret(context, root, rotated.clientId, null);
  assert.ok(second.ok);
  const secondToken = await signIn(rotated.clientId, second.value.clientSecret);
  const blockedUser = await userToken({ sub: "blocked", scp: ALL_SCOPES.join(" ") });
  const dead = [
    ["a removed application", removed.token],
    ["an application whose tokens were revoked", revoked.token],
    ["a secret that was rotated out", rotated.token],
    ["a secret that expired", expiring.token],
    ["a blocked user", blockedUser],
  ] as const;
  for (const [name, token] of dead) assert.ok(await isGood(token), `${name} before`);

  assert.ok((await removeApplication(context, root, removed.clientId)).ok);
  assert.ok((await revokeApplicationTokens(context, root, revoked.clientId)).ok);
  const [firstSecret] = rotated.secrets;
  assert.ok((await removeOneApplicationSecret(context, root, rotated.clientId, firstSecret?.id ?? "")).ok);
  assert.ok((await blockCaller(context, root, `${ISSUER}#blocked`, "left")).ok);
  // As on another node, which gets no notification and reads the store again after a second; and
  // after the end of the secret.
  services.time.nowMs += 80_000;

  const machineId = "c".repeat(40);
  await services.addMachine({ id: machineId, connectionEpoch: 1, linked: true });
  const ticket = signLinkTicket({ machineId, connectionEpoch: 1 }, context.keys.linkTicket.signing);
  const none = (name: string, authorization: string | null): Credential => ({
    name,
    authorization,
    kind: "none",
    permissions: [],
  });
  const bearer = (token: string) => `Bearer ${token}`;
  const single = ALL_ROLES.map(async (role): Promise<Credential> => {
    const { token } = await make([role]);
    return { name: `application: ${role}`, authorization: bearer(token), kind: "application", permissions: [role] };
  });
  const scoped = ALL_SCOPES.map(async (scope): Promise<Credential> => {
    const token = await userToken({ sub: "one", scp: scope, groups: [INSIDE] });
    return { name: `user: ${scope}`, authorization: bearer(token), kind: "user", permissions: [scope] };
  });
  const again = await signIn(revoked.clientId, revoked.clientSecret);
  const application = (name: string, token: string): Credential => ({
    name,
    authorization: bearer(token),
    kind: "application",
    permissions: ALL_ROLES,
  });
  const users = {
    "an expired token of a user": userToken({ exp: NOW / 1000 - HOUR_S }),
    "a token of a user that is not yet valid": userToken({ nbf: NOW / 1000 + HOUR_S }),
    "a user of an issuer that is not trusted": userToken({ iss: "https://other.example" }),
    "a user's token for another audience": userToken({ aud: "https://graph.example" }),
  };
  return [
    none("nothing", null),
    none("basic credentials", "Basic YTpi"),
    none("garbage", "Bearer a.b.c"),
    none("a good token with another signature", bearer(`${again.slice(0, -8)}AAAAAAAA`)),
    ...(await Promise.all(Object.entries(users).map(async ([name, token]) => none(name, bearer(await token))))),
    ...dead.map(([name, token]) => none(name, bearer(token))),
    { name: "an agent's ticket", authorization: `Ticket ${ticket}`, kind: "ticket", permissions: [] },
    ...(await Promise.all(single)),
    ...(await Promise.all(scoped)),
    application("a new token after the revocation", again),
    application("the secret that was rotated in", secondToken),
    {
      name: "application permissions in a user's token",
      authorization: bearer(await userToken({ scp: "Machine.Read.All Machine.ReadWrite.All", roles: ALL_ROLES })),
      kind: "user",
      permissions: [],
    },
  ];
}
