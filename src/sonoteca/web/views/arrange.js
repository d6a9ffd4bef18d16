// Arrangements: a form filled with the library's loops; choose, replace, lock, let the rest be found anew, hear it, take it along.
import { html, useEffect, useMemo, useRef, useState } from "../html.js";
import { ask, onlyLatest, urlOf } from "../api.js";
import { formatAddress } from "../addresses.js";
import { go, say, sayProblem, spoken } from "../state.js";
import { Icon } from "../icons.js";
import { bpm, counted, day, duration, nameOf } from "../format.js";
import { ProblemBox } from "../problem_box.js";
import { SoundPicker } from "../sound_picker.js";
import { Dialog } from "../library/actions.js";
import * as player from "../player.js";
import { Grid } from "../arrange/grid.js";
import { Inspector } from "../arrange/inspector.js";
import { renewals } from "../arrange/grid_of.js";

const FIRST_FORM = "intro:8, verse:16, chorus:16, outro:8";

/** `#/arrange/ID?at=bass@verse`: an arrangement and what is chosen of it; without an id, a new one. */
export function ArrangeView({ id, params }) {
  const [arrangement, setArrangement] = useState(null);
  const [kept, setKept] = useState(null);
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const [version, setVersion] = useState(0);
  const asking = useMemo(onlyLatest, []);
  const left = useRef(false);
  const chosen = params.at ?? null;

  const askKept = async () => {
    try {
      const answer = await ask("arrangements");
      if (!left.current) setKept(answer.results);
    } catch (error) {
      if (!left.current) setProblem(error);
    }
  };
  useEffect(() => {
    void askKept();
    return () => {
      left.current = true;
      asking.stop();
    };
  }, []);
  const open = async () => {
    setProblem(null);
    try {
      const answer = await asking((signal) => ask(`arrangements/${encodeURIComponent(id)}`, { signal }));
      if (answer) setArrangement(answer);
    } catch (error) {
      setArrangement(null);
      setProblem(error);
    }
  };
  useEffect(() => {
    if (!id) {
      asking.stop();
      setArrangement(null);
      setProblem(null);
    } else if (arrangement?.id !== id) {
      setArrangement(null);
      void open();
    }
  }, [id]);

  const edited = (answer) => {
    if (left.current) return;
    setArrangement(answer);
    setVersion((now) => now + 1);
    void askKept();
  };
  const edit = async (json, told = null) => {
    setBusy(true);
    try {
      edited(await ask(`arrangements/${id}`, { method: "PATCH", json }));
      if (told) say(told);
      spoken.value = told ?? "Changed.";
    } catch (error) {
      sayProblem(error);
    }
    if (!left.current) setBusy(false);
  };
  // Each role by itself: where there is no other loop, the rest is found anew all the same.
  const renew = async () => {
    setBusy(true);
    const refused = [];
    let changed = 0;
    for (const target of renewals(arrangement)) {
      try {
        edited(await ask(`arrangements/${id}`, { method: "PATCH", json: { other: [target] } }));
        changed += 1;
      } catch (error) {
        if (error.status === 0) {
          sayProblem(error);
          break;
        }
        refused.push(error.message);
      }
    }
    if (left.current) return;
    setBusy(false);
    if (refused.length)
      say(`${changed ? "" : "Nothing changed. "}${refused[0]}`, { tone: changed ? "good" : "bad", lasts_ms: 9000 });
    else if (changed) say("All that was not locked is another now.");
    else say("All is locked: unlock what shall change.");
  };
  const make = async (wishes) => {
    setBusy(true);
    setProblem(null);
    try {
      const made = await ask("arrangements", { method: "POST", json: wishes });
      if (left.current) return;
      setArrangement(made);
      setVersion((now) => now + 1);
      void askKept();
      go({ view: "arrange", id: made.id });
    } catch (error) {
      if (!left.current) setProblem(error);
    }
    if (!left.current) setBusy(false);
  };
  const remove = async () => {
    if (player.loaded.peek()?.id.startsWith(`arrangement:${id}`)) player.pause();
    await ask(`arrangements/${id}`, { method: "DELETE" });
    say("The arrangement is forgotten; its sounds stay.");
    void askKept();
    go({ view: "arrange" });
  };
  const choose = (at) => go({ view: "arrange", id, params: { at: at === chosen ? "" : at } }, { replace: true });

  return html`<div class="arrange" data-open=${Boolean(id)}>
    <aside class="arrange-kept">
      <div class="work-head"><h1>Arrange</h1><span class="spring"></span>
        ${id && html`<a class="button small" href=${formatAddress({ view: "arrange" })}><${Icon} name="plus" size=${14} />New</a>`}</div>
      ${!id && html`<${Wishes} busy=${busy} onMake=${make} />`}
      <h2>Kept</h2>
      ${
        kept === null
          ? html`<span class="ghost"></span>`
          : kept.length
            ? html`<ul class="kept-list">${kept.map(
                (
                  each,
                ) => html`<li key=${each.public_id}><a href=${formatAddress({ view: "arrange", id: each.public_id })} aria-current=${each.public_id === id ? "true" : undefined}>
              <strong>${each.title ?? `${bpm(each.tempo_bpm)} bpm, ${counted(each.sections, "section")}`}</strong><small>${counted(each.bars, "bar")}, ${day(each.changed_at)}</small></a></li>`,
              )}</ul>`
            : html`<p class="quiet">None yet. Each one that is made is kept.</p>`
      }
    </aside>
    <section class="arrange-main" aria-busy=${busy}>
      ${problem && html`<${ProblemBox} problem=${problem} onAgain=${id ? open : null} />`}
      ${
        arrangement
          ? html`<${Opened} key=${arrangement.id} ...${{ arrangement, version, busy, chosen, onChoose: choose, onEdit: edit, onRenew: renew, onRemove: remove }} />`
          : id && !problem
            ? html`<div class="ghosts" aria-label="The arrangement is opened">${[0, 1, 2, 3].map((each) => html`<div key=${each} class="ghost-line"><span class="ghost"></span><span class="ghost"></span></div>`)}</div>`
            : !problem &&
              html`<div class="empty"><${Icon} name="arrange" size=${40} /><h2>A song of your own loops</h2>
              <p>Name its sections and their bars; loops that go together are found for every role.<br />Lock what you like and let the rest be found anew.</p></div>`
      }
    </section>
    ${
      id &&
      html`<aside class="arrange-inspector" aria-label="What is chosen">
      ${arrangement && html`<${Inspector} arrangement=${arrangement} chosen=${chosen} busy=${busy} onEdit=${edit} />`}
    </aside>`
    }
  </div>`;
}

