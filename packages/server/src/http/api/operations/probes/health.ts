import type { HealthWire, ReadinessWire, UnreadyWire } from "@halligan/protocol/api";
import { sameText } from "../../../../auth/signatures/canonical-text.ts";
import { anonymous } from "../../../edge/access.ts";
import { errorBody, ok, refuse } from "../../../edge/answer.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { bytesBlob } from "../../../edge/response/bytes-blob.ts";
import { operation } from "../../context.ts";

/** Whether the process lives. Asks nothing else, so that a database that is away restarts no node. */
export const getHealth = operation({
  name: "GetHealth",
  method: "GET",
  path: "/healthz",
  access: anonymous,
  isPublic: true,
  body: noBody,
  handler() {
    const health: HealthWire = { status: "alive" };
    return ok(health);
  },
});

/** Whether a load balancer may send work here; 503 with what is missing. Warnings are for operators and change no status. */
export const getReadiness = operation({
  name: "GetReadiness",
  method: "GET",
  path: "/readyz",
  access: anonymous,
  isPublic: true,
  body: noBody,
  async handler({ id }, { health }) {
    const { missing: missingParts, warnings: warned } = await health.readiness();
    const [missing, warnings] = [[...missingParts], [...warned]];
    if (missing.length === 0) {
      const readiness: ReadinessWire = { ready: true, missing, warnings };
      return ok(readiness);
    }
    // The body of every 5xx, and beside it the same for programs.
    const words = missing.map(({ part, reason }) => `${part}: ${reason}`).join("; ");
    const body: UnreadyWire = {
      ...errorBody("ServiceUnavailable", `This node is not ready: ${words}`, id),
      ready: false,
      missing,
      warnings,
    };
    return { ...ok(body), status: 503 };
  },
});

/**
 * For Prometheus. The figures name no device and no caller, but tell how busy a deployment is: they are given to this machine itself,
 * and elsewhere to whoever has the token. Behind a proxy everybody seems to be this machine, and not every proxy adds a header.
 */
export const getMetrics = operation({
  name: "GetMetrics",
  method: "GET",
  path: "/metrics",
  access: anonymous,
  body: noBody,
  async handler({ headers, remoteAddress }, { health }) {
    const isOwn = !health.isBehindProxy && isFromThisMachine(remoteAddress, headers);
    const given = /^Bearer +([!-~]{1,512})$/i.exec(headers.authorization ?? "")?.[1];
    const hasToken = given !== undefined && health.metricsToken !== null && sameText(given, health.metricsToken);
    if (!isOwn && !hasToken) {
      return refuse(401, "Unauthorized", "Metrics need the token of HALLIGAN_METRICS_TOKEN", {
        "www-authenticate": "Bearer",
      });
    }
    const bytes = Buffer.from(await health.metrics(), "utf8");
    return {
      kind: "bytes",
      status: 200,
      lengthBytes: bytes.length,
      headers: { "content-type": health.metricsContentType },
      open: async () => bytesBlob(bytes),
    };
  },
});

/** Not what a proxy of this machine passes on and says so. */
export const isFromThisMachine = (remoteAddress: string, headers: Readonly<Record<string, unknown>>): boolean =>
  /^(::1|(::ffff:)?127\.\d+\.\d+\.\d+)$/.test(remoteAddress) && FORWARDED.every((name) => headers[name] === undefined);

const FORWARDED = ["x-forwarded-for", "forwarded", "x-real-ip", "via"];
