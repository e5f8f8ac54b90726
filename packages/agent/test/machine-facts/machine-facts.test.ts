import assert from "node:assert/strict";
import { test } from "node:test";
import { MachineFacts } from "@halligan/protocol/link";
import { Compile } from "typebox/compile";
import { currentFacts } from "../../src/machine-facts/machine-facts.ts";
import { windows } from "../../src/machine-facts/operating-system.ts";
import { parseOsRelease } from "../../src/machine-facts/os-release.ts";

test("what this device says of itself fits the wire, and a given name stands for the host's", () => {
  const facts = currentFacts("box.example");
  assert.ok(Compile(MachineFacts).Check(facts), JSON.stringify(facts));
  assert.equal(facts.computerDnsName, "box.example");
  if (process.platform === "linux") assert.equal(facts.osPlatform, "Linux");
});

test("quotes in os-release are taken off", () => {
  const values = parseOsRelease('PRETTY_NAME="Debian \\"12\\""\nVERSION_ID=12\n# comment\nNAME=\'x y\'\n');
  assert.deepEqual(
    [...values],
    [
      ["PRETTY_NAME", 'Debian "12"'],
      ["VERSION_ID", "12"],
      ["NAME", "x y"],
    ],
  );
});

test("Windows is named as the contract names it", () => {
  assert.equal(windows("10.0.22631", "Windows 11 Pro").osPlatform, "Windows11");
  assert.equal(windows("10.0.19045", "Windows 10 Pro").osPlatform, "Windows10");
  assert.equal(windows("10.0.20348", "Windows Server 2022 Standard").osPlatform, "WindowsServer2022");
});
