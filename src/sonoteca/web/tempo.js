// Pure functions of the project's tempo: how fast a sound is played so that it fits, and how that is told.
import { bpm } from "./format.js";

export const SLOWEST_BPM = 20;
export const FASTEST_BPM = 400;

/** "127,5" -> 127.5; null for what is no tempo (yet). */
export function tempoIn(text) {
  const value = Number(text.trim().replace(",", "."));
  return value >= SLOWEST_BPM && value <= FASTEST_BPM ? value : null;
}

/**
 * How much faster a sound has to play to be in the project's tempo; 1 where either is not known. A sound of about half or
 * double the tempo fits as it is, so none is stretched by more than the root of two.
 */
export function rateFor(own, project) {
  if (!own || !project) return 1;
  const ratio = project / own;
  return ratio / 2 ** Math.round(Math.log2(ratio));
}

/** "124 +3.2 %": what is done to a sound of that tempo; what is not known of it is said. */
export function stretchText(own, project) {
  if (!project) return "";
  if (!own) return "its tempo is unknown";
  const change = (rateFor(own, project) - 1) * 100;
  if (Math.abs(change) < 0.05) return `${bpm(own)}, as it is`;
  return `${bpm(own)} ${change < 0 ? "−" : "+"}${Math.abs(change).toFixed(1)} %`;
}
