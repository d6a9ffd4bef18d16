// How values are written. What is not known is a dash, never a zero.

export const UNKNOWN = "–";

/** 4.2 -> "0:04.2", 75 -> "1:15", 4000 -> "1:06:40". */
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return UNKNOWN;
  if (seconds < 10) return `0:${(Math.floor(seconds * 10) / 10).toFixed(1).padStart(4, "0")}`;
  const whole = Math.floor(seconds);
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const tail = String(s).padStart(2, "0");
  return h ? `${h}:${String(m).padStart(2, "0")}:${tail}` : `${m}:${tail}`;
}

/** 75.25 -> "1:15.25": a moment, to the hundredth. */
export function moment(seconds) {
  const hundredths = Math.round(seconds * 100);
  return `${Math.floor(hundredths / 6000)}:${((hundredths % 6000) / 100).toFixed(2).padStart(5, "0")}`;
}

/** 130 -> "2 minutes 10": as it is read out. */
export function spokenTime(seconds) {
  const whole = Math.floor(seconds);
  const [m, s] = [Math.floor(whole / 60), whole % 60];
  const minutes = m === 1 ? "1 minute" : `${m} minutes`;
  if (!m) return s === 1 ? "1 second" : `${s} seconds`;
  return s ? `${minutes} ${s}` : minutes;
}

/** How far a waveform is played, as it is read out. */
export const spokenPlace = (at, length) => `${spokenTime(at)} of ${spokenTime(length)}`;

export const number = (value, digits = 0) => (value === null || value === undefined ? UNKNOWN : value.toFixed(digits));

/** 124 -> "124", 136.94 -> "136.9". */
export function bpm(value) {
  if (value === null || value === undefined) return UNKNOWN;
  const rounded = Math.round(value * 10) / 10;
  return Number.isInteger(rounded) ? String(rounded) : rounded.toFixed(1);
}

export const count = (value) => value.toLocaleString("en-US");

export const counted = (value, one, many = `${one}s`) => `${count(value)} ${value === 1 ? one : many}`;

export const percent = (value) => (value === null || value === undefined ? UNKNOWN : `${Math.round(value * 100)} %`);

/** one_shot -> "one-shot": the vocabulary as people read it. */
export const word = (value) => (value === null || value === undefined ? UNKNOWN : value.replaceAll("_", "-"));

/** What a sound is called: its title, else its file's name without the ending. */
export function nameOf(row) {
  if (row.title) return row.title;
  const file = fileOf(row.path);
  return file ? file.replace(/\.[^.]{1,5}$/, "") : row.id;
}

export const fileOf = (path) => path?.split(/[/\\]/).at(-1) ?? null;

/** The last two folders that a file lies in. */
export const folderOf = (path) => path?.split(/[/\\]/).slice(-3, -1).filter(Boolean).join(" / ") ?? "";

/** "2026-01-31T12:00:00.000Z" -> "31 Jan 2026", in the time zone of who reads. */
export function day(text) {
  if (!text) return UNKNOWN;
  return new Date(text).toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" });
}

const CAMELOT_MINOR = ["G#", "D#", "A#", "F", "C", "G", "D", "A", "E", "B", "F#", "C#"];
const CAMELOT_MAJOR = ["B", "F#", "C#", "G#", "D#", "A#", "F", "C", "G", "D", "A", "E"];
const SHARPS = { Ab: "G#", Bb: "A#", Cb: "B", Db: "C#", Eb: "D#", Fb: "E", Gb: "F#" };

/** "F# minor" -> "11A"; null for what is no key. */
export function camelotOf(name) {
  const [tonic, mode] = (name ?? "").split(" ");
  const row = mode === "minor" ? CAMELOT_MINOR : mode === "major" ? CAMELOT_MAJOR : [];
  const place = row.indexOf(SHARPS[tonic] ?? tonic);
  return place < 0 ? null : `${place + 1}${mode === "minor" ? "A" : "B"}`;
}

/** "11A" -> "F# minor". */
export function keyOfCamelot(code) {
  const place = Number.parseInt(code, 10) - 1;
  return code.endsWith("A") ? `${CAMELOT_MINOR[place]} minor` : `${CAMELOT_MAJOR[place]} major`;
}
