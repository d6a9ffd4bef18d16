import assert from "node:assert/strict";
import test from "node:test";
import { asEightBit, drawnLength, readPeaks, samplesPerPair, secondsPerPair } from "../../../src/sonoteca/web/peaks_data.js";

function dat(pairs) {
  const buffer = new ArrayBuffer(24 + pairs.length * 2);
  const view = new DataView(buffer);
  view.setInt32(0, 2, true);
  view.setUint32(16, pairs.length / 2, true);
  pairs.forEach((value, place) => view.setInt16(24 + 2 * place, value, true));
  return buffer;
}

test("the loudest place is full, the others in proportion", () => {
  assert.deepEqual([...readPeaks(dat([-100, 50, -200, 200]), 2)], [-63, 32, -127, 127]);
});

test("more pixels than columns: each column has the extremes of its share", () => {
  assert.deepEqual([...readPeaks(dat([-1, 1, -100, 100, -2, 2, -3, 3]), 2)].slice(0, 2), [-127, 127]);
});

test("a sound without a single pixel is flat", () => {
  assert.deepEqual([...readPeaks(dat([]), 2)], [0, 0, 0, 0]);
});

test("a waveform of 8 bits is the same, cut to its upper byte", () => {
  const smaller = asEightBit(dat([-32768, 32767, -256, 511]));
  assert.deepEqual([...new Int8Array(smaller, 24)], [-128, 127, -1, 1]);
  assert.equal(new DataView(smaller).getUint32(4, true), 1);
  assert.equal(asEightBit(smaller), smaller);
});

test("how much a pair stands for is told in samples and in seconds", () => {
  const buffer = dat([0, 0]);
  new DataView(buffer).setInt32(8, 44100, true);
  new DataView(buffer).setInt32(12, 441, true);
  assert.equal(samplesPerPair(buffer), 441);
  assert.equal(secondsPerPair(buffer), 0.01);
  assert.equal(drawnLength(buffer), 0.01);
});
