import assert from "node:assert/strict";
import { test } from "node:test";
import { err } from "@halligan/protocol/errors";
import { clientAddress, parseTrustedProxies } from "../../../../src/http/edge/admission/client-address.ts";
import { addressKey } from "../../../../src/network/address-key.ts";

function proxies(text: string) {
  const parsed = parseTrustedProxies(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value.proxies;
}

const TRUSTED = proxies("10.0.0.0/8, 192.0.2.7,2001:db8:1::/48");

test("X-Forwarded-For is read from right to left and only over trusted proxies", () => {
  for (const [peer, header, expected] of [
    ["10.0.0.1", "198.51.100.1", "198.51.100.1"],
    ["::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"],
    ["10.0.0.1", "203.0.113.9, 198.51.100.1, 10.2.2.2", "198.51.100.1"],
    ["10.0.0.1", "127.0.0.1, 198.51.100.1", "198.51.100.1"],
    ["2001:db8:1::5", "2001:db8:2::9", "2001:db8:2::9"],
    ["10.0.0.1", "198.51.100.1:55555", "198.51.100.1"],
    ["10.0.0.1", "[2001:db8:2::9]:55555", "2001:db8:2::9"],
    ["10.0.0.1", "::ffff:198.51.100.1", "198.51.100.1"],
    // All are trusted: the leftmost is the farthest that is known.
    ["10.0.0.1", "10.3.3.3, 10.2.2.2", "10.3.3.3"],
    ["198.51.100.2", "203.0.113.9", "198.51.100.2"],
    ["10.0.0.1", "unknown", "10.0.0.1"],
    ["10.0.0.1", "198.51.100.1, not-an-address", "10.0.0.1"],
    ["10.0.0.1", "", "10.0.0.1"],
    ["10.0.0.1", undefined, "10.0.0.1"],
    ["10.0.0.1", `203.0.113.9,${"10.0.0.2,".repeat(10_000)}10.0.0.2`, "10.0.0.2"],
    [undefined, "203.0.113.9", ""],
  ] as const) {
    assert.equal(clientAddress(peer, header, TRUSTED), expected, `${peer} ${header?.slice(0, 60)}`);
  }
});

test("without trusted proxies the header is the caller's own text", () => {
  assert.equal(clientAddress("10.0.0.1", "203.0.113.9", proxies("")), "10.0.0.1");
});

test("the list of proxies takes addresses and ranges and refuses everything else", () => {
  for (const wrong of [
    "proxy.example",
    "10.0.0.0/33",
    "10.0.0.0/0",
    "::/0",
    "10.0.0.0/8/8",
    "10.0.0.0/",
    "2001:db8::/129",
    "1.2.3",
  ]) {
    assert.deepEqual(parseTrustedProxies(`10.0.0.1, ${wrong}`), err(wrong));
  }
});

test("IPv6 addresses are counted by their /64, however they are written", () => {
  const network = "2001:db8:0:1::/64";
  for (const address of [
    "2001:db8:0:1::1",
    "2001:0DB8:0000:0001:ffff:ffff:ffff:ffff",
    "2001:db8::1:0:0:192.0.2.1",
    "2001:db8:0:1::%eth0",
  ]) {
    assert.equal(addressKey(address), network, address);
  }
  assert.notEqual(addressKey("2001:db8:0:2::1"), network);
  assert.equal(addressKey("::1"), "0:0:0:0::/64");
  assert.equal(addressKey("192.0.2.1"), "192.0.2.1");
  assert.equal(addressKey("::ffff:c000:201"), "192.0.2.1");
  assert.equal(addressKey(""), "");
});
