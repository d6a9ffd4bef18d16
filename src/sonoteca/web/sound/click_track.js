// Clicks on the beats while a sound plays, so that a grid can be judged by ear. Beats are planned a little ahead of their time.
import { effect, signal } from "../html.js";
import * as player from "../player.js";

const AHEAD_S = 0.2;
const EVERY_MS = 60;
const CLICK_S = 0.03;

export const clicking = signal(false);

let context = null;

/** Click on `beats` of the sound with this id, higher on `downbeats`, as long as `clicking`. Returns what ends it. */
export function clickAlong(id, beats, downbeats) {
  const bars = new Set(downbeats);
  let timer = 0;
  let planned_s = -Infinity;
  let lastAt = 0;
  const plan = () => {
    const at = player.element().currentTime;
    // A jump or a loop: what was planned is of no use.
    if (at < lastAt) planned_s = -Infinity;
    lastAt = at;
    for (const beat of beats) {
      if (beat <= Math.max(at, planned_s) || beat > at + AHEAD_S) continue;
      click(context.currentTime + (beat - at) / player.element().playbackRate, bars.has(beat));
      planned_s = beat;
    }
  };
  const ended = effect(() => {
    const sounds = clicking.value && player.loaded.value?.id === id && player.status.value === "playing";
    clearInterval(timer);
    planned_s = -Infinity;
    if (!sounds) return;
    context ??= new AudioContext();
    void context.resume();
    timer = setInterval(plan, EVERY_MS);
  });
  return () => {
    clearInterval(timer);
    ended();
  };
}

function click(at, isBar) {
  const [tone, gain] = [context.createOscillator(), context.createGain()];
  tone.frequency.value = isBar ? 1760 : 1100;
  gain.gain.setValueAtTime(0.35 * player.volume.peek(), at);
  gain.gain.exponentialRampToValueAtTime(0.001, at + CLICK_S);
  tone.connect(gain).connect(context.destination);
  tone.start(at);
  tone.stop(at + CLICK_S);
}
