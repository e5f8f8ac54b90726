import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { renderWaitingActions } from "../src/render/action.ts";
import { renderTable } from "../src/render/text/table.ts";
import { cutToWidth, textWidth } from "../src/render/text/text-width.ts";
import { renderWaiting } from "../src/render/watch.ts";

const ID = "0123456789abcdef0123456789abcdef01234567";
const COLUMNS = [
  { title: "NAME", cell: ({ name }: { name: string }) => name, isName: true },
  { title: "ID", cell: () => ID },
  { title: "TAGS", cell: () => "a tag that is rather long", mayShrink: true },
];

describe("what actions wait for on a terminal", () => {
  const action = (status: "Pending" | "Succeeded") => ({
    ...{ id: "3f2a0d6e-5b1c-4c58-9a51-0c3f6d1b7a22", type: "LiveResponse", title: null, requestor: "app" },
    ...{ requestorComment: "", status, machineId: ID, computerDnsName: "web-01", scope: null, externalId: null },
    ...{ creationDateTimeUtc: "2026-11-21T17:32:05Z", lastUpdateDateTimeUtc: "2026-11-21T17:32:05Z", commands: [] },
    ...{ cancellationRequestor: null, cancellationComment: null, cancellationDateTimeUtc: null, errorHResult: 0 },
    ...{ requestSource: "PublicApi", relatedFileInfo: null, troubleshootInfo: null },
  });
  const end = "2026-11-24T17:32:05Z";
  const waiting = {
    reason: "SessionLimit",
    since: "2026-11-21T17:32:05Z",
    until: end,
    detail: "d",
    position: 17,
  } as const;
  const whole = /waits for a session slot: it is number 17 in the queue; the action times out at 2026-11-24 /;

  it("is whole on 80 columns: below its action in the list, and over several lines in watch", () => {
    const actions = [{ ...action("Pending"), waiting }, action("Succeeded")];
    const list = renderWaitingActions(actions, 80, 0);
    const watched = renderWaiting(waiting, 0, 80);
    for (const text of [list, watched]) {
      for (const line of text.split("\n")) assert.ok(textWidth(line) <= 80, line);
      assert.match(text.replaceAll(/\s+/g, " "), whole);
    }
    assert.equal(list.split("\n").filter((line) => line.includes("web-01")).length, 2);
  });

  it("is in its own column where the terminal is wide, and in a pipe", () => {
    for (const width of [200, null]) {
      const lines = renderWaitingActions([{ ...action("Pending"), waiting }], width, 0).split("\n");
      assert.match(lines[0] ?? "", /WAITING$/);
      assert.match(lines[1] ?? "", whole);
      assert.equal(renderWaiting(waiting, 0, width).split("\n").length, 2);
    }
  });
});

describe("a table", () => {
  it("fits a terminal with a name of 255 characters: the name ends with an ellipsis, the id is whole", () => {
    const rows = [{ name: "x".repeat(255) }, { name: "web-01" }];
    const lines = renderTable(rows, COLUMNS, 80).trimEnd().split("\n");
    for (const line of lines) assert.ok(textWidth(line) <= 80, line);
    assert.match(lines[1] ?? "", /^x+… {2}0123456789abcdef0123456789abcdef01234567 {2}a tag t…$/);
  });

  it("cuts other columns before a name, and nothing in a pipe", () => {
    assert.match(renderTable([{ name: "web-01.lab.example" }], COLUMNS, 75), /web-01\.lab\.example {2}/);
    const whole = renderTable([{ name: "x".repeat(255) }], COLUMNS, null);
    assert.ok(whole.includes("x".repeat(255)) && whole.includes("rather long"));
  });

  it("aligns wide characters and combining marks by what they take on a terminal", () => {
    const rows = [{ name: "机器" }, { name: "cafe\u0301" }, { name: "👩‍💻x" }, { name: "abcd" }];
    const lines = renderTable(rows, COLUMNS, null).trimEnd().split("\n");
    const starts = lines.slice(1).map((line) => textWidth(line.slice(0, line.indexOf(ID))));
    assert.deepEqual(starts, [6, 6, 6, 6]);
  });

  it("never cuts a character from its marks or in half", () => {
    assert.equal(cutToWidth("机器机器", 5), "机器…");
    assert.equal(cutToWidth("机器机器", 4), "机…");
    assert.equal(cutToWidth("e\u0301e\u0301e\u0301", 2), "e\u0301…");
    assert.equal(cutToWidth("abc", 3), "abc");
    assert.equal(cutToWidth("abc", 0), "");
  });
});
