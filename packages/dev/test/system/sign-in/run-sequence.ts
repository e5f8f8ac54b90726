import assert from "node:assert/strict";
import { until } from "../../../../protocol/test/support/until.ts";
import { at, textAt } from "../../wire/support/json.ts";
import type { Job } from "./job.ts";

/**
 * What connectors do with a token: start, poll, get the link, download. By plain fetch, as they do.
 * `token` is asked before every request: the library decides whether the one it holds is still
 * good.
 */
export async function runSequence(
  { apiUrl, machineId, scriptName }: Job,
  token: () => Promise<string>,
): Promise<unknown> {
  const call = async (method: string, path: string, json?: unknown): Promise<unknown> => {
    const response = await fetch(`${apiUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${await token()}`, "content-type": "application/json" },
      ...(json !== undefined && { body: JSON.stringify(json) }),
    });
    const body = await response.text();
    assert.ok(response.ok, `${method} ${path}: ${response.status} ${body}`);
    return JSON.parse(body);
  };
  const started = await call("POST", `/api/machines/${machineId}/runliveresponse`, {
    Commands: [{ type: "RunScript", params: [{ key: "ScriptName", value: scriptName }] }],
    Comment: "signed in by a library",
  });
  const id = textAt(started, "id");
  await until(async () => {
    const action = await call("GET", `/api/machineactions/${id}`);
    return !["Pending", "InProgress"].includes(textAt(action, "status"));
  }, "the end of the action");
  const link = await call("GET", `/api/machineactions/${id}/GetLiveResponseResultDownloadLink(index=0)`);
  const result: unknown = await (await fetch(textAt(link, "value"))).json();
  return {
    status: textAt(await call("GET", `/api/machineactions/${id}`), "status"),
    output: at(result, "script_output"),
  };
}
