// What is known of a sound, how sure and by whom; each value can be put right, and stays so whatever is analysed later.
import { html, useEffect, useRef, useState } from "../html.js";
import { Confidence, KeyMark, KindMark } from "../marks.js";
import { Icon } from "../icons.js";
import { UNKNOWN, bpm, duration, keyOfCamelot, number, word } from "../format.js";

const WHO = { user: "said by you", import: "from the file or a list", analyzer: "heard" };

/** Who says a value: a person, a file's tags, or which analyzer. */
export function sourceOf(sound, ...names) {
  const found = names.map((name) => sound.provenance[name]).find(Boolean);
  if (!found) return null;
  return {
    by: WHO[found.source] ?? found.source,
    producer: found.source === "analyzer" ? `${found.producer} ${found.version}` : null,
    isUser: found.source === "user",
  };
}

function Fact({ title, sound, names, confidence = null, children, editing = null, onEditing = null }) {
  const source = sourceOf(sound, ...names);
  const name = title.toLowerCase();
  return html`<div class="fact" data-editing=${editing === name}>
    <dt>${title}
      ${
        onEditing &&
        html`<button
        type="button" class="fact-edit" aria-expanded=${editing === name} aria-label="${editing === name ? "Close" : "Correct"} ${name}" data-fact=${name}
        onClick=${() => onEditing(editing === name ? null : name)}
      >${editing === name ? "close" : "correct"}</button>`
      }
    </dt>
    <dd>
      <div class="fact-value">${children}</div>
      <div class="fact-source">
        <${Confidence} value=${source?.isUser ? null : confidence} />
        ${source && html`<span>${source.by}</span>`}
      </div>
      ${source?.producer && html`<div class="fact-producer" title="heard by ${source.producer}">${source.producer}</div>`}
    </dd>
  </div>`;
}

const KINDS = ["track", "loop", "one_shot", "field_recording"];
const ROLES = ["drums", "bass", "harmony", "melody", "vocal", "fx", "mix"];
const CAMELOTS = Array.from({ length: 12 }, (_, place) => [`${place + 1}A`, `${place + 1}B`]).flat();

export function Facts({ sound, onEdit }) {
  const [editing, setEditing] = useState(null);
  const { tempo, key, loudness, kind, role, audio } = sound;
  const close = () => {
    const name = editing;
    setEditing(null);
    requestAnimationFrame(() => document.querySelector(`[data-fact=${name}]`)?.focus());
  };
  const correct = async (correction, sentence) => (await onEdit(correction, sentence)) && close();
  const open = { editing, onEditing: setEditing };
  return html`<section class="facts-box" aria-label="What is known">
    <dl class="facts">
      <${Fact} title="Tempo" sound=${sound} names=${["tempo", "tempo_bpm"]} confidence=${tempo?.confidence} ...${open}>
        <strong>${tempo ? bpm(tempo.bpm) : UNKNOWN}</strong>${tempo && " BPM"}
      </${Fact}>
      <${Fact} title="Key" sound=${sound} names=${["key"]} confidence=${key?.confidence} ...${open}>
        <strong>${key ? shortKey(key.name) : UNKNOWN}</strong> ${key && html`<${KeyMark} camelot=${key.camelot} name=${key.name} isBare />`}
      </${Fact}>
      <${Fact} title="Loudness" sound=${sound} names=${["loudness", "loudness_lufs", "integrated_lufs"]}>
        <strong>${number(loudness?.integrated_lufs, 1)}</strong> LUFS
      </${Fact}>
      <${Fact} title="Kind" sound=${sound} names=${["kind"]} confidence=${kind?.confidence} ...${open}>
        <strong><${KindMark} kind=${kind?.value} /></strong>
      </${Fact}>
      <${Fact} title="Role" sound=${sound} names=${["role"]} confidence=${role?.confidence} ...${open}>
        <strong>${word(role?.value)}</strong>
      </${Fact}>
      <${Fact} title="Length" sound=${sound} names=${[]}>
        <strong>${duration(audio?.duration_s)}</strong> ${inBars(sound)}
      </${Fact}>
    </dl>
    ${
      editing &&
      html`<div class="fact-form" role="group" aria-label="Correct ${editing}">
      ${editing === "tempo" && html`<${TempoEdit} sound=${sound} onEdit=${correct} />`}
      ${
        editing === "key" &&
        html`<${Choose}
        label="Key" value=${key?.camelot ?? ""} options=${CAMELOTS.map((code) => [code, `${code} · ${keyOfCamelot(code)}`])} none="No key"
        onChoose=${(value) => correct({ key: value }, "The key is corrected.")}
      />`
      }
      ${
        editing === "kind" &&
        html`<${Choose}
        label="Kind" value=${kind?.value ?? ""} options=${KINDS.map((value) => [value, word(value)])}
        onChoose=${(value) => correct({ kind: value }, "The kind is corrected.")}
      />`
      }
      ${
        editing === "role" &&
        html`<${Choose}
        label="Role" value=${role?.value ?? ""} options=${ROLES.map((value) => [value, word(value)])} none="No role"
        onChoose=${(value) => correct({ role: value }, "The role is corrected.")}
      />`
      }
    </div>`
    }
  </section>`;
}

