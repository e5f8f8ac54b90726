import assert from "node:assert/strict";
import type { Api } from "./api.ts";

/** The default group of a new deployment is closed to users. */
export async function openDefaultGroup(api: Api): Promise<void> {
  const open = { name: "UnassignedGroup", remediationLevel: "full", isOpenToUsers: true };
  const opened = await api.send("PUT", "/halligan/v1/device-groups/0", { json: open });
  assert.equal(opened.status, 200, opened.text);
}
