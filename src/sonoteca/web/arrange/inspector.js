// What is chosen of an arrangement: a place, a role or a section, and what can be done with it.
import { html } from "../html.js";
import { Icon } from "../icons.js";
import { nameOf, percent } from "../format.js";
import { PlayButton, SoundName } from "../sound_line.js";
import { SoundPicker } from "../sound_picker.js";
import { AXES, shiftText, stretchText } from "../match/words.js";
import { clipsIn, isLocked, rolesOf, sectionsOf } from "./grid_of.js";

export function Inspector({ arrangement, chosen, busy, onEdit }) {
  const sections = sectionsOf(arrangement);
  if (!chosen) return html`<p class="quiet">Choose a place of the grid, a role or a section: here is what it can become.</p>`;
  const [role, where] = chosen.includes("@") ? chosen.split("@") : [rolesOf(arrangement).includes(chosen) ? chosen : null, null];
  const section = sections.find((each) => each.called === (where ?? chosen));
  if (role && where && section) return html`<${Place} ...${{ arrangement, role, section, target: chosen, busy, onEdit }} />`;
  if (role) return html`<${Role} ...${{ arrangement, role, busy, onEdit }} />`;
  if (section) return html`<${Section} ...${{ sections, section, busy, onEdit }} />`;
  return null;
}

function Place({ arrangement, role, section, target, busy, onEdit }) {
  const clips = clipsIn(arrangement, role, section);
  const locked = isLocked(arrangement, role, section);
  return html`<h2>${role} <span class="quiet">in ${section.called}</span></h2>
    ${clips.map((clip) => {
      const sound = arrangement.sounds[clip.content_hash];
      const row = { id: sound.id, title: null, artist: null, path: sound.path };
      return html`<div key=${clip.start_bar} class="source-card">
        <div class="source-head"><${PlayButton} row=${row} at_s=${clip.start_s} /><${SoundName} row=${row} /></div>
        ${sound.missing && html`<p class="problem">${sound.missing}</p>`}
        <div class="source-facts"><strong>${percent(clip.score)}</strong><span>${stretchText(clip.tempo_ratio)}</span><span>${shiftText(clip.semitone_shift)}</span><span>${gainText(clip.gain_db)}</span></div>
        ${
          clip.fit_scores &&
          html`<dl class="axes">${AXES.filter(
            ({ name }) => clip.fit_scores[name] !== null && clip.fit_scores[name] !== undefined,
          ).map(
            ({ name, label }) => html`<div key=${name}>
          <dt>${label}</dt><dd><span class="axis"><span style=${{ width: `${Math.round(clip.fit_scores[name] * 100)}%` }}></span></span>${percent(clip.fit_scores[name])}</dd></div>`,
          )}</dl>`
        }
        <p class="quiet">${clip.reasons.join(" ")}</p>
      </div>`;
    })}
    ${!clips.length && html`<p class="quiet">Nothing plays here. Take a sound below.</p>`}
    <div class="acts">
      <button type="button" class="button small" aria-pressed=${locked} disabled=${busy || !clips.length} onClick=${() => onEdit(locked ? { unlock: [target] } : { lock: [target] })}><${Icon} name=${locked ? "lock" : "unlock"} size=${14} />${locked ? "Locked" : "Lock"}</button>
      <button type="button" class="button small" disabled=${busy || locked || !clips.length} onClick=${() => onEdit({ other: [target] })}><${Icon} name="shuffle" size=${14} />Another</button>
      <button type="button" class="button small" disabled=${busy || locked || !clips.length} onClick=${() => onEdit({ without: [target] })}>Leave empty</button>
    </div>
    <div class="acts">
      <button type="button" class="button small" disabled=${busy || !clips.length} onClick=${() => onEdit({ gain: [`${target}=-2`] })}>Softer</button>
      <button type="button" class="button small" disabled=${busy || !clips.length} onClick=${() => onEdit({ gain: [`${target}=2`] })}>Louder</button>
      <button type="button" class="button small" disabled=${busy || !clips.length || role === "drums"} onClick=${() => onEdit({ shift: [`${target}=-12`] })}>Octave down</button>
      <button type="button" class="button small" disabled=${busy || !clips.length || role === "drums"} onClick=${() => onEdit({ shift: [`${target}=12`] })}>Octave up</button>
    </div>
    ${
      !locked &&
      html`<div class="field"><span>Let another sound play here</span>
      <${SoundPicker} key=${target} label="Sound to play as ${role} in ${section.called}" within="kind:loop role:${role}" placeholder="Loops that play ${role}" onPick=${(row) => onEdit({ replace: [`${target}=${row.id}`] }, `${nameOf(row)} plays there.`)} />
    </div>`
    }`;
}

const gainText = (gain_db) => `${gain_db > 0 ? "+" : gain_db < 0 ? "−" : ""}${Math.abs(gain_db).toFixed(1)} dB`;

function Role({ arrangement, role, busy, onEdit }) {
  const muted = arrangement.muted.includes(role);
  return html`<h2>${role} <span class="quiet">everywhere</span></h2>
    <div class="acts">
      <button type="button" class="button small" aria-pressed=${muted} disabled=${busy} onClick=${() => onEdit(muted ? { unmute: [role] } : { mute: [role] })}>${muted ? "Muted" : "Mute"}</button>
      <button type="button" class="button small" disabled=${busy} onClick=${() => onEdit({ lock: [role] })}><${Icon} name="lock" size=${14} />Lock</button>
      <button type="button" class="button small" disabled=${busy} onClick=${() => onEdit({ unlock: [role] })}><${Icon} name="unlock" size=${14} />Unlock</button>
      <button type="button" class="button small" disabled=${busy} onClick=${() => onEdit({ other: [role] })}><${Icon} name="shuffle" size=${14} />Another</button>
      <button type="button" class="button small" disabled=${busy} onClick=${() => onEdit({ gain: [`${role}=-2`] })}>Softer</button>
      <button type="button" class="button small" disabled=${busy} onClick=${() => onEdit({ gain: [`${role}=2`] })}>Louder</button>
    </div>`;
}

function Section({ sections, section, busy, onEdit }) {
  const place = sections.indexOf(section) + 1;
  return html`<h2>${section.called}</h2>
    <label class="field"><span>Bars</span>
      <input type="number" min="1" max="256" value=${section.bars} disabled=${busy} onChange=${(event) => onEdit({ bars: [`${section.called}=${event.target.value}`] })} />
    </label>
    <div class="acts">
      <button type="button" class="button small" disabled=${busy || place === 1} onClick=${() => onEdit({ move: [`${section.called}=${place - 1}`] })}>Earlier</button>
      <button type="button" class="button small" disabled=${busy || place === sections.length} onClick=${() => onEdit({ move: [`${section.called}=${place + 1}`] })}>Later</button>
      <button type="button" class="button small" disabled=${busy} onClick=${() => onEdit({ repeat: [section.called] })}>Play twice</button>
      <button type="button" class="button small" disabled=${busy || sections.length === 1} onClick=${() => onEdit({ remove_section: [section.called] })}>Take out</button>
    </div>`;
}
