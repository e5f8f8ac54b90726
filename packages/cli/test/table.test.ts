import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { renderTable } from "../src/render/text/table.ts";
import { cutToWidth, textWidth } from "../src/render/text/text-width.ts";

const ID = "0123456789abcdef0123456789abcdef01234567";
const COLUMNS = [
  { title: "NAME", cell: ({ name }: { name: string }) => name, isName: true },
  { title: "ID", cell: () => ID },
  { title: "TAGS", cell: () => "a tag that is rather long", mayShrink: true },
];

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
