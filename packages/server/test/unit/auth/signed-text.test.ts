import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { checkDownloadUrl, signDownloadUrl } from "../../../src/auth/signatures/download-url.ts";
import { checkLinkTicket, signLinkTicket } from "../../../src/auth/signatures/link-ticket.ts";

const KEY = Buffer.alloc(32, 7);
const ACTION = "0f8fad5b-d9cb-469f-a165-70867728950e";
const EXPIRES = 1_800_000_000_000;

function partsOf(url: string) {
  const { pathname, searchParams } = new URL(url);
  const [, , , , actionId = "", index = ""] = pathname.split("/");
  const [by, gen] = [searchParams.get("by"), searchParams.get("gen")];
  return { actionId, index, se: searchParams.get("se") ?? "", sig: searchParams.get("sig") ?? "", by, gen };
}
const ORIGIN = { maker: "c1", makerGeneration: 4, actionGeneration: 3 };
/** The result of a check, and its subject. */
const outcome = (...given: Parameters<typeof checkDownloadUrl>) => {
  const checked = checkDownloadUrl(...given);
  return checked.kind === "signed" ? JSON.stringify(checked.origin) : checked.kind;
};
const OK = JSON.stringify({ maker: "c1", actionGeneration: 3, makerGeneration: 4 });
const signed = () =>
  partsOf(
    signDownloadUrl({
      publicUrl: "https://h.example",
      actionId: ACTION,
      index: 2,
      expiresAtMs: EXPIRES,
      key: KEY,
      ...ORIGIN,
    }),
  );

test("a link is good until the second it expires, with its own key only", () => {
  const link = signed();
  assert.deepEqual([link.actionId, link.index, link.se], [ACTION, "2", "1800000000"]);
  assert.equal(outcome(link, [KEY], EXPIRES - 1), OK);
  assert.equal(outcome(link, [KEY], EXPIRES), "expired");
  assert.equal(outcome(link, [Buffer.alloc(32, 8)], EXPIRES - 1), "invalid");
});

test("a link is plain text that survives being used verbatim", () => {
  const url = signDownloadUrl({
    publicUrl: "https://h.example",
    actionId: ACTION,
    index: 0,
    expiresAtMs: EXPIRES,
    key: KEY,
    ...ORIGIN,
  });
  assert.match(
    url,
    /^https:\/\/h\.example\/halligan\/v1\/results\/[0-9a-f-]{36}\/0\?se=\d+&by=c1&gen=3\.4&sig=[A-Za-z0-9_-]{43}$/,
  );
});

test("no link with any other part, in any other spelling, is good", () => {
  const link = signed();
  for (const altered of [
    { actionId: ACTION.toUpperCase() },
    { actionId: "1f8fad5b-d9cb-469f-a165-70867728950e" },
    { index: "02" },
    { index: "3" },
    { index: "2 " },
    { se: "1800000001" },
    { se: "01800000000" },
    { se: "18e8" },
    { sig: `${link.sig}=` },
    { sig: "" },
    { by: "c2" },
    { by: "c1 " },
    { by: null },
    { gen: "3.5" },
    { gen: "03.4" },
    { gen: null },
  ]) {
    assert.equal(outcome({ ...link, ...altered }, [KEY], 0), "invalid", JSON.stringify(altered));
  }
});

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

test("a signature changed in any one character is refused, spare bits included", () => {
  const link = signed();
  const machineId = "a".repeat(40);
  const ticket = signLinkTicket({ machineId, connectionEpoch: 3 }, KEY);
  fc.assert(
    fc.property(fc.nat(42), fc.constantFrom(...ALPHABET), (at, character) => {
      const alter = (text: string, offset: number) =>
        text.slice(0, offset + at) + character + text.slice(offset + at + 1);
      const sig = alter(link.sig, 0);
      assert.equal(outcome({ ...link, sig }, [KEY], 0), sig === link.sig ? OK : "invalid");
      const changed = alter(ticket, ticket.length - 43);
      assert.deepEqual(checkLinkTicket(changed, [KEY]), changed === ticket ? { machineId, connectionEpoch: 3 } : null);
    }),
    { numRuns: 2_000 },
  );
});

test("a ticket says whose it is, and no other text does", () => {
  const machineId = "0123456789abcdef0123456789abcdef01234567";
  const ticket = signLinkTicket({ machineId, connectionEpoch: 12 }, KEY);
  assert.deepEqual(checkLinkTicket(ticket, [KEY]), { machineId, connectionEpoch: 12 });
  assert.equal(checkLinkTicket(ticket, [Buffer.alloc(32)]), null);
  for (const text of [
    "",
    ticket.replace(".12.", ".13."),
    ticket.replace(".12.", ".012."),
    ticket.replace("v1", "v2"),
    `${ticket}\n`,
  ]) {
    assert.equal(checkLinkTicket(text, [KEY]), null, text);
  }
});
