import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { describe, it } from "node:test";
import fc from "fast-check";
import { proposedFileName, safeFileName } from "../src/download/safe-file-name.ts";
import { createProgress } from "../src/render/progress/progress.ts";
import { harmlessJson, harmlessLine, harmlessText } from "../src/render/text/harmless.ts";
import { renderTable } from "../src/render/text/table.ts";

const HOSTILE = fc.string({
  unit: fc.constantFrom(
    "\u001b",
    "[",
    "]",
    "0",
    ";",
    "m",
    "\u0007",
    "\u009b",
    "\u009d",
    "\\",
    "\n",
    "\r",
    "\0",
    "\u202e",
    "\u200b",
    "\u00ad",
    "\u{e0041}",
    "\ufe0f",
    "⚠",
    "a",
    "P",
    "é",
  ),
});
const CONTROL = /(?![\t\n])(?!(?<=⚠)\ufe0f)[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/u;

describe("text from a device", () => {
  it("never keeps a control or a direction mark", () => {
    fc.assert(
      fc.property(HOSTILE, (text) => {
        assert.equal(CONTROL.test(harmlessText(text)), false);
        assert.equal(/(?!(?<=⚠)\ufe0f)[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/u.test(harmlessLine(text)), false);
        assert.equal(CONTROL.test(harmlessJson({ text })), false);
        assert.deepEqual(JSON.parse(harmlessJson({ text })), { text });
      }),
    );
  });

  it("loses whole sequences, shows what is left, and keeps its lines", () => {
    assert.equal(harmlessText("\u001b[31mred\u001b[0m\r\n\u001b]0;title\u0007next\ttab\n\0\0"), "red\nnext\ttab\n");
    assert.equal(harmlessText("over\rwrite \u001b"), "over␍write ␛");
    assert.equal(harmlessLine("a\nb"), "a␊b");
  });

  it("shows what takes no room, reverses text or hides a message in tags", () => {
    const tags = [..."rm"].map((letter) => String.fromCodePoint(0xe0000 + letter.charCodeAt(0))).join("");
    assert.equal(harmlessLine(`pay\u200bload\u202e\u2066`), "pay\\u200bload\\u202e\\u2066");
    assert.equal(harmlessText(`ok${tags}\u{e0100}\u3164`), "ok\\u{e0072}\\u{e006d}\\u{e0100}\\u3164");
    assert.equal(harmlessText("⚠\ufe0f 注意 café naïve"), "⚠\ufe0f 注意 café naïve");
    const hidden = { output: `ok${tags}` };
    assert.match(harmlessJson(hidden), /^[\n -~]*$/);
    assert.deepEqual(JSON.parse(harmlessJson(hidden)), hidden);
    assert.equal(safeFileName(`a\u200b${tags}.txt`), "a___.txt");
  });

  it("cannot break a table", () => {
    const table = renderTable([{ name: "a\nb\u001b[2J" }], [{ title: "NAME", cell: ({ name }) => name }], null);
    assert.equal(table, "NAME\na␊b\n");
  });
});

describe("a name from a device", () => {
  it("is a plain file name or none", () => {
    const hostile = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.string({ unit: fc.constantFrom(".", "/", "\\", " ", "-", ":", "a", "\0", "%2F", "CON") }),
    );
    fc.assert(
      fc.property(hostile, (text) => {
        for (const name of [safeFileName(text), proposedFileName(`attachment; filename="${text}"`)]) {
          if (name === null) continue;
          assert.doesNotMatch(name, /[/\\:\0]|^\.{1,2}$|^-|[. ]$|^$/);
          assert.ok(Buffer.byteLength(name) <= 201);
        }
      }),
    );
  });

  it("keeps what is harmless in it", () => {
    assert.equal(proposedFileName('attachment; filename="r%C3%A9sum%C3%A9.txt.gz"'), "résumé.txt");
    assert.equal(safeFileName("C:\\Users\\x\\NTUSER.DAT"), "NTUSER.DAT");
    assert.equal(safeFileName("/home/x/.bashrc"), ".bashrc");
    assert.equal(safeFileName("/x/con.txt"), "_con.txt");
    assert.equal(safeFileName("/x/.."), null);
  });
});

describe("progress", () => {
  const record = (isTTY: boolean) => {
    let written = "";
    const stream: Writable & { isTTY?: boolean; columns?: number } = new Writable({
      write(chunk, _, done) {
        written += chunk;
        done();
      },
    });
    stream.isTTY = isTTY;
    stream.columns = 30;
    const progress = createProgress(stream);
    progress.show("InProgress".repeat(10));
    progress.clear();
    return written;
  };

  it("is one line that is rewritten on a terminal", () => {
    assert.equal(record(true), `\r\u001b[K${"InProgress".repeat(10).slice(0, 28)}…\r\u001b[K`);
  });

  it("is nothing elsewhere", () => {
    assert.equal(record(false), "");
  });
});
