import assert from "node:assert/strict";
import { test } from "node:test";
import { NAME_PATTERN, nameFault } from "@halligan/protocol/text";

test("the pattern of names in schemas and the check of names agree about every character", () => {
  const pattern = new RegExp(NAME_PATTERN);
  const different: string[] = [];
  for (let code = 0; code <= 0xffff; code += 1) {
    if (code >= 0xd800 && code <= 0xdfff) continue;
    const character = String.fromCharCode(code);
    for (const name of [character, `a${character}b`, `a${character}`]) {
      if (pattern.test(name) !== (nameFault(name, 120) === null)) different.push(code.toString(16));
    }
  }
  assert.deepEqual(different, []);
});
