import assert from "node:assert/strict";
import { test } from "node:test";
import "../ui/words.fixture.ts";
import type { LogEvent } from "../../client/index.ts";
import { asCsv } from "./exports.ts";

function cellOf(message: string): string {
  const event = { type: "chat", room: "general", seq: 1, hash: "ab", at: "2026", username: "ada", message } as LogEvent;
  const line = asCsv([event]).split("\r\n").slice(1).join("\r\n");
  const found = /^"general","1","2026","chat","ada",("(?:[^"]|"")*"),"","","","ab"\r\n$/u.exec(line);
  assert.ok(found, line);
  return found[1]!;
}

test("every cell is quoted, so that no other separator begins one", () => {
  assert.equal(asCsv([]).split("\r\n")[0],
    '\uFEFF"room","seq","at","type","username","message","cause","sessions","erased","hash"');
  assert.equal(cellOf("x;=1+1"), '"x;=1+1"');
  assert.equal(cellOf('say "=1"'), '"say ""=1"""');
});

test("what a spreadsheet would take for a formula begins with an apostrophe", () => {
  for (const start of ["=", "+", "-", "@", "\uff1d", "\ufe63", "\u207a"])
    for (const before of ["", " ", "\u00a0\u3000", "\u200b", "\ufeff", " \t", "\u2028"])
      assert.equal(cellOf(`${before}${start}1`), `"'${before}${start}1"`);
  for (const start of ["\t", "\r", "\n"]) assert.equal(cellOf(`${start}1`), `"'${start}1"`);
  for (const plain of ["1=", "a-b", "", "'=1", "ＡＢ"]) assert.equal(cellOf(plain), `"${plain}"`);
});
