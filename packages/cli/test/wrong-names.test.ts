import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { makeWorld } from "./halligan.ts";

const CLIENT_ID = "11111111-1111-4111-8111-111111111111";

describe("a name that is none ends with the command that shows the names", { concurrency: 4 }, () => {
  for (const [words, exit, expected] of [
    [["library", "approve", "triage.sh"], 64, /64 hex digits.*halligan library versions NAME/],
    [["library", "withdraw", "abc"], 64, /64 hex digits.*halligan library versions NAME/],
    [["callers", "block", "bob"], 64, /ISSUER#ID.*halligan audit --json.*halligan app remove/],
    [["callers", "unblock", "bob"], 64, /ISSUER#ID/],
    [["callers", "unblock", "https://login.example#bob"], 66, /See: halligan callers list/],
    [["enrollment-token", "revoke", "zz"], 66, /See: halligan enrollment-token list/],
    [["app", "remove-secret", CLIENT_ID, "zz"], 66, /See: halligan app list --secrets/],
    [["action", "zz", "--verify"], 66, /See: halligan actions/],
    [["action", "zz", "--revoke-links"], 66, /See: halligan actions/],
    [["cancel", "zz"], 66, /See: halligan actions/],
    [["watch", "zz"], 66, /See: halligan actions/],
    [["library", "show", "nope"], 66, /See: halligan library list/],
    [["result", "zz"], 66, /See: halligan actions/],
  ] as const) {
    it(words.join(" "), async () => {
      await using world = await makeWorld();
      const { exitCode, stderr } = await world.run(...words);
      assert.match(stderr, expected);
      assert.equal(exitCode, exit, stderr);
    });
  }
});
