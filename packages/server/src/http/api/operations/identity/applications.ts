import {
  AddApplicationSecretRequest,
  type ApplicationListWire,
  type ApplicationSecretWire,
  type ApplicationWire,
  CreateApplicationRequest,
  type NewApplicationSecretWire,
  type NewApplicationWire,
} from "@halligan/protocol/api";
import { type ApplicationSecret, isSecretUsable } from "../../../../domain/identity/application-secret.ts";
import {
  addApplicationSecret as addSecret,
  removeOneApplicationSecret,
  revokeApplicationTokens as revokeTokens,
} from "../../../../service/identity/application-secrets.ts";
import { createApplication as create } from "../../../../service/identity/create-application.ts";
import { listApplications as list } from "../../../../service/identity/list-applications.ts";
import { removeApplication } from "../../../../service/identity/remove-application.ts";
import { removeApplicationSecret } from "../../../../service/identity/remove-application-secret.ts";
import type { Application } from "../../../../store/identity/applications.ts";
import { permitted } from "../../../edge/access.ts";
import { created, noContent, ok } from "../../../edge/answer.ts";
import { json, noBody } from "../../../edge/body/body-kinds.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors.ts";
import { wireTime, wireTimeOrNull } from "../../present/wire-time.ts";

/** The answer is the only place where the secret of an application without keys ever stands. */
export const createApplication = operation({
  name: "CreateApplication",
  method: "POST",
  path: "/halligan/v1/applications",
  access: permitted("CreateApplication"),
  body: json(CreateApplicationRequest),
  async handler({ caller, body }, context) {
    const { secretExpiresInSeconds, ...input } = body;
    const made = await create(context, caller, {
      ...input,
      secretExpiresAtMs: endOf(context.clock.nowMs(), secretExpiresInSeconds),
    });
    if (!made.ok) return domainRefusal(made.error);
    const answer: NewApplicationWire = {
      ...applicationWire(made.value.application, context.clock.nowMs()),
      clientSecret: made.value.clientSecret,
    };
    return created(answer);
  },
});

export const listApplications = operation({
  name: "ListApplications",
  method: "GET",
  path: "/halligan/v1/applications",
  access: permitted("ListApplications"),
  query: {},
  body: noBody,
  async handler(_request, context) {
    const nowMs = context.clock.nowMs();
    const answer: ApplicationListWire = { value: (await list(context)).map((one) => applicationWire(one, nowMs)) };
    return ok(answer);
  },
});

/** Its tokens are refused at once on this node, and on the others within a second. */
export const deleteApplication = operation({
  name: "DeleteApplication",
  method: "DELETE",
  path: "/halligan/v1/applications/:clientId",
  access: permitted("DeleteApplication"),
  body: noBody,
  async handler({ caller, params }, context) {
    const clientId = (params.clientId ?? "").toLowerCase();
    const removed = await removeApplication(context, caller, clientId);
    if (!removed.ok) return domainRefusal(removed.error);
    context.tokens.revoke(clientId);
    return noContent();
  },
});

/** For an application of an older version, which has a secret as well as keys. */
export const deleteApplicationSecret = operation({
  name: "DeleteApplicationSecret",
  method: "DELETE",
  path: "/halligan/v1/applications/:clientId/secret",
  access: permitted("DeleteApplicationSecret"),
  body: noBody,
  async handler({ caller, params }, context) {
    const clientId = (params.clientId ?? "").toLowerCase();
    const removed = await removeApplicationSecret(context, caller, clientId);
    if (!removed.ok) return domainRefusal(removed.error);
    context.tokens.revoke(clientId);
    return noContent();
  },
});

/** The answer is the only place where the secret ever stands. */
export const addApplicationSecret = operation({
  name: "AddApplicationSecret",
  method: "POST",
  path: "/halligan/v1/applications/:clientId/secrets",
  access: permitted("AddApplicationSecret"),
  body: json(AddApplicationSecretRequest),
  async handler({ caller, params, body }, context) {
    const expiresAtMs = endOf(context.clock.nowMs(), body.expiresInSeconds);
    const added = await addSecret(context, caller, (params.clientId ?? "").toLowerCase(), expiresAtMs);
    if (!added.ok) return domainRefusal(added.error);
    const { secret, clientSecret } = added.value;
    const answer: NewApplicationSecretWire = { ...secretWire(secret, context.clock.nowMs()), clientSecret };
    return created(answer);
  },
});

/** Tokens that the secret gave are refused at once on this node, and on the others within a second. */
export const removeOneSecret = operation({
  name: "RemoveApplicationSecret",
  method: "DELETE",
  path: "/halligan/v1/applications/:clientId/secrets/:secretId",
  access: permitted("RemoveApplicationSecret"),
  body: noBody,
  async handler({ caller, params }, context) {
    const clientId = (params.clientId ?? "").toLowerCase();
    const removed = await removeOneApplicationSecret(context, caller, clientId, (params.secretId ?? "").toLowerCase());
    if (!removed.ok) return domainRefusal(removed.error);
    context.tokens.revoke(clientId);
    return noContent();
  },
});

/** For a token that leaked. The application's secrets stay good. */
export const revokeApplicationTokens = operation({
  name: "RevokeApplicationTokens",
  method: "POST",
  path: "/halligan/v1/applications/:clientId/revoke-tokens",
  access: permitted("RevokeApplicationTokens"),
  body: noBody,
  async handler({ caller, params }, context) {
    const clientId = (params.clientId ?? "").toLowerCase();
    const revoked = await revokeTokens(context, caller, clientId);
    if (!revoked.ok) return domainRefusal(revoked.error);
    context.tokens.revoke(clientId);
    return noContent();
  },
});

const endOf = (nowMs: number, seconds: number | undefined): number | null =>
  seconds === undefined ? null : nowMs + seconds * 1_000;

const applicationWire = (
  { clientId, name, roles, keys, secrets, createdAtMs, ownerId }: Application,
  nowMs: number,
): ApplicationWire => ({
  clientId,
  name,
  roles: [...roles],
  hasSecret: secrets.some((secret) => isSecretUsable(secret, nowMs)),
  secrets: secrets.map((secret) => secretWire(secret, nowMs)),
  keyIds: keys.flatMap(({ kid }) => (typeof kid === "string" ? [kid] : [])),
  createdAt: wireTime(createdAtMs),
  ownerId,
});

const secretWire = (secret: ApplicationSecret, nowMs: number): ApplicationSecretWire => ({
  id: secret.id,
  createdAt: wireTime(secret.createdAtMs),
  expiresAt: wireTimeOrNull(secret.expiresAtMs),
  isUsable: isSecretUsable(secret, nowMs),
});
