// One sound plays at a time, on one audio element that outlives the views. What is shown follows the element's own events,
// never what was hoped for.
import { effect, signal } from "./html.js";
import { ask, onlyLatest, urlOf } from "./api.js";
import { remembered, say } from "./state.js";
import { rateFor } from "./tempo.js";

const audio = new Audio();
audio.preload = "auto";

/**
 * The row that plays or is loaded: `{ id, title, path, duration_s, bpm }` at least. What is no sound of the library (two together, a
 * mix) has an `id` of its own, the address of its `audio`, and where to read of it: `href`.
 */
export const loaded = signal(null);
/** "idle", "loading", "playing", "paused", "blocked" (the browser wants a click first) or "failed". */
export const status = signal("idle");
export const position_s = signal(0);
export const duration_s = signal(0);
/** The span that is played over and over: `{ start_s, end_s }` or null. */
export const loop = signal(null);
export const volume = remembered("volume", 1);
/** The tempo of the song that somebody works on, in BPM, or null; what is played is stretched to it. */
export const projectBpm = remembered("project_bpm", null);
/** What "next" and "previous" mean: the view that was played from says it. */
export const neighbours = signal(null);

volume.subscribe((now) => (audio.volume = now));
const askingTempo = onlyLatest();
effect(() => {
  // What is no sound of the library is in its tempo already. A new source begins at the usual rate.
  const rate = loaded.value?.audio ? 1 : rateFor(loaded.value?.bpm, projectBpm.value);
  audio.preservesPitch = true;
  audio.defaultPlaybackRate = audio.playbackRate = rate;
});
effect(() => {
  const row = loaded.value;
  if (projectBpm.value && row && !row.audio && row.bpm === undefined) void learnTempo(row);
});

/** Not every list of sounds tells their tempo. */
async function learnTempo(row) {
  try {
    const found = await askingTempo((signal) => ask(`api/sounds/${encodeURIComponent(row.id)}`, { signal }));
    if (found && loaded.peek() === row) loaded.value = { ...row, bpm: found.tempo?.bpm ?? null };
  } catch {
    // Then it plays as it is.
  }
}

let asked = 0;

export const element = () => audio;

const sourceOf = (row) => row.audio ?? urlOf(`api/audio/${encodeURIComponent(row.id)}`);

export const isPlaying = (id) => loaded.value?.id === id && (status.value === "playing" || status.value === "loading");

/** Play a sound from a moment; the last that is asked for is the one that plays. */
export async function play(row, { at_s = 0, steps = neighbours.peek() } = {}) {
  const mine = ++asked;
  neighbours.value = steps;
  if (loaded.peek()?.id !== row.id) {
    loop.value = null;
    loaded.value = row;
    duration_s.value = row.duration_s ?? 0;
    audio.src = sourceOf(row);
  }
  status.value = "loading";
  seek(at_s);
  await begin(mine);
}

async function begin(mine) {
  try {
    await audio.play();
  } catch (error) {
    // A newer sound took this one's place, which is no error.
    if (mine !== asked || error.name === "AbortError") return;
    if (error.name === "NotAllowedError") status.value = "blocked";
    else fail();
  }
}

/** Have a sound ready without playing it. */
export function load(row) {
  if (loaded.peek()?.id === row.id) return;
  asked += 1;
  loop.value = null;
  loaded.value = row;
  duration_s.value = row.duration_s ?? 0;
  position_s.value = 0;
  audio.src = sourceOf(row);
  status.value = "paused";
}

export function pause() {
  asked += 1;
  audio.pause();
}

/** Play or pause what is loaded, or begin a row. */
export function toggle(row = loaded.peek(), options = {}) {
  if (!row) return;
  if (loaded.peek()?.id !== row.id) void play(row, options);
  else if (status.peek() === "playing" || status.peek() === "loading") pause();
  else resume();
}

function resume() {
  status.value = "loading";
  if (audio.ended) audio.currentTime = loop.peek()?.start_s ?? 0;
  void begin(++asked);
}

export function seek(at_s) {
  const most = Number.isFinite(audio.duration) ? audio.duration : Infinity;
  audio.currentTime = Math.max(0, Math.min(at_s, most));
  position_s.value = audio.currentTime;
}

function fail() {
  status.value = "failed";
  const name = loaded.peek()?.title ?? "This sound";
  say(`${name} cannot be played. See in its view whether its file is still there.`, { tone: "bad" });
}

audio.addEventListener("playing", () => {
  status.value = "playing";
  follow();
});
audio.addEventListener("waiting", () => !audio.paused && (status.value = "loading"));
audio.addEventListener("pause", () => !audio.ended && (status.value = "paused"));
audio.addEventListener("ended", () => {
  if (loop.peek()) {
    seek(loop.peek().start_s);
    void begin(asked);
    return;
  }
  status.value = "paused";
  position_s.value = audio.duration;
});
audio.addEventListener("loadedmetadata", () => (duration_s.value = audio.duration));
audio.addEventListener("seeked", () => (position_s.value = audio.currentTime));
audio.addEventListener("error", () => audio.getAttribute("src") && fail());

function follow() {
  if (audio.paused) return;
  const span = loop.peek();
  if (span && audio.currentTime >= span.end_s) audio.currentTime = span.start_s;
  position_s.value = audio.currentTime;
  requestAnimationFrame(follow);
}
