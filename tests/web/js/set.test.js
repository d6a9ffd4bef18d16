import assert from "node:assert/strict";
import { test } from "node:test";
import { byPosition, curvePoints, fillRequest, judgeRequest, listed, moved } from "../../../src/sonoteca/web/set/plan.js";

test("an order stands in the address", () => {
  assert.deepEqual(listed("a,b,c"), ["a", "b", "c"]);
  assert.deepEqual(listed(undefined), []);
});

test("what is locked stays at its place when the rest is chosen", () => {
  const request = fillRequest({
    length: "4",
    curve: "",
    filter: "kind:loop",
    order: ["a", "b", "c"],
    locked: new Set(["b"]),
    seed: null,
  });
  assert.deepEqual(request, { length: "4", filter: "kind:loop", must: ["b@2"], alternatives: 3 });
});

test("an order is judged as it is", () => {
  const request = judgeRequest({ order: ["a", "b"], curve: "peak" });
  assert.deepEqual(request.must, ["a@1", "b@2"]);
  assert.equal(request.length, "2");
  assert.equal(request.curve, "peak");
});

test("a track is moved up and down", () => {
  assert.deepEqual(moved(["a", "b", "c", "d"], 0, 2), ["b", "c", "a", "d"]);
  assert.deepEqual(moved(["a", "b", "c", "d"], 3, 0), ["d", "a", "b", "c"]);
});

test("warnings stand at the position that they speak of", () => {
  const found = byPosition([
    { position: 2, code: "a" },
    { position: 2, code: "b" },
  ]);
  assert.deepEqual(
    found.get(2).map((each) => each.code),
    ["a", "b"],
  );
});

test("a level that is not known has no point", () => {
  assert.equal(curvePoints([1, null, 10]), "0.00,100.00 100.00,0.00");
});
