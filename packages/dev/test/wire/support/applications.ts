import assert from "node:assert/strict";
import { Api } from "./api.ts";
import { textAt } from "./json.ts";
import type { Here } from "./target.ts";

/**
 * An application with these permissions alone, made by Halligan's own interface, and the API as it
 * sees it.
 */
export async function applicationWith({ api, target }: Here, name: string, roles: readonly string[]): Promise<Api> {
  const made = await api.post("/halligan/v1/applications", { name, roles });
  assert.equal(made.status, 201, made.text);
  return Api.open({
    ...target,
    clientId: textAt(made.body, "clientId"),
    clientSecret: textAt(made.body, "clientSecret"),
  });
}