function Wishes({ busy, onMake }) {
  const [seed, setSeed] = useState(null);
  const send = (event) => {
    event.preventDefault();
    const given = Object.fromEntries(
      [...new FormData(event.target)].map(([name, value]) => [name, value.trim()]).filter(([, value]) => value),
    );
    const { bpm: tempo, ...rest } = given;
    onMake({ ...rest, ...(tempo ? { bpm: Number(tempo) } : {}), ...(seed ? { seed: seed.id } : {}) });
  };
  return html`<form class="set-form" onSubmit=${send}>
    <label class="field"><span>Sections and their bars</span><textarea name="form" rows="2" spellcheck="false">${FIRST_FORM}</textarea></label>
    <div class="two">
      <label class="field"><span>Tempo</span><input name="bpm" type="number" min="20" max="400" step="any" placeholder="open" /></label>
      <label class="field"><span>Key</span><input name="key" placeholder="open" spellcheck="false" /></label>
    </div>
    <label class="field"><span>Only what this query finds</span><input name="filter" placeholder="all loops" spellcheck="false" /></label>
    <div class="field"><span>It grows from</span>
      ${
        seed
          ? html`<span class="tag">${nameOf(seed)}<button type="button" class="icon-button" aria-label="Not from ${nameOf(seed)}" onClick=${() => setSeed(null)}><${Icon} name="close" size=${12} /></button></span>`
          : html`<${SoundPicker} label="Loop to begin with" within="kind:loop" placeholder="any loop" onPick=${setSeed} />`
      }
    </div>
    <button type="submit" class="button primary" disabled=${busy}><${Icon} name="arrange" />${busy ? "Composing…" : "Compose"}</button>
  </form>`;
}

