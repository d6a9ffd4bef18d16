// Sections by roles: what plays where, and a cursor that goes with the sound.
import { html } from "../html.js";
import { Icon } from "../icons.js";
import { fileOf, percent, spokenTime } from "../format.js";
import * as player from "../player.js";
import { barAt, clipsIn, isLocked, rolesOf, secondsAt, sectionsOf, targetOf } from "./grid_of.js";

export function Grid({ arrangement, mix, chosen, onChoose }) {
  const sections = sectionsOf(arrangement);
  const isLoaded = player.loaded.value?.id === mix.id;
  const at_s = isLoaded ? player.position_s.value : 0;
  const columns = { gridTemplateColumns: `96px ${sections.map((each) => `minmax(0, ${each.bars}fr)`).join(" ")}` };
  const share = Math.min(1, barAt(arrangement, at_s) / arrangement.bars);
  const seek = (seconds) => {
    if (isLoaded) player.seek(seconds);
    else void player.play(mix, { at_s: seconds, steps: null });
  };
  const onRuler = (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    seek(secondsAt(arrangement, ((event.clientX - box.left) / box.width) * arrangement.bars));
  };
  const rulerKeys = (event) => {
    const bar_s = secondsAt(arrangement, 1);
    const to = { ArrowLeft: at_s - bar_s, ArrowRight: at_s + bar_s, Home: 0, End: arrangement.duration_s - bar_s }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    seek(Math.max(0, to));
  };
  return html`<div class="grid-box">
    <div class="ruler-line">
      <span></span>
      <div
        class="ruler" role="slider" tabindex="0" aria-label="Place in the mix" aria-valuemin="0" aria-valuemax=${Math.round(arrangement.duration_s)}
        aria-valuenow=${Math.round(at_s)} aria-valuetext="bar ${Math.floor(barAt(arrangement, at_s)) + 1} of ${arrangement.bars}, ${spokenTime(at_s)}"
        onPointerDown=${onRuler} onKeyDown=${rulerKeys}
      >${sections.map((each) => html`<span key=${each.called} style=${{ left: `${(each.start_bar / arrangement.bars) * 100}%` }}>${each.start_bar + 1}</span>`)}</div>
    </div>
    <div class="grid" role="grid" aria-label="Sections by roles">
      <div class="grid-line" role="row" style=${columns}>
        <span role="columnheader"><span class="hidden">Role</span></span>
        ${sections.map(
          (each) => html`<span key=${each.called} role="columnheader" class="grid-head"><button
          type="button" aria-pressed=${chosen === each.called} onClick=${() => onChoose(each.called)}
        >${each.name}<small>${each.bars} bars</small></button></span>`,
        )}
      </div>
      ${rolesOf(arrangement).map(
        (
          role,
        ) => html`<div key=${role} class="grid-line" role="row" style=${columns} data-muted=${arrangement.muted.includes(role)}>
        <span role="rowheader" class="grid-role"><button type="button" aria-pressed=${chosen === role} onClick=${() => onChoose(role)}>${role}${arrangement.muted.includes(role) ? html`<small>muted</small>` : null}</button></span>
        ${sections.map(
          (section) => html`<${Cell}
          key=${section.called} arrangement=${arrangement} role=${role} section=${section} chosen=${chosen} onChoose=${onChoose}
        />`,
        )}
      </div>`,
      )}
      ${isLoaded && html`<span class="cursor-area" aria-hidden="true"><span class="mix-cursor" style=${{ left: `${share * 100}%` }}></span></span>`}
    </div>
  </div>`;
}

function Cell({ arrangement, role, section, chosen, onChoose }) {
  const target = targetOf(role, section);
  const [clip, ...more] = clipsIn(arrangement, role, section);
  const sound = clip && arrangement.sounds[clip.content_hash];
  const locked = isLocked(arrangement, role, section);
  const name = sound ? (fileOf(sound.path)?.replace(/\.[^.]{1,5}$/, "") ?? sound.id) : null;
  return html`<span role="gridcell" class="grid-cell">
    <button
      type="button" class="clip" data-empty=${!clip} data-role=${role} data-locked=${locked} data-missing=${Boolean(sound?.missing)} aria-pressed=${chosen === target}
      onClick=${() => onChoose(target)}
    ><span class="hidden">${role} in ${section.called}: </span>${
      clip
        ? html`<strong>${name}</strong><small>${percent(clip.score)}${more.length ? ` +${more.length}` : ""}</small>
          ${locked && html`<${Icon} name="lock" size=${12} /><span class="hidden">, locked</span>`}
          ${sound.missing && html`<span class="hidden">, ${sound.missing}</span>`}`
        : html`<span class="quiet" aria-hidden="true">–</span><span class="hidden">nothing</span>`
    }</button>
  </span>`;
}
