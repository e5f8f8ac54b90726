import { BlockCallerRequest, type BlockedCallerListWire, type BlockedCallerWire } from "@halligan/protocol/api";
import {
  blockCaller as block,
  listBlockedCallers as list,
  unblockCaller as unblock,
} from "../../../../service/administration/blocked-callers.ts";
import type { BlockedCaller } from "../../../../store/administration/blocked-callers.ts";
import { permitted } from "../../../edge/access.ts";
import { noContent, ok } from "../../../edge/answer.ts";
import { json, noBody } from "../../../edge/body/body-kinds.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors.ts";
import { wireTime } from "../../present/wire-time.ts";

const PATH = "/halligan/v1/blocked-callers";

/** Its tokens and result links are refused at once on this node, and on the others within a second. */
export const blockCaller = operation({
  name: "BlockCaller",
  method: "POST",
  path: PATH,
  access: permitted("BlockCaller"),
  body: json(BlockCallerRequest),
  async handler({ caller, body }, context) {
    const blocked = await block(context, caller, body.callerId, body.reason);
    if (!blocked.ok) return domainRefusal(blocked.error);
    context.tokens.revoke(body.callerId);
    return ok(blockedWire(blocked.value));
  },
});

export const listBlockedCallers = operation({
  name: "ListBlockedCallers",
  method: "GET",
  path: PATH,
  access: permitted("ListBlockedCallers"),
  query: {},
  body: noBody,
  async handler(_request, context) {
    const answer: BlockedCallerListWire = { value: (await list(context)).map(blockedWire) };
    return ok(answer);
  },
});

export const unblockCaller = operation({
  name: "UnblockCaller",
  method: "DELETE",
  path: `${PATH}/:callerId`,
  access: permitted("UnblockCaller"),
  body: noBody,
  async handler({ caller, params }, context) {
    const unblocked = await unblock(context, caller, params.callerId ?? "");
    return unblocked.ok ? noContent() : domainRefusal(unblocked.error);
  },
});

const blockedWire = ({ callerId, blockedBy, blockedAtMs, reason }: BlockedCaller): BlockedCallerWire => ({
  callerId,
  blockedBy,
  blockedAt: wireTime(blockedAtMs),
  reason,
});
