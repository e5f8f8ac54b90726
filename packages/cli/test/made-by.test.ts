import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { makeWorld } from "./halligan.ts";

const MAKER = "11111111-1111-4111-8111-111111111111";
const PERSON = "https://login.example#bob";
const OTHER = "33333333-3333-4333-8333-333333333333";

const application = (clientId: string, name: string, ownerId: string | null) => {
  return {
    clientId,
    name,
    roles: [],
    hasSecret: true,
    secrets: [],
    keyIds: [],
    createdAt: "2026-01-01T00:00:00Z",
    ownerId,
  };
};

describe("ending an account lists the applications that it made", () => {
  for (const [words, line, answer, name] of [
    [["app", "remove", MAKER], `DELETE /halligan/v1/applications/${MAKER}`, undefined, "left behind"],
    [
      ["callers", "block", PERSON],
      "POST /halligan/v1/blocked-callers",
      { callerId: PERSON, blockedBy: "me", blockedAt: "2026-01-01T00:00:00Z", reason: "left" },
      "of a person",
    ],
  ] as const) {
    it(words.join(" "), async () => {
      await using world = await makeWorld();
      const value = [
        application(MAKER, "maker", null),
        application("22222222-2222-4222-8222-222222222222", "left behind", MAKER),
        application(OTHER, "of a person", PERSON),
      ];
      world.api.script.routes.set("GET /halligan/v1/applications", () => ({ status: 200, json: { value } }));
      world.api.script.routes.set(line, () => ({ status: answer === undefined ? 204 : 200, json: answer }));
      const { exitCode, stderr } = await world.run(...words);
      assert.equal(exitCode, 0, stderr);
      assert.match(stderr, new RegExp(`can still sign in.*halligan app remove:\\n {2}\\S+ {2}${name}\\n$`));
    });
  }
});
