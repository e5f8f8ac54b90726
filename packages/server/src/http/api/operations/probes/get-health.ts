import { HealthWire } from "@halligan/protocol/api";
import { anonymous } from "../../../edge/access.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { json } from "../../../edge/declared-responses.ts";
import { ok } from "../../../edge/http-response.ts";
import { operation } from "../../context.ts";

/**
 * Whether the process lives. Asks nothing else, so that a database that is unavailable restarts no
 * node.
 */
export const getHealth = operation({
  name: "GetHealth",
  method: "GET",
  path: "/healthz",
  access: anonymous,
  rateLimit: "none",
  isPublic: true,
  doc: {
    tag: "Halligan",
    summary: "Whether the process lives",
    description: "For what restarts it. Asks no database, so that one that is unavailable restarts nothing.",
  },
  responses: { 200: json("It lives.", HealthWire, { status: "alive" }) },
  body: noBody,
  handler() {
    const health: HealthWire = { status: "alive" };
    return ok(health);
  },
});
