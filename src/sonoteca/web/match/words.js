// How a match is said: its axes, shifts, stretches, and what was not ranked.
import { UNKNOWN, count } from "../format.js";

export const AXES = [
  { name: "interval", label: "Notes" },
  { name: "chord", label: "Chords" },
  { name: "key", label: "Key" },
  { name: "rhythm", label: "Rhythm" },
  { name: "tempo", label: "Tempo" },
  { name: "tensor", label: "Texture" },
  { name: "energy", label: "Energy" },
  { name: "role_confidence", label: "Role" },
];

export const ROLES = ["drums", "bass", "harmony", "melody", "vocal", "fx"];

/** -2 -> "−2 st"; 0 -> "no shift". */
export function shiftText(semitones) {
  if (semitones === null || semitones === undefined) return UNKNOWN;
  if (!semitones) return "no shift";
  return `${semitones > 0 ? "+" : "−"}${Math.abs(semitones)} st`;
}

/** 1.032 -> "+3.2 %"; 1 -> "no stretch". */
export function stretchText(ratio) {
  if (ratio === null || ratio === undefined) return UNKNOWN;
  const pct = Math.round((ratio - 1) * 1000) / 10;
  if (!pct) return "no stretch";
  return `${pct > 0 ? "+" : "−"}${Math.abs(pct).toFixed(1)} %`;
}

const REJECTED = {
  failed: "could not be heard",
  silent: "are silent",
  other_role: "play another role",
  stretch: "are too far to stretch",
  shift: "are too far to shift",
  flagged: "have a flag (strict)",
  nothing_known: "have nothing to compare",
};

/** What was left out, and why: "3 play another role, 2 are too far to stretch". */
export const rejectedText = (rejected) =>
  Object.entries(rejected)
    .filter(([, n]) => n)
    .map(([why, n]) => `${count(n)} ${REJECTED[why] ?? why}`)
    .join(", ");
