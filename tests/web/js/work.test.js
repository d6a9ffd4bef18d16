import assert from "node:assert/strict";
import { test } from "node:test";
import { filesOf, isHidden } from "../../../src/sonoteca/web/file_drop.js";
import { aboutText, bytesText, progressText, shareOf, withJob } from "../../../src/sonoteca/web/work/job_words.js";

const file = (name, fails = false) => ({
  name,
  isDirectory: false,
  file: (resolve, reject) => (fails ? reject(new Error("NotReadableError")) : resolve({ name })),
});

/** A folder as browsers give it: a hundred at a time, until none come. */
const folder = (name, entries) => ({
  name,
  isDirectory: true,
  createReader: () => {
    const left = [...entries];
    return { readEntries: (resolve) => resolve(left.splice(0, 100)) };
  },
});

test("a folder of 250 files with subfolders and one that cannot be read is taken whole", async () => {
  const many = Array.from({ length: 230 }, (_, n) => file(`kick ${n}.wav`));
  const deeper = folder("deeper", [...Array.from({ length: 19 }, (_, n) => file(`snare ${n}.wav`)), file("locked.wav", true)]);
  const found = await filesOf([folder("kit", [...many, deeper, file(".DS_Store")])]);
  assert.equal(found.length, 250);
  assert.deepEqual(
    found.filter((each) => each.error).map((each) => each.path),
    ["kit/deeper/locked.wav"],
  );
});

test("a job says what it is about and how far it is", () => {
  const job = {
    state: "running",
    progress: { total: 12, done: 2, skipped: 0, failed: 1, current: "a/kick.wav" },
    request: { paths: ["x/a.wav"] },
  };
  assert.equal(progressText(job), "3 of 12, 1 failed, now kick.wav");
  assert.equal(shareOf(job), 0.25);
  assert.equal(aboutText(job), "a.wav");
  assert.equal(shareOf({ state: "queued", progress: null }), null);
});

test("an older answer does not take back a newer event", () => {
  const job = (id, change, created_at) => ({ id, change, created_at });
  const jobs = [job("b", 9, "2026-02"), job("a", 3, "2026-01")];
  assert.deepEqual(withJob(jobs, job("a", 2, "2026-01"), 5), jobs);
  assert.deepEqual(
    withJob(jobs, job("c", 10, "2026-03"), 2).map((each) => each.id),
    ["c", "b"],
  );
});

test("bytes are rounded to what is read", () => {
  assert.equal(bytesText(512), "512 B");
  assert.equal(bytesText(1536), "1.5 kB");
  assert.equal(bytesText(270553174016), "252 GB");
  assert.equal(bytesText(null), "–");
});

test("what systems hide in folders is no sound of anybody", () => {
  assert.equal(isHidden("kit/.DS_Store"), true);
  assert.equal(isHidden("kit/.git/x.wav"), true);
  assert.equal(isHidden("kit/a.b.wav"), false);
});
