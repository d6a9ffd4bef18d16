// How what is found divides, each part a way to narrow it: kind, role, key on the Camelot wheel, tempo, tags.
import { html, useRef, useState } from "../html.js";
import { camelotOf, count, keyOfCamelot, word } from "../format.js";
import { toggled, toggledTag, valuesOf, withRule } from "../query_text.js";

const MOST_TAGS = 24;
const TEMPO_STEP = 10;

export function Facets({ facets, query, onQuery }) {
  if (!facets) return html`<aside class="facets" aria-label="Narrow down" aria-busy="true"></aside>`;
  const byCamelot = {};
  for (const [name, found] of Object.entries(facets.key)) {
    const code = camelotOf(name);
    if (code) byCamelot[code] = found;
  }
  return html`<aside class="facets" aria-label="Narrow down">
    <${Choices} title="Kind" field="kind" counts=${facets.kind} query=${query} onQuery=${onQuery} />
    <${Choices} title="Role" field="role" counts=${facets.role} query=${query} onQuery=${onQuery} />
    <${Wheel} counts=${byCamelot} query=${query} onQuery=${onQuery} />
    <${Tempo} counts=${facets.tempo_bpm} query=${query} onQuery=${onQuery} />
    <${Tags} counts=${facets.tag} query=${query} onQuery=${onQuery} />
  </aside>`;
}

const asWritten = (value) => value.replaceAll("_", "-");

function Choices({ title, field, counts, query, onQuery }) {
  const chosen = valuesOf(query, field);
  const values = [...new Set([...Object.keys(counts).map(asWritten), ...chosen])];
  const most = Math.max(1, ...Object.values(counts));
  if (!values.length) return null;
  return html`<section class="facet">
    <h2>${title}</h2>
    <ul>
      ${values.map((value) => {
        const found = counts[value.replaceAll("-", "_")] ?? 0;
        return html`<li key=${value}>
          <button
            type="button" class="choice" data-kind=${field === "kind" ? value.replaceAll("-", "_") : undefined}
            aria-pressed=${chosen.includes(value)} onClick=${() => onQuery(toggled(query, field, value))}
          >
            <span class="choice-bar" aria-hidden="true" style=${{ width: `${(found / most) * 100}%` }}></span>
            <span>${word(value)}</span><span class="choice-count">${count(found)}</span>
          </button>
        </li>`;
      })}
    </ul>
  </section>`;
}

const RINGS = { B: [54, 84], A: [26, 53] };

function segment(place, [inner, outer]) {
  const from = ((place - 0.5) / 12) * 2 * Math.PI;
  const to = ((place + 0.5) / 12) * 2 * Math.PI;
  const at = (radius, angle) => `${(Math.sin(angle) * radius).toFixed(2)} ${(-Math.cos(angle) * radius).toFixed(2)}`;
  return `M${at(inner, from)}L${at(outer, from)}A${outer} ${outer} 0 0 1 ${at(outer, to)}L${at(inner, to)}A${inner} ${inner} 0 0 0 ${at(inner, from)}Z`;
}

function Wheel({ counts, query, onQuery }) {
  const chosen = valuesOf(query, "key").map((each) => each.toUpperCase());
  const compatible = chosen.some((each) => each.endsWith("~"));
  const codes = chosen.map((each) => each.replace("~", ""));
  const most = Math.max(1, ...Object.values(counts));
  const choose = (code) => {
    const rest = codes.includes(code) ? codes.filter((each) => each !== code) : [...codes, code];
    onQuery(withRule(query, "key", rest.length ? rest.map((each) => each + (compatible ? "~" : "")).join(",") : null));
  };
  const widen = (event) => {
    const sign = event.target.checked ? "~" : "";
    onQuery(withRule(query, "key", codes.map((each) => each + sign).join(",")));
  };
  return html`<section class="facet">
    <h2>Key</h2>
    <svg class="wheel" viewBox="-86 -86 172 172" role="group" aria-label="Camelot wheel">
      ${["B", "A"].flatMap((ring) =>
        Array.from({ length: 12 }, (_, place) => {
          const code = `${place + 1}${ring}`;
          const found = counts[code] ?? 0;
          const middle = (RINGS[ring][0] + RINGS[ring][1]) / 2;
          const angle = ((place + 1) / 12) * 2 * Math.PI;
          const isChosen = codes.includes(code);
          const press = (event) => {
            if (event.key !== "Enter" && event.key !== " ") return;
            event.preventDefault();
            choose(code);
          };
          return html`<g
            key=${code} class="wheel-key" data-key=${place + 1} data-empty=${!found && !isChosen} role="button"
            tabindex=${found || isChosen ? 0 : -1} aria-pressed=${isChosen}
            aria-label="${code}, ${keyOfCamelot(code)}, ${found}" onClick=${() => choose(code)} onKeyDown=${press}
          >
            <title>${code} · ${keyOfCamelot(code)} · ${found}</title>
            <path d=${segment(place + 1, RINGS[ring])} style=${{ "--share": found ? 0.35 + 0.65 * (found / most) : 0 }} />
            <text x=${Math.sin(angle) * middle} y=${-Math.cos(angle) * middle}>${code}</text>
          </g>`;
        }),
      )}
    </svg>
    <label class="check" data-off=${!codes.length}>
      <input type="checkbox" disabled=${!codes.length} checked=${compatible} onChange=${widen} /> and what mixes with it
    </label>
  </section>`;
}

