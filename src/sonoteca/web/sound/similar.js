// What sounds like a sound, ranked anew while the dial is turned: how much timbre, rhythm, harmony and dynamics count.
import { html, useEffect, useMemo, useState } from "../html.js";
import { ask, onlyLatest } from "../api.js";
import { Icon } from "../icons.js";
import { fileOf, nameOf } from "../format.js";
import { formatAddress } from "../addresses.js";
import * as player from "../player.js";

const ASPECTS = ["timbre", "rhythm", "harmony", "dynamics"];
const ROWS = 12;
const TURNING_MS = 60;

/** What the address says of the dial: 1 where it says nothing. */
export const weightsOf = (params) =>
  Object.fromEntries(
    ASPECTS.map((name) => [name, params[name] === undefined ? 1 : Math.max(0, Math.min(1, Number(params[name]) || 0))]),
  );

export function Similar({ id, weights, onWeights }) {
  const [answer, setAnswer] = useState(null);
  const [problem, setProblem] = useState(null);
  const asking = useMemo(onlyLatest, []);
  const dial = ASPECTS.map((name) => `${name}=${weights[name]}`).join(",");
  const isSilent = ASPECTS.every((name) => weights[name] === 0);
  useEffect(() => {
    if (isSilent) return undefined;
    const timer = setTimeout(async () => {
      try {
        const found = await asking((signal) =>
          ask(`api/similar/${encodeURIComponent(id)}`, { params: { k: ROWS, aspects: dial, max_per_file: 1 }, signal }),
        );
        if (found) {
          setAnswer(found);
          setProblem(null);
        }
      } catch (error) {
        setProblem(error);
      }
    }, TURNING_MS);
    return () => clearTimeout(timer);
  }, [id, dial]);
  useEffect(() => setAnswer(null), [id]);
  useEffect(() => asking.stop, []);

  const rows = answer?.results ?? [];
  const row = (found) => ({ ...found, duration_s: found.end_s });
  const stepsFrom = (place) => ({
    previous: () => rows[place - 1] && start(place - 1),
    next: () => rows[place + 1] && start(place + 1),
  });
  const start = (place) => void player.play(row(rows[place]), { at_s: rows[place].start_s, steps: stepsFrom(place) });
  return html`<aside class="similar card" aria-labelledby="similar-title">
    <h2 id="similar-title">Sounds like this</h2>
    <div class="dial" role="group" aria-label="How much counts">
      ${ASPECTS.map(
        (name) => html`<label key=${name}>
          <span>${name}</span>
          <input
            type="range" min="0" max="1" step="0.05" value=${weights[name]} data-aspect=${name}
            onInput=${(event) => onWeights({ ...weights, [name]: Number(event.target.value) })}
          />
          <span class="dial-value">${Math.round(weights[name] * 100)}</span>
        </label>`,
      )}
    </div>
    ${isSilent && html`<p class="quiet">Nothing counts: turn at least one of the four up.</p>`}
    ${problem && html`<p class="problem" role="alert">${problem.message} ${problem.remedy}</p>`}
    ${!answer && !problem && html`<ul class="similar-rows" aria-busy="true">${Array.from({ length: 6 }, (_, place) => html`<li key=${place} class="similar-row"><span class="ghost"></span></li>`)}</ul>`}
    ${answer && rows.length === 0 && html`<p class="quiet">The library has nothing to compare it with yet.</p>`}
    <ol class="similar-rows">
      ${
        !isSilent &&
        rows.map((found, place) => {
          const sounds = player.isPlaying(found.id);
          return html`<li key=${`${found.id}-${found.region}`} class="similar-row" data-loaded=${player.loaded.value?.id === found.id}>
          <button
            type="button" class="row-play" aria-label="${sounds ? "Pause" : "Play"} ${nameOf(found)}"
            onClick=${() => (sounds ? player.pause() : start(place))}
          ><${Icon} name=${sounds ? "pause" : "play"} size=${13} /></button>
          <a href=${formatAddress({ view: "sound", id: found.id })} title=${found.reasons.join(", ")}>
            <strong>${nameOf(found)}</strong><small>${found.reasons.slice(0, 2).join(" · ") || fileOf(found.path)}</small>
          </a>
          <${Parts} parts=${found.parts} />
          <span class="score">${Math.round(found.score * 100)}</span>
        </li>`;
        })
      }
    </ol>
  </aside>`;
}

/** How near each aspect is, as four bars. */
function Parts({ parts }) {
  const told = ASPECTS.map(
    (name) => `${name} ${parts[name] === undefined || parts[name] === null ? "unknown" : Math.round(parts[name] * 100)}`,
  ).join(", ");
  return html`<span class="parts" role="img" aria-label=${told} title=${told}>
    ${ASPECTS.map((name) => html`<span key=${name}><span style=${{ height: `${Math.round((parts[name] ?? 0) * 100)}%` }}></span></span>`)}
  </span>`;
}
