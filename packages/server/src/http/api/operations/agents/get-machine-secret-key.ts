import { MachineSecretKeyWire } from "@halligan/protocol/api";
import { getSecretKey } from "../../../../service/agents/get-secret-key.ts";
import { permitted } from "../../../edge/access.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { json } from "../../../edge/declared-responses.ts";
import { ok } from "../../../edge/http-response.ts";
import { machineIdParameter } from "../../../openapi/samples/parameters.ts";
import { MACHINE_NOT_FOUND } from "../../../openapi/samples/refusals.ts";
import { SAMPLE } from "../../../openapi/samples/values.ts";
import { START } from "../../access-rules.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors/errors.ts";

/** Who may start an action may encrypt secrets for it. */
export const getMachineSecretKey = operation({
  name: "GetMachineSecretKey",
  method: "GET",
  path: "/halligan/v1/machines/:id/secret-key",
  access: permitted(START),
  rateLimit: "none",
  doc: {
    tag: "Live response",
    summary: "Get the key to which secrets for a machine are encrypted",
    description:
      "For `secretEnv` of StartLiveResponse. The device has made the key and signed it with its own one, `publicKey`: Ed25519 over " +
      "`halligan-secret-key-v1`, a line feed, the machine's id, a line feed, and `key`. The id is computed from `publicKey`, so a caller " +
      "who knows the id verifies all of it without trust in this server. A value is encrypted with HPKE (RFC 9180), mode base, " +
      "DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM; `info` is `halligan-secret-env-v1`, a line feed, the machine's id in lower " +
      "case, a line feed, and the variable's name; `aad` is empty. `sealed` is the encapsulated key and the ciphertext, in base64url.",
    path: { id: { ...machineIdParameter, description: "Id of the machine, or its computer name." } },
    refusals: {
      400: "`InvalidInput`: the name is that of several machines.",
      404: MACHINE_NOT_FOUND,
      409: "`SecretsNotSupported`: the machine's agent takes no secrets, or has not connected since it was upgraded.",
    },
  },
  responses: {
    200: json("The key, signed by the device.", MachineSecretKeyWire, {
      machineId: SAMPLE.machineId,
      publicKey: SAMPLE.publicKey,
      key: SAMPLE.secretKey,
      signature: "EXAMPLE-signature-of-a-key".padEnd(86, "0"),
    }),
  },
  body: noBody,
  async handler({ caller, params }, context) {
    const found = await getSecretKey(context, caller, params.id);
    return found.ok ? ok(found.value satisfies MachineSecretKeyWire) : domainRefusal(found.error);
  },
});