function Tempo({ counts, query, onQuery }) {
  const [dragged, setDragged] = useState(null);
  const bars = useRef(null);
  const found = Object.entries(counts).map(([at, number]) => [Number(at), number]);
  const [rule] = valuesOf(query, "bpm");
  if (!found.length && !rule) return null;
  const [low, high] = chosenTempo(rule);
  const from = Math.min(60, ...found.map(([at]) => at));
  const to = Math.max(180, ...found.map(([at]) => at + TEMPO_STEP));
  const places = [];
  for (let at = from; at < to; at += TEMPO_STEP) places.push(at);
  const most = Math.max(1, ...found.map(([, number]) => number));
  const placeAt = (event) => {
    const box = bars.current.getBoundingClientRect();
    const share = Math.max(0, Math.min(0.999, (event.clientX - box.left) / box.width));
    return places[Math.floor(share * places.length)];
  };
  const choose = (one, other) => {
    const [begin, end] = [Math.min(one, other), Math.max(one, other) + TEMPO_STEP];
    const isSame = begin === low && end === high;
    onQuery(withRule(query, "bpm", isSame ? null : `=${begin}..${end}`));
  };
  const isIn = (at) =>
    dragged ? at >= Math.min(...dragged) && at <= Math.max(...dragged) : low !== null && at >= low && at < high;
  return html`<section class="facet">
    <h2>Tempo ${rule && html`<button type="button" class="facet-clear" onClick=${() => onQuery(withRule(query, "bpm", null))}>clear</button>`}</h2>
    <div
      ref=${bars} class="tempo" role="group" aria-label="Tempo in beats per minute"
      onPointerDown=${(event) => (event.currentTarget.setPointerCapture(event.pointerId), setDragged([placeAt(event), placeAt(event)]))}
      onPointerMove=${(event) => dragged && setDragged([dragged[0], placeAt(event)])}
      onPointerUp=${() => dragged && (choose(...dragged), setDragged(null))}
      onPointerCancel=${() => setDragged(null)}
    >
      ${places.map((at) => {
        const number = counts[at] ?? 0;
        return html`<button
          key=${at} type="button" class="tempo-bar" aria-pressed=${isIn(at)} tabindex=${number ? 0 : -1}
          aria-label="${at} to ${at + TEMPO_STEP} BPM, ${number}" title="${at} to ${at + TEMPO_STEP} BPM: ${number}"
          onKeyDown=${(event) => (event.key === "Enter" || event.key === " ") && (event.preventDefault(), choose(at, at))}
        ><span style=${{ height: `${number ? 12 + 88 * (number / most) : 4}%` }}></span></button>`;
      })}
    </div>
    <div class="tempo-scale" aria-hidden="true"><span>${from}</span><span>${(from + to) / 2}</span><span>${to} BPM</span></div>
  </section>`;
}

/** "=120..130" -> [120, 130]; a rule that a person wrote otherwise is theirs. */
function chosenTempo(rule) {
  const read = /^=?(\d+(?:\.\d+)?)\.\.(\d+(?:\.\d+)?)$/.exec(rule ?? "");
  return read ? [Number(read[1]), Number(read[2])] : [null, null];
}

function Tags({ counts, query, onQuery }) {
  const chosen = valuesOf(query, "tag");
  const names = [...new Set([...chosen, ...Object.keys(counts)])].slice(0, MOST_TAGS);
  if (!names.length) return null;
  return html`<section class="facet">
    <h2>Tags</h2>
    <div class="facet-tags">
      ${names.map(
        (name) => html`<button
          key=${name} type="button" class="tag" aria-pressed=${chosen.includes(name)} onClick=${() => onQuery(toggledTag(query, name))}
        >${name}<span class="choice-count">${count(counts[name] ?? 0)}</span></button>`,
      )}
    </div>
  </section>`;
}
