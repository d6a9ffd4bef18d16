import assert from "node:assert/strict";
import test from "node:test";
import { rateFor, stretchText, tempoIn } from "../../../src/sonoteca/web/tempo.js";

test("a sound plays as much faster as the project is", () => {
  assert.equal(rateFor(100, 125), 1.25);
  assert.equal(rateFor(125, 100), 0.8);
});

test("half and double the tempo fit as they are", () => {
  assert.equal(rateFor(64, 128), 1);
  assert.equal(rateFor(256, 128), 1);
  assert.equal(rateFor(174, 90), 90 / 87);
});

test("what is not known is not stretched", () => {
  assert.equal(rateFor(null, 128), 1);
  assert.equal(rateFor(undefined, 128), 1);
  assert.equal(rateFor(124, null), 1);
});

test("what is done is told", () => {
  assert.equal(stretchText(124, 128), "124 +3.2 %");
  assert.equal(stretchText(128, 124), "128 −3.1 %");
  assert.equal(stretchText(64, 128), "64, as it is");
  assert.equal(stretchText(null, 128), "its tempo is unknown");
  assert.equal(stretchText(124, null), "");
});

test("a tempo is read as people write it, and what is none yet is none", () => {
  assert.equal(tempoIn("127,5"), 127.5);
  assert.equal(tempoIn(" 96 "), 96);
  for (const text of ["", "1", "19", "9999", "fast", "-120"]) assert.equal(tempoIn(text), null);
});
