// How jobs are said.
import { count, counted } from "../format.js";

const KINDS = {
  analyze: "Listen to files",
  analyze_upload: "Listen to an upload",
  keep_upload: "Add an upload",
  make_clips: "Make preview clips",
  retry_failed: "Try failed sounds again",
  rebuild_index: "Rebuild the index",
  render: "Render",
};

export const kindText = (kind) => KINDS[kind] ?? kind.replaceAll("_", " ");

/** What a job is about: the file, or how many. */
export function aboutText({ request = {} }) {
  if (request.name) return request.name;
  if (request.paths?.length === 1) return request.paths[0].split(/[/\\]/).at(-1);
  if (request.paths) return counted(request.paths.length, "file");
  return request.filter ?? "";
}

/** How far a job is, from 0 to 1; null where it does not say. */
export function shareOf({ state, progress }) {
  if (state === "done") return 1;
  if (!progress?.total) return null;
  return (progress.done + progress.skipped + progress.failed) / progress.total;
}

/** "3 of 12, 1 failed, now kick.wav". */
export function progressText({ progress, state }) {
  if (!progress?.total || state === "done") return "";
  const past = progress.done + progress.skipped + progress.failed;
  const parts = [`${count(past)} of ${count(progress.total)}`];
  if (progress.failed) parts.push(`${count(progress.failed)} failed`);
  if (progress.current && state === "running") parts.push(`now ${progress.current.split(/[/\\]/).at(-1)}`);
  return parts.join(", ");
}

/** Jobs with one that changed, the last asked for first, at most `most`. */
export function withJob(jobs, job, most) {
  const others = jobs.filter((each) => each.id !== job.id);
  const before = jobs.find((each) => each.id === job.id);
  // Events may come twice, and an answer may be older than an event.
  if (before && before.change > job.change) return jobs;
  const all = before ? jobs.map((each) => (each.id === job.id ? job : each)) : [job, ...others];
  return all
    .sort((one, other) => (one.created_at < other.created_at ? 1 : one.created_at > other.created_at ? -1 : 0))
    .slice(0, most);
}

const BYTES = ["B", "kB", "MB", "GB", "TB"];

/** 1536 -> "1.5 kB". */
export function bytesText(n) {
  if (n === null || n === undefined) return "–";
  const power = n < 1024 ? 0 : Math.min(BYTES.length - 1, Math.floor(Math.log2(n) / 10));
  const value = n / 1024 ** power;
  return `${power && value < 100 ? value.toFixed(1) : Math.round(value)} ${BYTES[power]}`;
}
