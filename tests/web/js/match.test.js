import assert from "node:assert/strict";
import { test } from "node:test";
import { rejectedText, shiftText, stretchText } from "../../../src/sonoteca/web/match/words.js";
import { fileName, improvements, microphoneProblem, typeToRecord } from "../../../src/sonoteca/web/match/recorder.js";

test("shifts and stretches are said with their sign", () => {
  assert.equal(shiftText(-2), "−2 st");
  assert.equal(shiftText(0), "no shift");
  assert.equal(stretchText(1.0323), "+3.2 %");
  assert.equal(stretchText(0.985), "−1.5 %");
  assert.equal(stretchText(1.0002), "no stretch");
  assert.equal(stretchText(null), "–");
});

test("what is not ranked is counted by its reason", () => {
  assert.equal(rejectedText({ failed: 0, other_role: 3, shift: 1 }), "3 play another role, 1 are too far to shift");
});

test("MP4 is recorded where it is offered; a browser that cannot say decides itself", () => {
  assert.equal(typeToRecord({ isTypeSupported: () => true }), "audio/mp4");
  assert.equal(typeToRecord({ isTypeSupported: (type) => type.startsWith("audio/webm") }), "audio/webm;codecs=opus");
  assert.equal(typeToRecord({ isTypeSupported: () => false }), null);
  assert.equal(typeToRecord({}), null);
});

test("a recording is called by its type", () => {
  assert.equal(fileName("audio/webm;codecs=opus"), "recording.webm");
  assert.equal(fileName("audio/mp4"), "recording.m4a");
  assert.equal(fileName(""), "recording");
});

test("what a browser does to the sound all the same is named", () => {
  assert.deepEqual(improvements({ echoCancellation: true, noiseSuppression: false }), ["echo cancelling"]);
  assert.deepEqual(improvements(undefined), []);
});

test("an error of the microphone says what helps", () => {
  assert.match(microphoneProblem({ name: "NotAllowedError" }).remedy, /Allow it/);
  assert.match(microphoneProblem({ name: "NotFoundError" }).message, /no microphone/);
});
