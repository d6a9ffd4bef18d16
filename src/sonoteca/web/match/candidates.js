// What goes with a sound: how well and why, at which shift and stretch; heard alone and together; taken or turned down.
import { html, useState } from "../html.js";
import { Icon } from "../icons.js";
import { moment, nameOf, percent, word } from "../format.js";
import { PlayButton, SoundName } from "../sound_line.js";
import { AXES, shiftText, stretchText } from "./words.js";

/** What names a row: a sound and one of its regions. */
export const rowKey = (row) => `${row.id}.${row.region}`;

export function Candidates({ rows, onTogether, together, onChoice, choices, steps }) {
  return html`<ol class="candidates" aria-label="What goes with it">
    ${rows.map(
      (row, place) => html`<${Candidate}
        key=${rowKey(row)} row=${row} onTogether=${() => onTogether(row)} isTogether=${together === rowKey(row)}
        onChoice=${(liked) => onChoice(row, liked)} choice=${choices[rowKey(row)]} steps=${steps(place)}
      />`,
    )}
  </ol>`;
}

function Candidate({ row, onTogether, isTogether, onChoice, choice, steps }) {
  const [isOpen, setOpen] = useState(false);
  const isWhole = row.region === 0;
  const name = nameOf(row);
  return html`<li class="candidate" data-choice=${choice === undefined ? undefined : choice ? "taken" : "refused"}>
    <div class="candidate-line">
      <${PlayButton} row=${row} at_s=${row.start_s} steps=${steps} />
      <div class="candidate-name">
        <${SoundName} row=${row} />
        ${!isWhole && html`<small class="quiet">from ${moment(row.start_s)} to ${moment(row.end_s)}</small>`}
      </div>
      <span class="candidate-role">${word(row.role)}${row.role_certainty === "unsure" ? "?" : ""}</span>
      <span class="moved" data-still=${!row.semitone_shift} title="How far it is shifted">${shiftText(row.semitone_shift)}</span>
      <span class="moved" data-still=${!row.tempo_ratio || Math.abs(row.tempo_ratio - 1) < 0.0005} title="How far it is stretched">
        ${stretchText(row.tempo_ratio)}
      </span>
      <${FitBars} fit=${row.fit_scores} />
      <strong class="score" title="How well it goes with it">${percent(row.score)}</strong>
      <div class="candidate-acts">
        <button
          type="button" class="button small" aria-pressed=${isTogether} aria-label="Hear ${name} together with it" onClick=${onTogether}
        ><${Icon} name="together" />Together</button>
        <button
          type="button" class="icon-button" aria-pressed=${choice === true} aria-label="Take ${name}" title="It fits"
          onClick=${() => onChoice(true)}
        ><${Icon} name="check" /></button>
        <button
          type="button" class="icon-button" aria-pressed=${choice === false} aria-label="Turn down ${name}"
          title="It does not fit" onClick=${() => onChoice(false)}
        ><${Icon} name="close" /></button>
        <button
          type="button" class="icon-button" aria-expanded=${isOpen} aria-label="Why ${name}" title="Why" onClick=${() => setOpen(!isOpen)}
        ><${Icon} name=${isOpen ? "up" : "down"} size=${12} /></button>
      </div>
    </div>
    ${isOpen && html`<${Why} row=${row} />`}
  </li>`;
}

/** A bar for each axis; what is not known has none. */
function FitBars({ fit }) {
  const said = AXES.map(({ name, label }) => `${label} ${percent(fit[name] ?? null)}`).join(", ");
  return html`<span class="fit" role="img" aria-label=${said}>
    ${AXES.map(({ name, label }) => {
      const value = fit[name] ?? null;
      return html`<span key=${name} class="fit-bar" data-unknown=${value === null} title="${label}: ${value === null ? "not known" : percent(value)}">
        <span style=${{ height: `${Math.round((value ?? 0) * 100)}%` }}></span>
      </span>`;
    })}
  </span>`;
}

function Why({ row }) {
  const risks = [...row.risk_reasons, ...row.quality_flags.map(word)];
  return html`<div class="why">
    <dl class="axes">
      ${AXES.map(({ name, label }) => {
        const value = row.fit_scores[name] ?? null;
        return html`<div key=${name}>
          <dt>${label}</dt>
          <dd><span class="axis"><span style=${{ width: `${Math.round((value ?? 0) * 100)}%` }}></span></span>${percent(value)}</dd>
        </div>`;
      })}
    </dl>
    <div>
      <p>${row.reasons.join(" ")}</p>
      ${risks.length > 0 && html`<p class="warning">${risks.join(", ")}</p>`}
      ${row.copies.length > 0 && html`<p class="quiet">Also there as ${row.copies.map((copy) => copy.path).join(", ")}</p>`}
    </div>
  </div>`;
}