const shortKey = (name) => name.replace(" minor", " min").replace(" major", " maj");

function inBars({ bars, meter }) {
  if (bars) return `${bars} bars`;
  return meter ? `in ${meter.beats_per_bar}/${meter.beat_unit}` : "";
}

function TempoEdit({ sound, onEdit }) {
  const now = sound.tempo?.bpm ?? null;
  const submit = (event) => {
    event.preventDefault();
    void onEdit({ bpm: event.target.elements.bpm.value }, "The tempo is corrected.");
  };
  const shift = (by_s) =>
    onEdit({ shift_grid: String(by_s) }, `The grid stands ${Math.abs(by_s * 1000)} ms ${by_s < 0 ? "earlier" : "later"}.`);
  return html`
    ${
      now &&
      html`<div class="button-row">
      <button type="button" class="button small" onClick=${() => onEdit({ half: true }, "The tempo is halved.")}>Half · ${bpm(now / 2)}</button>
      <button type="button" class="button small" onClick=${() => onEdit({ double: true }, "The tempo is doubled.")}>Double · ${bpm(now * 2)}</button>
    </div>`
    }
    <form class="button-row" onSubmit=${submit}>
      <label class="field inline"><span>BPM</span><input name="bpm" inputmode="decimal" size="6" required value=${now ? bpm(now) : ""} /></label>
      <button type="submit" class="button small">Set</button>
    </form>
    ${
      sound.beats_s.length > 0 &&
      html`<div class="button-row" role="group" aria-label="Shift the grid">
      <span class="quiet">Grid</span>
      ${[-0.01, -0.001, 0.001, 0.01].map(
        (
          by_s,
        ) => html`<button key=${by_s} type="button" class="button small" aria-label="Grid ${Math.abs(by_s * 1000)} ms ${by_s < 0 ? "earlier" : "later"}" onClick=${() => shift(by_s)}>
          ${by_s < 0 ? "−" : "+"}${Math.abs(by_s * 1000)} ms
        </button>`,
      )}
    </div>`
    }
    <button type="button" class="button small quiet" onClick=${() => onEdit({ bpm: "auto", shift_grid: "auto" }, "The tempo is as it was heard.")}>As it was heard</button>
  `;
}

function Choose({ label, value, options, none = null, onChoose }) {
  const select = useRef(null);
  useEffect(() => select.current.focus(), []);
  return html`
    <label class="field inline">
      <span>${label}</span>
      <select ref=${select} aria-label=${label} value=${value} onChange=${(event) => onChoose(event.target.value)}>
        ${!value && html`<option value="">–</option>`}
        ${options.map(([name, text]) => html`<option key=${name} value=${name}>${text}</option>`)}
        ${none && html`<option value="none">${none}</option>`}
      </select>
    </label>
    <button type="button" class="button small quiet" onClick=${() => onChoose("auto")}>As it was heard</button>
  `;
}

/** Cues, each to jump to; new ones at the cursor. */
export function Cues({ sound, onSeek, onEdit, cursor }) {
  const [name, setName] = useState("");
  const add = (event) => {
    event.preventDefault();
    void onEdit({ cues: [`${cursor().toFixed(3)}=${name.trim() || "Cue"}`] }, "The cue is set.");
    setName("");
  };
  return html`<section class="card" aria-labelledby="cues-title">
    <h2 id="cues-title">Cues</h2>
    ${sound.cues.length === 0 && html`<p class="quiet">None yet. Place the cursor and name the moment.</p>`}
    <ul class="cues">
      ${sound.cues.map(
        (cue) => html`<li key=${`${cue.at_s}-${cue.name}`}>
          <button type="button" class="cue-jump" onClick=${() => onSeek(cue.at_s)}>
            <time>${duration(cue.at_s)}</time><span>${cue.name}</span>${cue.source === "user" && html`<small>yours</small>`}
          </button>
          <button
            type="button" class="icon-button" aria-label="Remove the cue ${cue.name}"
            onClick=${() => onEdit({ remove_cues: [cue.at_s.toFixed(4)] }, `The cue ${cue.name} is removed.`)}
          ><${Icon} name="close" size=${11} /></button>
        </li>`,
      )}
    </ul>
    <form class="button-row" onSubmit=${add}>
      <input class="input" aria-label="Name of the cue" placeholder="Name" value=${name} onInput=${(event) => setName(event.target.value)} />
      <button type="submit" class="button small"><${Icon} name="plus" size=${12} />Cue at the cursor</button>
    </form>
  </section>`;
}
