// One sound: its waveform with all that was heard along it, what is known and by whom, put right by hand, and what sounds like it.
import { html, useEffect, useMemo, useSignal, useState } from "../html.js";
import { ask, onlyLatest } from "../api.js";
import { formatAddress } from "../addresses.js";
import { go, goBack, say, sayProblem } from "../state.js";
import { Icon } from "../icons.js";
import { folderOf, nameOf } from "../format.js";
import { onKeys } from "../shortcuts.js";
import * as player from "../player.js";
import { clickAlong, clicking } from "../sound/click_track.js";
import { Cues, Facts } from "../sound/facts.js";
import { Similar, weightsOf } from "../sound/similar.js";
import { WaveformPane } from "../sound/waveform_pane.js";

const rowOf = (sound) => ({
  id: sound.id,
  title: sound.title,
  artist: sound.artist,
  path: sound.path,
  duration_s: sound.audio?.duration_s ?? 0,
  bpm: sound.tempo?.bpm ?? null,
});

export function SoundView({ id, params }) {
  const [sound, setSound] = useState(null);
  const [problem, setProblem] = useState(null);
  const asking = useMemo(onlyLatest, []);
  const look = async () => {
    try {
      const found = await asking((signal) => ask(`api/sounds/${encodeURIComponent(id)}`, { signal }));
      if (!found) return;
      setSound(found);
      setProblem(null);
      document.title = `${nameOf(found)} – Sonoteca`;
    } catch (error) {
      setProblem(error);
    }
  };
  useEffect(() => void look(), [id]);
  useEffect(() => asking.stop, []);
  useEffect(() => onKeys({ Escape: back }), []);

  if (problem) {
    return html`<div class="empty" role="alert">
      <h1>${problem.message}</h1>
      <p>${problem.remedy}</p>
      <a class="button" href=${formatAddress({ view: "library" })}>Go to the library</a>
    </div>`;
  }
  if (!sound) return html`<div class="sound" aria-busy="true"><div class="sound-main"><span class="ghost"></span></div></div>`;
  return html`<${Sound} sound=${sound} params=${params} onLook=${look} />`;
}

const back = () => goBack({ view: "library" });

function Sound({ sound, params, onLook }) {
  const row = useMemo(() => rowOf(sound), [sound.id, sound.title, sound.path, sound.tempo?.bpm]);
  const cursor = useSignal(0);
  useEffect(() => void (cursor.value = 0), [sound.id]);
  const isLoaded = player.loaded.value?.id === row.id;
  const sounds = player.isPlaying(row.id);
  const begin = (which = row, at_s = 0) => player.play(which, { at_s, steps: null });
  const toggle = () => (isLoaded ? player.toggle() : void begin(row, cursor.peek()));
  useEffect(() => onKeys({ " ": toggle }), [row, isLoaded]);
  useEffect(() => clickAlong(row.id, sound.beats_s, sound.downbeats_s), [row.id, sound.beats_s]);

  const edit = async (correction, sentence) => {
    try {
      const done = await ask(`api/sounds/${encodeURIComponent(sound.id)}`, { method: "PATCH", json: correction });
      await onLook();
      if (!done.changed) {
        say(done.locked ? "The sound is locked: unlock it first." : "It was so already.");
        return true;
      }
      say(sentence, { action: { label: "Undo", act: undo } });
      return true;
    } catch (error) {
      sayProblem(error);
      return false;
    }
  };
  const undo = async () => {
    try {
      await ask("api/undo", { method: "POST" });
      await onLook();
    } catch (error) {
      sayProblem(error);
    }
  };
  const seek = (at_s) => {
    cursor.value = at_s;
    if (isLoaded) player.seek(at_s);
    else void begin(row, at_s);
  };
  const here = () => (player.loaded.peek()?.id === row.id ? player.position_s.peek() : cursor.peek());
  const weigh = (weights) =>
    go(
      { view: "sound", id: sound.id, params: Object.fromEntries(Object.entries(weights).filter(([, weight]) => weight !== 1)) },
      { replace: true },
    );
  const away = sound.locations.length > 0 && sound.locations.every((each) => each.missing);
  return html`<div class="sound">
    <div class="sound-main">
      <header class="sound-head">
        <button type="button" class="icon-button" aria-label="Back" onClick=${back}><${Icon} name="left" /></button>
        <button type="button" class="play-button" aria-label=${sounds ? "Pause this sound" : "Play this sound"} onClick=${toggle}>
          <${Icon} name=${sounds ? "pause" : "play"} size=${18} />
        </button>
        <div class="sound-name">
          <h1>${nameOf(sound)}</h1>
          <p>${[sound.artist, sound.album, folderOf(sound.path)].filter(Boolean).join(" · ")}</p>
        </div>
        <div class="tags">${sound.tags.map((tag) => html`<span class="tag" key=${tag.label}>${tag.label}</span>`)}</div>
        ${
          sound.beats_s.length > 0 &&
          html`<button
          type="button" class="button small" aria-pressed=${clicking.value} onClick=${() => (clicking.value = !clicking.value)}
        >Click on beats</button>`
        }
        <button
          type="button" class="button small" aria-pressed=${sound.locked}
          onClick=${() => edit(sound.locked ? { unlock: true } : { lock: true }, sound.locked ? "Unlocked." : "Locked: nothing changes what is known of it.")}
        ><${Icon} name="lock" size=${13} />${sound.locked ? "Locked" : "Lock"}</button>
      </header>
      ${sound.error && html`<p class="banner bad">${sound.error.message} ${sound.error.remedy}</p>`}
      ${away && html`<p class="banner">Its file is not there now; what is known of it stays.</p>`}
      <${WaveformPane}
        sound=${sound} row=${row} cursor=${cursor} onPlay=${begin}
        onCueMoved=${(cue, at_s) => edit({ remove_cues: [cue.at_s.toFixed(4)], cues: [`${at_s.toFixed(3)}=${cue.name}`] }, `The cue ${cue.name} is moved.`)}
      />
      <${Doubts} sound=${sound} />
      <${Facts} sound=${sound} onEdit=${edit} />
      <div class="cards"><${Cues} sound=${sound} onSeek=${seek} onEdit=${edit} cursor=${here} /><${Colours} sound=${sound} /></div>
    </div>
    <${Similar} id=${sound.id} weights=${weightsOf(params)} onWeights=${weigh} />
  </div>`;
}

function Doubts({ sound }) {
  const told = [...sound.warnings, ...sound.quality.map((each) => each.code.replaceAll("_", " "))];
  if (!told.length) return null;
  return html`<ul class="doubts">${told.map((each) => html`<li key=${each}>${each}</li>`)}</ul>`;
}

const SCALES = ["brightness", "warmth", "roughness", "noisiness", "tonality", "pulse_clarity"];

/** What a sound is like, each from 0 to 1. */
function Colours({ sound }) {
  const known = SCALES.filter((name) => typeof sound.descriptors[name] === "number");
  if (!known.length) return null;
  return html`<section class="card" aria-labelledby="colours-title">
    <h2 id="colours-title">Colour</h2>
    <dl class="scales">
      ${known.map(
        (name) => html`<div key=${name}>
          <dt>${name.replaceAll("_", " ")}</dt>
          <dd><span class="scale" aria-hidden="true"><span style=${{ width: `${Math.min(1, sound.descriptors[name]) * 100}%` }}></span></span>${sound.descriptors[name].toFixed(2)}</dd>
        </div>`,
      )}
    </dl>
  </section>`;
}
