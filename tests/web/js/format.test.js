import assert from "node:assert/strict";
import test from "node:test";
import {
  UNKNOWN,
  bpm,
  camelotOf,
  duration,
  keyOfCamelot,
  moment,
  nameOf,
  spokenPlace,
} from "../../../src/sonoteca/web/format.js";

test("what is not known is a dash", () => {
  assert.equal(duration(null), UNKNOWN);
  assert.equal(bpm(undefined), UNKNOWN);
});

test("lengths are cut, never rounded up to what is not there", () => {
  assert.deepEqual([0.39, 4.2, 59.99, 75, 4000].map(duration), ["0:00.3", "0:04.2", "0:59", "1:15", "1:06:40"]);
  assert.equal(moment(75.256), "1:15.26");
  assert.equal(moment(59.999), "1:00.00");
});

test("a place is spoken as people say it", () => {
  assert.equal(spokenPlace(130, 300), "2 minutes 10 of 5 minutes");
  assert.equal(spokenPlace(1, 60), "1 second of 1 minute");
});

test("keys and places on the wheel are each other's", () => {
  assert.equal(camelotOf("A minor"), "8A");
  assert.equal(camelotOf("C major"), "8B");
  assert.equal(camelotOf("Gb minor"), "11A");
  assert.equal(camelotOf("nonsense"), null);
  for (let place = 1; place <= 12; place++)
    for (const ring of "AB") assert.equal(camelotOf(keyOfCamelot(`${place}${ring}`)), `${place}${ring}`);
});

test("a sound without a title has its file's name", () => {
  assert.equal(nameOf({ title: null, path: "/a/b/kick.v2.wav", id: "x" }), "kick.v2");
  assert.equal(nameOf({ title: null, path: null, id: "x" }), "x");
});
