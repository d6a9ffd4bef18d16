import assert from "node:assert/strict";
import { test } from "node:test";
import { barAt, clipsIn, isLocked, renewals, rolesOf, secondsAt, sectionsOf } from "../../../src/sonoteca/web/arrange/grid_of.js";

const clip = (role, start_bar) => ({ role, start_bar, bars: 4 });
const arrangement = {
  tempo_bpm: 120,
  beats_per_bar: 4,
  sections: [
    { name: "verse", start_bar: 0, bars: 4 },
    { name: "chorus", start_bar: 4, bars: 4 },
    { name: "verse", start_bar: 8, bars: 4 },
  ],
  clips: [clip("bass", 0), clip("drums", 0), clip("drums", 4), clip("bass", 8)],
  locked: [["bass", "verse#2"]],
};

test("sections of one name are counted", () => {
  assert.deepEqual(
    sectionsOf(arrangement).map((each) => each.called),
    ["verse#1", "chorus", "verse#2"],
  );
});

test("roles stand as in a score, and a place holds what begins there", () => {
  assert.deepEqual(rolesOf(arrangement), ["drums", "bass"]);
  assert.equal(clipsIn(arrangement, "bass", arrangement.sections[1]).length, 0);
  assert.equal(clipsIn(arrangement, "bass", arrangement.sections[2]).length, 1);
});

test("only what is free is found anew: a role as a whole where nothing of it is locked", () => {
  const sections = sectionsOf(arrangement);
  assert.equal(isLocked(arrangement, "bass", sections[2]), true);
  assert.equal(isLocked(arrangement, "bass", sections[0]), false);
  assert.deepEqual(renewals(arrangement), ["drums", "bass@verse#1"]);
});

test("bars and seconds are one another's way back", () => {
  assert.equal(secondsAt(arrangement, 3), 6);
  assert.equal(barAt(arrangement, 6), 3);
});
