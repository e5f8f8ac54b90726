import { Type } from "typebox";
import { sameText } from "../../../../auth/signatures/canonical-text.ts";
import { anonymous } from "../../../edge/access.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { bytes } from "../../../edge/declared-responses.ts";
import { httpError } from "../../../edge/http-response.ts";
import { bytesBlob } from "../../../edge/response/bytes-blob.ts";
import { operation } from "../../context.ts";

const FORWARDED = ["x-forwarded-for", "forwarded", "x-real-ip", "via"];

/**
 * For Prometheus. The figures name no device and no caller, but tell how busy a deployment is: they
 * are given to this machine itself, and elsewhere to a caller with the token. Behind a proxy every
 * caller seems to be this machine, and not every proxy adds a header.
 */
export const getMetrics = operation({
  name: "GetMetrics",
  method: "GET",
  path: "/metrics",
  access: anonymous,
  rateLimit: "none",
  doc: {
    tag: "Halligan",
    summary: "Figures for Prometheus",
    description:
      "Given to this machine itself, and elsewhere to whoever has the token of `HALLIGAN_METRICS_TOKEN` as its bearer token.",
    refusals: { 401: "`Unauthorized`: asked from elsewhere without the token." },
  },
  responses: { 200: bytes("The figures.", { "text/plain": { schema: Type.String() } }) },
  body: noBody,
  async handler({ headers, remoteAddress }, { health }) {
    const isOwn = !health.isBehindProxy && isFromThisMachine(remoteAddress, headers);
    const given = /^Bearer +([!-~]{1,512})$/i.exec(headers.authorization ?? "")?.[1];
    const hasToken = given !== undefined && health.metricsToken !== null && sameText(given, health.metricsToken);
    if (!isOwn && !hasToken) {
      return httpError(401, "Unauthorized", "Metrics need the token of HALLIGAN_METRICS_TOKEN", {
        "www-authenticate": "Bearer",
      });
    }
    const bytes = Buffer.from(await health.metrics(), "utf8");
    return {
      kind: "bytes",
      status: 200 as const,
      lengthBytes: bytes.length,
      headers: { "content-type": health.metricsContentType },
      open: async () => bytesBlob(bytes),
    };
  },
});

/** Not what a proxy of this machine passes on and says so. */
export const isFromThisMachine = (remoteAddress: string, headers: Readonly<Record<string, unknown>>): boolean =>
  /^(::1|(::ffff:)?127\.\d+\.\d+\.\d+)$/.test(remoteAddress) && FORWARDED.every((name) => headers[name] === undefined);
