import { BlockedCallerListWire } from "@halligan/protocol/api";
import { listBlockedCallers as list } from "../../../../service/administration/blocked-callers.ts";
import { permitted } from "../../../edge/access.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { json } from "../../../edge/declared-responses.ts";
import { ok } from "../../../edge/http-response.ts";
import { sampleBlockedCaller } from "../../../openapi/samples/administration.ts";
import { ADMIN } from "../../access-rules.ts";
import { operation } from "../../context.ts";
import { blockedCallerWire } from "./blocked-caller-wire.ts";

export const listBlockedCallers = operation({
  name: "ListBlockedCallers",
  method: "GET",
  path: "/halligan/v1/blocked-callers",
  access: permitted(ADMIN),
  rateLimit: "none",
  query: {},
  doc: {
    tag: "Halligan",
    summary: "List blocked callers",
  },
  responses: { 200: json("All of them, newest first.", BlockedCallerListWire, { value: [sampleBlockedCaller] }) },
  body: noBody,
  async handler(_request, context) {
    const responseBody: BlockedCallerListWire = { value: (await list(context)).map(blockedCallerWire) };
    return ok(responseBody);
  },
});
