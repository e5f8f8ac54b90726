import { DeviceGroupListWire } from "@halligan/protocol/api";
import * as groups from "../../../../service/machines/device-groups.ts";
import { permitted } from "../../../edge/access.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { json } from "../../../edge/declared-responses.ts";
import { ok } from "../../../edge/http-response.ts";
import { sampleGroup } from "../../../openapi/samples/administration.ts";
import { ADMIN } from "../../access-rules.ts";
import { operation } from "../../context.ts";
import { deviceGroupWire } from "./device-group-wire.ts";

export const listDeviceGroups = operation({
  name: "ListDeviceGroups",
  method: "GET",
  path: "/halligan/v1/device-groups",
  access: permitted(ADMIN),
  rateLimit: "none",
  query: {},
  doc: {
    tag: "Halligan",
    summary: "List device groups",
  },
  responses: { 200: json("All of them.", DeviceGroupListWire, { value: [sampleGroup] }) },
  body: noBody,
  async handler(_request, context) {
    const responseBody: DeviceGroupListWire = { value: (await groups.listDeviceGroups(context)).map(deviceGroupWire) };
    return ok(responseBody);
  },
});
