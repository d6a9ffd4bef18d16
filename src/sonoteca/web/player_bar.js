// The bar at the bottom: what plays, where it is, and the way back to it.
import { html, useState } from "./html.js";
import { Icon } from "./icons.js";
import { Waveform } from "./waveforms.js";
import * as player from "./player.js";
import { duration, fileOf, nameOf, spokenPlace } from "./format.js";
import { formatAddress } from "./addresses.js";
import { FASTEST_BPM, SLOWEST_BPM, stretchText, tempoIn } from "./tempo.js";

const STEP_S = 5;

export function PlayerBar() {
  const row = player.loaded.value;
  if (!row) return null;
  const state = player.status.value;
  const sounding = state === "playing" || state === "loading";
  const steps = player.neighbours.value;
  return html`<footer class="player" aria-label="Player">
    <div class="player-buttons">
      <button
        class="icon-button" type="button" aria-label="Previous sound" disabled=${!steps} onClick=${() => steps.previous()}
      ><${Icon} name="back" /></button>
      <button
        class="play-button" type="button" aria-label=${sounding ? "Pause" : "Play"} data-state=${state}
        onClick=${() => player.toggle()}
      ><${Icon} name=${sounding ? "pause" : "play"} size=${18} /></button>
      <button
        class="icon-button" type="button" aria-label="Next sound" disabled=${!steps} onClick=${() => steps.next()}
      ><${Icon} name="forward" /></button>
    </div>
    <a class="player-name" href=${row.href ?? formatAddress({ view: "sound", id: row.id })}>
      <strong>${nameOf(row)}</strong>
      <span>${state === "blocked" ? "Press play: the browser waits for you." : state === "failed" ? "It cannot be played." : (row.artist ?? fileOf(row.path) ?? row.note)}</span>
    </a>
    <${Scrubber} row=${row} />
    <${ProjectTempo} row=${row} />
    <label class="volume">
      <${Icon} name="volume" />
      <input
        type="range" min="0" max="1" step="0.01" value=${player.volume.value} aria-label="Volume"
        onInput=${(event) => (player.volume.value = Number(event.target.value))}
      />
    </label>
  </footer>`;
}

/** The tempo that sounds are heard at, and what that does to this one. */
function ProjectTempo({ row }) {
  const [text, setText] = useState(String(player.projectBpm.peek() ?? ""));
  const typed = (event) => {
    setText(event.target.value);
    const tempo = tempoIn(event.target.value);
    // What is half typed changes nothing yet.
    if (tempo !== null || !event.target.value.trim()) player.projectBpm.value = tempo;
  };
  const left = () => setText(String(player.projectBpm.peek() ?? ""));
  return html`<label class="project-tempo" title="Sounds whose tempo is known are played at this one, between ${SLOWEST_BPM} and ${FASTEST_BPM}">
    <span>Project BPM</span>
    <input
      class="input" type="text" inputmode="decimal" size="5" placeholder="–" value=${text} aria-label="Tempo of the project in BPM"
      aria-describedby="project-stretch" onInput=${typed} onBlur=${left} onKeyDown=${(event) => event.key === "Enter" && event.target.blur()}
    />
    <span id="project-stretch">${row.audio ? "" : stretchText(row.bpm, player.projectBpm.value)}</span>
  </label>`;
}

function Scrubber({ row }) {
  const [at, length] = [player.position_s.value, player.duration_s.value];
  const to = (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    player.seek(((event.clientX - box.left) / box.width) * length);
  };
  const keys = (event) => {
    const moves = { ArrowLeft: at - STEP_S, ArrowRight: at + STEP_S, Home: 0, End: length };
    if (!(event.key in moves)) return;
    event.preventDefault();
    player.seek(Math.max(0, Math.min(length, moves[event.key])));
  };
  return html`<div class="scrubber">
    <span class="time">${duration(at)}</span>
    <div
      class="scrub" role="slider" tabindex="0" aria-label="Position" aria-valuemin="0" aria-valuemax=${Math.round(length)}
      aria-valuenow=${Math.round(at)} aria-valuetext=${spokenPlace(at, length)} onPointerDown=${to} onKeyDown=${keys}
    >${
      row.audio
        ? html`<span class="scrub-line"><span style=${{ width: `${length ? (at / length) * 100 : 0}%` }}></span></span>`
        : html`<${Waveform} id=${row.id} played=${length ? at / length : 0} />`
    }</div>
    <span class="time">${duration(length)}</span>
  </div>`;
}
