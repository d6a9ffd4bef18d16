import assert from "node:assert/strict";
import test from "node:test";
import {
  completed,
  completions,
  sorted,
  toggled,
  toggledTag,
  tokens,
  underCaret,
  valuesOf,
  withRule,
} from "../../../src/sonoteca/web/query_text.js";

const FIELDS = [
  { name: "kind", aliases: [], meaning: "what the file is", values: ["track", "loop", "one_shot"], sorts: true },
  { name: "bpm", aliases: ["tempo"], meaning: "felt tempo", values: [], sorts: true },
  { name: "tag", aliases: ["tags"], meaning: "a tag", values: [], sorts: false },
];

test("what stands in quotes is one token", () => {
  assert.deepEqual(
    tokens('kind:loop "warm pad" tag:"a b"').map((each) => each.text),
    ["kind:loop", '"warm pad"', 'tag:"a b"'],
  );
});

test("a value that is toggled twice leaves the query as it was", () => {
  for (const query of ["", "rain", "kind:track", "rain OR thunder"]) {
    const there = toggled(query, "kind", "loop");
    assert.ok(valuesOf(there, "kind").includes("loop"));
    assert.equal(valuesOf(toggled(there, "kind", "loop"), "kind").includes("loop"), false);
  }
  assert.equal(toggled("kind:track rain", "kind", "loop"), "rain kind:track,loop");
});

test("a rule that is added to alternatives holds for all of them", () => {
  assert.equal(withRule("rain OR thunder", "kind", "loop"), "(rain OR thunder) kind:loop");
  assert.equal(withRule("(rain OR thunder)", "kind", "loop"), "(rain OR thunder) kind:loop");
  assert.equal(withRule('"this OR that"', "kind", "loop"), '"this OR that" kind:loop');
});

test("several tags are all required, and a tag with a space is quoted", () => {
  assert.equal(toggledTag("tag:dusty", "warm pad"), 'tag:dusty tag:"warm pad"');
  assert.equal(toggledTag('tag:dusty tag:"warm pad"', "warm pad"), "tag:dusty");
});

test("an order is added unless the query has one", () => {
  assert.equal(sorted("rain", "-bpm"), "rain sort:-bpm");
  assert.equal(sorted("rain sort:key", "-bpm"), "rain sort:key");
  assert.equal(sorted("", null), "");
});

test("what is typed is a field, then a value of it, also after a comma and a minus", () => {
  assert.deepEqual(underCaret("-ki", 3), { start: 1, end: 3, field: null, typed: "ki" });
  assert.deepEqual(underCaret("kind:loop,tr", 12), { start: 10, end: 12, field: "kind", typed: "tr" });
  assert.equal(underCaret("rain ", 5).typed, "");
});

test("fields and their values are offered, most frequent first", () => {
  assert.deepEqual(
    completions("te", 2, FIELDS).map((each) => each.insert),
    ["bpm:"],
  );
  assert.deepEqual(
    completions("kind:", 5, FIELDS, { kind: { loop: 3 } }).map((each) => each.label),
    ["loop", "track", "one-shot"],
  );
  assert.deepEqual(
    completions("tag:du", 6, FIELDS, { tag: { dusty: 2, dry: 1 } }).map((each) => each.label),
    ["dusty"],
  );
  assert.deepEqual(
    completions("sort:-b", 7, FIELDS).map((each) => each.label),
    ["-bpm"],
  );
  assert.deepEqual(completions("nothing:", 8, FIELDS), []);
});

test("a completion that is taken stands where it was typed, with the caret behind it", () => {
  const [offer] = completions("a kind:lo b", 9, FIELDS);
  assert.deepEqual(completed("a kind:lo b", offer), { text: "a kind:loop b", caret: 12 });
});
