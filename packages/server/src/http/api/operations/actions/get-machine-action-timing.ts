import { ActionTimingWire } from "@halligan/protocol/api";
import { getActionNow } from "../../../../service/actions/get-machine-action.ts";
import { permitted } from "../../../edge/access.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { json } from "../../../edge/declared-responses.ts";
import { ok } from "../../../edge/http-response.ts";
import { actionIdParameter } from "../../../openapi/samples/parameters.ts";
import { ACTION_NOT_FOUND } from "../../../openapi/samples/refusals.ts";
import { SAMPLE } from "../../../openapi/samples/values.ts";
import { READ } from "../../access-rules.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors/errors.ts";
import { actionTimingWire } from "../../present/action-timing-wire.ts";

const SAMPLE_BODY = {
  actionId: SAMPLE.actionId,
  status: "Succeeded",
  steps: [
    { step: "accepted", index: null, at: "2026-11-21T12:00:00.118Z", sinceMs: 0 },
    { step: "claimed", index: null, at: "2026-11-21T12:00:00.121Z", sinceMs: 3 },
    { step: "sent", index: null, at: "2026-11-21T12:00:00.124Z", sinceMs: 3 },
    { step: "started", index: 0, at: "2026-11-21T12:00:00.31Z", sinceMs: 186 },
    { step: "ended", index: 0, at: "2026-11-21T12:00:02.465Z", sinceMs: 2_155 },
    { step: "uploaded", index: 0, at: "2026-11-21T12:00:02.47Z", sinceMs: 5 },
    { step: "started", index: 1, at: "2026-11-21T12:00:02.48Z", sinceMs: 10 },
    { step: "ended", index: 1, at: "2026-11-21T12:00:02.6Z", sinceMs: 120 },
    { step: "uploaded", index: 1, at: "2026-11-21T12:00:02.603Z", sinceMs: 3 },
    { step: "final", index: null, at: "2026-11-21T12:00:02.603Z", sinceMs: 0 },
  ],
  totalMs: 2_485,
  waiting: [],
} satisfies ActionTimingWire;

/** Where the time of an action went: `domain/actions/progress/action-timing.ts`. */
export const getMachineActionTiming = operation({
  name: "GetMachineActionTiming",
  method: "GET",
  path: "/halligan/v1/actions/:id/timing",
  access: permitted(READ),
  rateLimit: "none",
  doc: {
    tag: "Machine actions",
    summary: "Get the timing of a machine action",
    description:
      "The moments of its way that are known, in their order: accepted, claimed for its device, sent to it, then each command started, ended " +
      "on the device and uploaded (all of its result is durable here), and final. The milliseconds between them add up to the whole. " +
      "`waiting` has what an unfinished action waits for, and `options` what its caller chose.",
    path: { id: actionIdParameter },
    refusals: {
      404: ACTION_NOT_FOUND,
    },
  },
  responses: { 200: json("The steps so far.", ActionTimingWire, SAMPLE_BODY, "ActionTiming") },
  body: noBody,
  async handler({ caller, params }, context) {
    const found = await getActionNow(context, caller, params.id);
    return found.ok ? ok(actionTimingWire(found.value)) : domainRefusal(found.error);
  },
});
