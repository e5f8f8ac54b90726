import assert from "node:assert/strict";
import type { Answer } from "../support/api.ts";
import { assertError, assertOAuthError } from "../support/golden.ts";
import { at } from "../support/json.ts";
import { type RawAnswer, type RawRequest, rawSend } from "../support/raw-http.ts";
import { ROUTES, type Route, samplePath } from "../support/route-table.ts";
import { OUTSIDE, setUp } from "../support/target.ts";

/** Lines that the server logged as errors of its own. */
export const faults: string[] = [];
export const here = setUp({
  agents: 1,
  onLine: (program, line) => {
    if (program === "server" && /"level":(50|60)/.test(line)) faults.push(line);
  },
});

export const routes = OUTSIDE === null ? ROUTES : ROUTES.filter(({ isContract }) => isContract);
const tenant = () => new URL(here().target.tokenUrl).pathname.split("/")[1] ?? "";
export const pathOf = (route: Route) => samplePath(route, tenant());
export const bearer = () => `Authorization: Bearer ${here().api.token}`;
export const JSON_TYPE = "Content-Type: application/json";

export const sendTo = (route: Route, request: Partial<RawRequest>): Promise<RawAnswer> =>
  rawSend(here().target.baseUrl, { method: route.method, target: pathOf(route), ...request });

/** The one form of errors, of its route, whatever the code. */
export function assertRefusal(route: Pick<Route, "isOAuth" | "title">, answer: RawAnswer | Answer, what: string): void {
  const said = `${what}: ${answer.status} ${answer.text.slice(0, 500)}`;
  assert.ok(answer.status >= 400 && answer.status < 500, said);
  assertForm(route, answer);
}

export function assertForm({ isOAuth }: Pick<Route, "isOAuth">, answer: RawAnswer | Answer): void {
  if (isOAuth) assertOAuthError(answer, answer.status, String(at(answer.body, "error")));
  else assertError(answer, answer.status, String(at(answer.body, "error", "code")));
}

/** For what a route may answer as it likes: a refusal has its form, and nothing is a 5xx. */
export function assertOrderly(route: Route, answer: RawAnswer, what: string): void {
  assert.ok(answer.status >= 200 && answer.status < 500, `${what}: ${answer.status} ${answer.text.slice(0, 500)}`);
  if (answer.status >= 400 && route.method !== "HEAD") assertForm(route, answer);
}

export async function assertAlive(): Promise<void> {
  const answer = await here().api.get("/api/machines?$top=1");
  assert.equal(answer.status, 200, answer.text);
}
export const MIB = 1024 * 1024;
