import {
  type ApplicationListWire,
  type ApplicationWire,
  CreateApplicationRequest,
  type NewApplicationWire,
} from "@halligan/protocol/api";
import { createApplication as create } from "../../service/create-application.ts";
import { listApplications as list } from "../../service/list-applications.ts";
import { removeApplication } from "../../service/remove-application.ts";
import { removeApplicationSecret } from "../../service/remove-application-secret.ts";
import type { Application } from "../../store/applications.ts";
import { permitted } from "../access.ts";
import { created, noContent, ok } from "../answer.ts";
import { json, noBody } from "../body-kinds.ts";
import { operation } from "../context.ts";
import { domainRefusal } from "../wire-errors.ts";
import { wireTime } from "../wire-time.ts";

/** The answer is the only place where the secret of an application without keys ever stands. */
export const createApplication = operation({
  name: "CreateApplication",
  method: "POST",
  path: "/halligan/v1/applications",
  access: permitted("CreateApplication"),
  body: json(CreateApplicationRequest),
  async handler({ caller, body }, context) {
    const made = await create(context, caller, body);
    if (!made.ok) return domainRefusal(made.error);
    const answer: NewApplicationWire = {
      ...applicationWire(made.value.application),
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
    const answer: ApplicationListWire = { value: (await list(context)).map(applicationWire) };
    return ok(answer);
  },
});

/** Its tokens are refused at once on this node. */
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
    context.tokens.revoke(clientId, context.clock.nowMs());
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
    const removed = await removeApplicationSecret(context, caller, params.clientId ?? "");
    return removed.ok ? noContent() : domainRefusal(removed.error);
  },
});

const applicationWire = ({ clientId, name, roles, keys, secretSha256, createdAtMs }: Application): ApplicationWire => ({
  clientId,
  name,
  roles: [...roles],
  hasSecret: secretSha256 !== null,
  keyIds: keys.flatMap(({ kid }) => (typeof kid === "string" ? [kid] : [])),
  createdAt: wireTime(createdAtMs),
});
