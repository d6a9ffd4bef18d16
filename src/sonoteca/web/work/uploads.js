// Files on their way to the library. They go on while other views are looked at; one that fails does not stop the others, and
// is tried again alone.
import { signal } from "../html.js";
import { send } from "../api.js";

const CANCELLED = { message: "It was cancelled.", remedy: "Try again to hear it after all." };
const AT_ONCE = 3;
const ENDED = new Set(["done", "failed"]);

/**
 * All uploads since the page was opened, in their order: `{ number, path, n_bytes, state, sent, job, problem }`. `state` is
 * "waiting", "sending" (`sent` from 0 to 1), "heard" (its job waits or runs), "done" or "failed".
 */
export const uploads = signal([]);

const files = new Map();
let lastNumber = 0;
let underWay = 0;

/** Put files into the queue: `{ path, file }`, or `{ path, error }` for one that could not be read. */
export function upload(found) {
  const added = found.map(({ path, file = null, error = null }) => {
    const number = ++lastNumber;
    if (file) files.set(number, file);
    return {
      number,
      path,
      n_bytes: file?.size ?? null,
      state: error ? "failed" : "waiting",
      sent: 0,
      job: null,
      problem: error ? unreadable(path) : null,
    };
  });
  uploads.value = [...uploads.value, ...added];
  next();
}

/** Try one again that failed: it is sent anew. */
export function again(number) {
  change(number, { state: "waiting", sent: 0, job: null, problem: null });
  next();
}

/** Forget those that ended well. */
export function forgetDone() {
  uploads.value = uploads.value.filter((each) => each.state !== "done");
}

/** What became of the job of an upload. */
export function jobChanged(job) {
  const mine = uploads.peek().find((each) => each.job === job.id);
  if (!mine || ENDED.has(mine.state)) return;
  if (job.state === "done") finished(mine.number);
  else if (job.state === "failed") change(mine.number, { state: "failed", problem: job.error });
  else if (job.state === "cancelled") change(mine.number, { state: "failed", problem: CANCELLED });
}

/** The jobs whose end is not known yet. */
export const openJobs = () =>
  uploads
    .peek()
    .filter((each) => each.state === "heard")
    .map((each) => each.job);

export const isSending = () => uploads.peek().some((each) => each.state === "waiting" || each.state === "sending");

const unreadable = (path) => ({
  message: `${path} cannot be read.`,
  remedy: "See whether it is still there and may be read, then try again.",
});

function change(number, more) {
  uploads.value = uploads.value.map((each) => (each.number === number ? { ...each, ...more } : each));
}

function finished(number) {
  files.delete(number);
  change(number, { state: "done" });
}

function next() {
  while (underWay < AT_ONCE) {
    const one = uploads.peek().find((each) => each.state === "waiting");
    if (!one) return;
    underWay += 1;
    change(one.number, { state: "sending" });
    void take(one).finally(() => {
      underWay -= 1;
      next();
    });
  }
}

async function take({ number, path }) {
  const file = files.get(number);
  try {
    if (!file) throw unreadable(path);
    // A file that cannot be read would look like a lost connection.
    await file
      .slice(0, 1)
      .arrayBuffer()
      .catch(() => {
        throw unreadable(path);
      });
    const form = new FormData();
    form.append("file", file, file.name);
    let told = 0;
    const job = await send("api/analyze/upload", {
      params: { keep: true },
      form,
      onProgress: (sent) => {
        if (sent - told < 0.02 && sent < 1) return;
        told = sent;
        change(number, { sent });
      },
    });
    change(number, { state: "heard", sent: 1, job: job.id });
    jobChanged(job);
  } catch (problem) {
    change(number, { state: "failed", problem: { message: problem.message, remedy: problem.remedy ?? null } });
  }
}

addEventListener("beforeunload", (event) => isSending() && event.preventDefault());