function Opened({ arrangement, version, busy, chosen, onChoose, onEdit, onRenew, onRemove }) {
  const [isForgetting, setForgetting] = useState(false);
  const title = arrangement.title ?? `${bpm(arrangement.tempo_bpm)} bpm`;
  const audio = (format) => urlOf(`arrangements/${arrangement.id}/audio`, { format });
  const file = (format) => urlOf(`arrangements/${arrangement.id}/file`, { format });
  // Another version is another sound, under the same address.
  const mix = {
    id: `arrangement:${arrangement.id}:${version}`,
    title,
    note: "the mix",
    duration_s: arrangement.duration_s,
    audio: `${audio("flac")}#${version}`,
    href: formatAddress({ view: "arrange", id: arrangement.id }),
  };
  const sounding = player.loaded.value?.id === mix.id && ["playing", "loading"].includes(player.status.value);
  const waits = player.loaded.value?.id === mix.id && player.status.value === "loading";
  return html`<div class="arrange-head">
      <button type="button" class="play-button" aria-label=${sounding ? "Pause the mix" : "Play the mix"} onClick=${() => player.toggle(mix, { steps: null })}><${Icon} name=${sounding ? "pause" : "play"} size=${18} /></button>
      <div class="arrange-title">
        <input
          type="text" aria-label="Title" value=${arrangement.title ?? ""} placeholder="Untitled: give it a name" autocomplete="off"
          onChange=${(event) => onEdit({ title: event.target.value.trim() })}
        />
        <p class="quiet">${bpm(arrangement.tempo_bpm)} bpm · ${arrangement.key} · ${counted(arrangement.bars, "bar")} · ${duration(arrangement.duration_s)}${waits ? " · the mix is rendered …" : ""}</p>
      </div>
      <div class="set-acts">
        <button type="button" class="button" disabled=${busy} onClick=${onRenew}><${Icon} name="shuffle" />Find the rest anew</button>
        <button type="button" class="icon-button" disabled=${busy} aria-label="Undo the last change" title="Undo" onClick=${() => onEdit({ undo: true }, "Taken back.")}><${Icon} name="undo" /></button>
        <details class="menu"><summary class="button"><${Icon} name="download" />Export</summary>
          <div class="menu-body links">
            <a href=${audio("wav")} download="${title}.wav">Mix as WAV</a>
            <a href=${audio("flac")} download="${title}.flac">Mix as FLAC</a>
            <a href=${audio("mp3")} download="${title}.mp3">Mix as MP3</a>
            <a href=${file("dawproject")} download="${title}.dawproject">Project for a DAW</a>
            <a href=${file("midi-markers")} download="${title}.mid">Sections as MIDI markers</a>
            <a href=${file("json")} download="${title}.json">Arrangement as JSON</a>
            <button type="button" class="problem" onClick=${() => setForgetting(true)}>Forget it …</button>
          </div>
        </details>
      </div>
    </div>
    <${Grid} arrangement=${arrangement} mix=${mix} chosen=${chosen} onChoose=${onChoose} />
    <div class="arrange-notes">${arrangement.details?.notes?.map((each) => html`<p key=${each} class="quiet">${each}</p>`)}</div>
    ${
      isForgetting &&
      html`<${Dialog} title="Forget this arrangement?" action="Forget" onSubmit=${onRemove} onClose=${() => setForgetting(false)}>
      <p>Its sounds stay in the library.</p>
    <//>`
    }`;
}
