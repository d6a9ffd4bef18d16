import assert from "node:assert/strict";
import { test } from "node:test";
import {
  COLOURINGS,
  byTag,
  classesOf,
  countsOf,
  keyOf,
  nearest,
  placesOf,
  whole,
  within,
  zoomed,
} from "../../../src/sonoteca/web/map/places.js";

const rows = [
  { x: 0.1, y: 0.9, kind: "loop", camelot: "8A", bpm: 70 },
  { x: 0.5, y: 0.5, kind: "track", camelot: "1B", bpm: 180 },
  { x: 0.9, y: 0.1, kind: "strange", camelot: null, bpm: null },
];
const places = placesOf(rows);

test("y goes upwards in an answer and downwards on a screen", () => {
  assert.ok(Math.abs(places.y[0] - 0.1) < 1e-6);
});

test("the nearest within reach is found, of what is lit", () => {
  assert.equal(nearest(places, 0.11, 0.11, 0.05), 0);
  assert.equal(nearest(places, 0.3, 0.3, 0.05), -1);
  assert.equal(nearest(places, 0.11, 0.11, 0.9, Uint8Array.from([0, 1, 0])), 1);
});

test("the nearest is the same as by asking everybody", () => {
  let seed = 7;
  const drawn = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  const many = placesOf(Array.from({ length: 2000 }, () => ({ x: drawn(), y: drawn() })));
  for (let k = 0; k < 200; k++) {
    const [x, y] = [drawn(), drawn()];
    const far = Array.from(many.x, (value, i) => (value - x) ** 2 + (many.y[i] - y) ** 2);
    const best = far.indexOf(Math.min(...far));
    assert.equal(nearest(many, x, y, 0.1), far[best] <= 0.01 ? best : -1);
  }
});

test("a lasso holds what lies in it", () => {
  assert.deepEqual(within(places, [0, 0, 0.6, 0, 0.6, 0.6, 0, 0.6]), [0, 1]);
  assert.deepEqual(within(places, [0, 0, 0.6, 0, 0.6, 0.6, 0, 0.6], Uint8Array.from([0, 1, 1])), [1]);
});

test("what is not known has a class of its own", () => {
  assert.deepEqual([...classesOf(rows, COLOURINGS.kind)], [2, 1, 0]);
  assert.deepEqual([...classesOf(rows, COLOURINGS.key)], [8, 1, 0]);
  assert.deepEqual([...classesOf(rows, COLOURINGS.tempo)], [1, 16, 0]);
  assert.deepEqual([...countsOf(Uint8Array.from([0, 2, 2]), 3)], [1, 0, 2, 0]);
});

test("zooming keeps the point under the pointer, and never shows less than all", () => {
  const least = whole(1000, 500);
  const near = zoomed(least, 4, 300, 200, least);
  const before = (300 - least.x) / least.scaleX;
  assert.ok(Math.abs((300 - near.x) / near.scaleX - before) < 1e-9);
  assert.equal(zoomed(least, 0.1, 300, 200, least).scaleX, least.scaleX);
});

test("a tag stands on regions of sounds, not on their neighbours", () => {
  const regions = [
    { id: "a", region: 0 },
    { id: "a", region: 1 },
    { id: "b", region: 1 },
  ];
  const colouring = byTag("dusty", new Set([keyOf({ id: "a", region: 1 })]));
  assert.deepEqual([...classesOf(regions, colouring)], [0, 1, 0]);
  assert.equal(colouring.classes.length, 1);
});
