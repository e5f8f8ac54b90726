import { ReadinessWire, UnreadyWire } from "@halligan/protocol/api";
import { anonymous } from "../../../edge/access.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { json } from "../../../edge/declared-responses.ts";
import { errorBody, ok } from "../../../edge/http-response.ts";
import { operation } from "../../context.ts";

/**
 * Whether a load balancer may send work here; 503 with what is missing. Warnings are for operators
 * and change no status.
 */
export const getReadiness = operation({
  name: "GetReadiness",
  method: "GET",
  path: "/readyz",
  access: anonymous,
  rateLimit: "none",
  isPublic: true,
  doc: {
    tag: "Halligan",
    summary: "Whether this node may be given work",
    description: "For a load balancer: 503 with what is missing.",
  },
  responses: {
    200: json("It is ready.", ReadinessWire, { ready: true, missing: [], warnings: [] }),
    503: json("It is not.", UnreadyWire, {
      error: {
        code: "ServiceUnavailable",
        message: "This node is not ready: database: it does not answer",
        target: "7f5a3c1e-9a94-4f0b-8d53-0c2e6f1a4b77",
      },
      ready: false,
      missing: [{ part: "database", reason: "it does not answer" }],
    }),
  },
  body: noBody,
  async handler({ id }, { health }) {
    const { missing: missingParts, warnings: warned } = await health.readiness();
    const [missing, warnings] = [[...missingParts], [...warned]];
    if (missing.length === 0) {
      const readiness: ReadinessWire = { ready: true, missing, warnings };
      return ok(readiness);
    }
    // The body of every 5xx, and next to it the same for programs.
    const words = missing.map(({ part, reason }) => `${part}: ${reason}`).join("; ");
    const body: UnreadyWire = {
      ...errorBody("ServiceUnavailable", `This node is not ready: ${words}`, id),
      ready: false,
      missing,
      warnings,
    };
    return { ...ok(body), status: 503 as const };
  },
});
