// The tracks of a set in their order, with the transition into each: dragged or moved by keys, locked, heard.
import { html, useRef, useState } from "../html.js";
import { Icon } from "../icons.js";
import { KeyMark } from "../marks.js";
import { bpm, duration, nameOf, number, percent } from "../format.js";
import { spoken } from "../state.js";
import { PlayButton, SoundName } from "../sound_line.js";

export function TrackList({ tracks, locked, findings, heard, onMove, onLock, onRemove, onHear, steps }) {
  const [dragged, setDragged] = useState(null);
  const [over, setOver] = useState(null);
  const box = useRef(null);
  const move = (from, to, name) => {
    if (to < 0 || to >= tracks.length || to === from) return;
    onMove(from, to);
    spoken.value = `${name} is at ${to + 1} of ${tracks.length}.`;
    // Who moved it by keys goes on moving it.
    requestAnimationFrame(() => box.current?.querySelectorAll(".grip")[to]?.focus());
  };
  return html`<ol class="tracks" aria-label="Tracks of the set" ref=${box}>
    ${tracks.map((track, place) => {
      const name = nameOf(track);
      const isLocked = locked.has(track.id);
      const dropped = (event) => {
        event.preventDefault();
        if (dragged !== null) onMove(dragged, place);
        setDragged(null);
        setOver(null);
      };
      return html`<li
        key=${track.id} class="track" data-dragged=${dragged === place} data-over=${over === place && dragged !== place}
        data-side=${dragged !== null && dragged < place ? "below" : "above"}
        onDragOver=${(event) => dragged !== null && (event.preventDefault(), setOver(place))} onDrop=${dropped}
      >
        ${
          place > 0 &&
          html`<${Transition}
          track=${track} findings=${findings.get(place + 1) ?? []} isHeard=${heard === place} onHear=${() => onHear(place)}
          name="${nameOf(tracks[place - 1])} into ${name}"
        />`
        }
        <div class="track-line">
          <button
            type="button" class="icon-button grip" draggable="true" aria-label="Move ${name}, at ${place + 1}: arrow keys" title="Drag, or arrow keys"
            onDragStart=${(event) => (event.dataTransfer.setData("text/plain", track.path ?? track.id), (event.dataTransfer.effectAllowed = "move"), setDragged(place))}
            onDragEnd=${() => (setDragged(null), setOver(null))}
            onKeyDown=${(event) => {
              const to = { ArrowUp: place - 1, ArrowDown: place + 1, Home: 0, End: tracks.length - 1 }[event.key];
              if (to === undefined) return;
              event.preventDefault();
              event.stopPropagation();
              move(place, to, name);
            }}
          ><${Icon} name="grip" /></button>
          <span class="track-place">${place + 1}</span>
          <${PlayButton} row=${track} steps=${steps(place)} />
          <${SoundName} row=${track} />
          <span class="track-number">${bpm(track.bpm)}</span>
          <${KeyMark} camelot=${track.camelot} name=${null} />
          <span class="track-energy" title="Energy ${number(track.energy_level)} of 10">
            <span style=${{ width: `${(track.energy_level ?? 0) * 10}%` }}></span>
          </span>
          <span class="track-number quiet">${duration(track.duration_s)}</span>
          <span class="track-number quiet">${duration(track.at_s)}</span>
          <button
            type="button" class="icon-button" aria-pressed=${isLocked} aria-label="${isLocked ? "Unlock" : "Lock"} ${name}"
            title=${isLocked ? "It stays when the set is filled anew" : "Keep it at its place"} onClick=${() => onLock(track.id)}
          ><${Icon} name=${isLocked ? "lock" : "unlock"} /></button>
          <button type="button" class="icon-button" aria-label="Take ${name} out" title="Take it out" onClick=${() => onRemove(place)}><${Icon} name="close" size=${12} /></button>
        </div>
      </li>`;
    })}
  </ol>`;
}

function Transition({ track, findings, isHeard, onHear, name }) {
  return html`<div class="transition" data-bad=${findings.length > 0}>
    <button type="button" class="button small quiet" aria-pressed=${isHeard} aria-label="Hear ${name}" onClick=${onHear}>
      <${Icon} name="together" size=${14} />Hear
    </button>
    <strong title="How good the transition is">${percent(track.score)}</strong>
    <span class="transition-why" title=${track.reasons.join(" · ")}>${track.reasons.filter((each) => !each.startsWith("not known")).join(" · ")}</span>
    ${findings.map((each) => html`<span key=${each.code} class="finding" title=${each.message}>${each.message}</span>`)}
  </div>`;
}
