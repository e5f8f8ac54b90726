import { ActionWithResultsWire } from "@halligan/protocol/api";
import { accountOf } from "../../../../auth/caller.ts";
import { getActionNow } from "../../../../service/actions/get-machine-action.ts";
import { permitted } from "../../../edge/access.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { json } from "../../../edge/declared-responses.ts";
import { ok, tooManyRequests } from "../../../edge/http-response.ts";
import { sampleSucceededAction } from "../../../openapi/samples/actions.ts";
import { actionIdParameter, waitParameter } from "../../../openapi/samples/parameters.ts";
import { ACTION_NOT_FOUND } from "../../../openapi/samples/refusals.ts";
import { contextOf, SAMPLE } from "../../../openapi/samples/values.ts";
import { READ } from "../../access-rules.ts";
import { actionNowEntity, inlineResults, readWait, waitForEnd } from "../../action-wait.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors/errors.ts";

/** It is not known when a slot gets free. */
const RETRY_AFTER_S = 5;

const SAMPLE_RESULT = {
  index: 0,
  transcript: {
    script_name: SAMPLE.fileName,
    exit_code: 0,
    script_output: "hello from build-07\n",
    script_errors: "",
  },
};

/** An action and its small results in one response, now or at its end. */
export const waitForMachineAction = operation({
  name: "WaitForMachineAction",
  method: "GET",
  path: "/halligan/v1/actions/:id",
  access: permitted(READ),
  rateLimit: "none",
  query: { wait: "value" },
  doc: {
    tag: "Machine actions",
    summary: "Wait for a machine action and get its small results",
    description:
      "The action when it is final, or when the wait is over: `status` says which. Without `wait` it is the present state. A wait longer " +
      "than the server's longest one (`HALLIGAN_MAX_ACTION_WAIT_MS`) ends there. `waiting` says what an unfinished action waits for, and `options` what its caller chose at the start. A final action has its small transcripts in `results`, " +
      "64 KiB together, for callers who may get their download links: the request counts, and each transcript is recorded, as GetLiveResponseResultDownloadLink.",
    path: { id: actionIdParameter },
    query: { wait: waitParameter },
    refusals: {
      400: "`InvalidInput`: `wait` is no duration.",
      404: ACTION_NOT_FOUND,
      429: "`TooManyRequests`: all waiting requests of this node, or of this caller, are taken. `Retry-After` says when to try again.",
    },
  },
  responses: {
    200: json("The action.", ActionWithResultsWire, {
      "@odata.context": contextOf("MachineActions/$entity"),
      ...sampleSucceededAction,
      results: [SAMPLE_RESULT],
    }),
  },
  body: noBody,
  async handler({ caller, isStillAdmitted, method, params, options, signal: gone }, context) {
    const wait = readWait(options.get("wait"), context.maxActionWaitMs);
    if (wait.kind === "error") return wait;
    using slot = wait.waitMs === null ? null : context.waitingRequests.enter(accountOf(caller), gone);
    if (wait.waitMs !== null && slot === null)
      return tooManyRequests(RETRY_AFTER_S, "all waiting requests, or all of this caller, are taken");
    const found = await getActionNow(context, caller, params.id);
    if (!found.ok) return domainRefusal(found.error);
    const waiter = { caller, isStillAdmitted };
    const now = await waitForEnd(context, waiter, found.value, wait.waitMs ?? 0, slot?.signal ?? gone);
    // No caller receives them, so nothing is recorded.
    const results = gone.aborted || method === "HEAD" ? undefined : await inlineResults(context, waiter, now.action);
    return ok(actionNowEntity(context, now, results));
  },
});
