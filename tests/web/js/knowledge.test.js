import assert from "node:assert/strict";
import test from "node:test";
import { markedIn, parametersOf } from "../../../src/sonoteca/web/knowledge/entry_text.js";

const told = (text, hits) =>
  markedIn(text, hits)
    .map((piece) => (piece.isMarked ? `[${piece.text}]` : piece.text))
    .join("");

test("words are marked where they stand", () => {
  const hits = [{ field: "title", text: "Clear a muddy vocal", marks: [[8, 13], [14, 19]] }]; // prettier-ignore
  assert.equal(told("Clear a muddy vocal", hits), "Clear a [muddy] [vocal]");
});

test("the marks of a sentence count from its own beginning, in characters", () => {
  const hits = [{ field: "description", text: "Cut the mud.", marks: [[8, 11]] }];
  assert.equal(told("Listen 🎧 first. Cut the mud.", hits), "Listen 🎧 first. Cut the [mud].");
  assert.equal(told("🎧 mud", [{ text: "🎧 mud", marks: [[2, 5]] }]), "🎧 [mud]");
});

test("what belongs to another text marks nothing", () => {
  assert.equal(told("Something else", [{ text: "muddy", marks: [[0, 5]] }]), "Something else");
  assert.deepEqual(markedIn("", []), []);
});

test("parameters are read as text", () => {
  assert.deepEqual(parametersOf({ cut_db: [2, 4], Q: 1.5, at: "200 Hz" }), [
    ["cut db", "2, 4"],
    ["Q", "1.5"],
    ["at", "200 Hz"],
  ]);
});
