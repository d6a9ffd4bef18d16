// What goes with a sound: a hum, a file that is dropped, or a sound of the library.
import { html, useEffect, useMemo, useRef, useState } from "../html.js";
import { ask, askBytes, onlyLatest, urlOf } from "../api.js";
import { formatAddress } from "../addresses.js";
import { go, say, sayProblem, spoken } from "../state.js";
import { Icon } from "../icons.js";
import { KeyMark, KindMark } from "../marks.js";
import { bpm, counted, nameOf, word } from "../format.js";
import { keepFile, keptFile } from "../kept_files.js";
import { ProblemBox } from "../problem_box.js";
import { PlayButton, SoundName } from "../sound_line.js";
import { SoundPicker } from "../sound_picker.js";
import { Waveform } from "../waveforms.js";
import * as player from "../player.js";
import { Candidates, rowKey } from "../match/candidates.js";
import { DropZone } from "../match/drop_zone.js";
import { Recording } from "../match/recording.js";
import { ROLES, rejectedText } from "../match/words.js";

const PAGE = 20;
const KEPT = "match";

/** `#/match/ID?role=bass&strict=yes`; `from=file` is the file that was brought last, heard as a hum with `as=hum`. */
export function MatchView({ id, params }) {
  const [source, setSource] = useState(null);
  const [answer, setAnswer] = useState(null);
  const [rows, setRows] = useState([]);
  const [problem, setProblem] = useState(null);
  const [isBusy, setBusy] = useState(false);
  const [choices, setChoices] = useState({});
  const [together, setTogether] = useState(null);
  const { asking, previewing } = useMemo(() => ({ asking: onlyLatest(), previewing: onlyLatest() }), []);
  const brought = useRef(null);
  const mixed = useRef(null);
  const { role = "", strict = "", from = "", as = "" } = params;

  useEffect(
    () => () => {
      asking.stop();
      previewing.stop();
    },
    [],
  );

  // What is matched: by its id in the address, or the file that this browser keeps.
  useEffect(() => {
    let isOver = false;
    const found = (made) => !isOver && setSource(made);
    setAnswer(null);
    setRows([]);
    setProblem(null);
    setChoices({});
    if (id) {
      ask("database/files", { params: { query: `id:${id}`, limit: 1 } }).then(
        (known) => (known.results[0] ? found({ row: known.results[0] }) : found({ row: { id, title: null, path: null } })),
        (error) => !isOver && setProblem(error),
      );
    } else if (from === "file") {
      const file = brought.current ?? null;
      if (file) found({ file });
      else
        void keptFile(KEPT).then((kept) => {
          if (isOver) return;
          if (kept) setSource({ file: kept });
          else go({ view: "match", params: { role, strict } }, { replace: true });
        });
    } else found(null);
    return () => {
      isOver = true;
    };
  }, [id, from, params.n]);

  const request = (more) => {
    const wishes = { role: role || null, strict: strict ? true : null, k: PAGE, ...more };
    if (source.row) return { json: { sound_id: source.row.id, ...given(wishes) } };
    const form = new FormData();
    form.append("file", source.file, source.file.name);
    for (const [name, value] of Object.entries(given({ ...wishes, mode: as === "hum" ? "hum" : null })))
      form.append(name, String(value));
    return { form };
  };
  const look = async (offset = 0) => {
    setBusy(true);
    setProblem(null);
    try {
      const found = await asking((signal) => ask("match", { method: "POST", ...request({ offset: offset || null }), signal }));
      if (!found) return;
      setAnswer(found.query);
      setRows((before) => (offset ? [...before, ...found.results] : found.results));
      spoken.value = `${counted(found.results.length, "sound")} found.`;
      setBusy(false);
    } catch (error) {
      setProblem(error);
      setBusy(false);
    }
  };
  useEffect(() => {
    if (source) void look();
  }, [source, role, strict, as]);

  const bring = (file, hummed = false) => {
    brought.current = file;
    void keepFile(KEPT, file);
    setSource(null);
    // A number that differs makes the same address another one: the file is not the same.
    go({ view: "match", params: { ...params, from: "file", as: hummed ? "hum" : "", n: Date.now() } });
  };
  const set = (more) => go({ view: "match", id, params: { ...params, ...more } }, { replace: true });

  const hear = async (row) => {
    setTogether(rowKey(row));
    const asked = { b: row.id, b_region: row.region, as: "match", tempo_ratio: row.tempo_ratio, semitones: row.semitone_shift };
    const title = `${nameOf(row)} with ${source.row ? nameOf(source.row) : source.file.name}`;
    try {
      const made = await previewing(async (signal) => {
        if (source.row) {
          const told = await ask("api/previews", {
            method: "POST",
            json: given({ a: source.row.id, ...asked }),
            signal,
          });
          return { audio: urlOf(told.audio), notes: told.notes };
        }
        const form = new FormData();
        form.append("file", source.file, source.file.name);
        for (const [name, value] of Object.entries(given(asked))) form.append(name, String(value));
        const bytes = await askBytes("api/previews/upload", { method: "POST", form, signal });
        URL.revokeObjectURL(mixed.current);
        mixed.current = URL.createObjectURL(new Blob([bytes], { type: "audio/flac" }));
        return { audio: mixed.current, notes: [] };
      });
      if (!made) return;
      const heard = {
        id: `together:${made.audio}`,
        title,
        note: made.notes[0] ?? "as the match puts them",
        audio: made.audio,
        href: location.hash,
      };
      void player.play(heard, { steps: null });
    } catch (error) {
      sayProblem(error);
      setTogether(null);
    }
  };
  const choose = async (row, liked) => {
    const key = rowKey(row);
    const before = choices[key];
    setChoices((now) => ({ ...now, [key]: liked }));
    try {
      const json = { candidate: row.id, candidate_region: row.region, liked, ...given({ role: role || null }) };
      if (source.row) await ask("api/matches/choices", { method: "POST", json: { query: source.row.id, ...json } });
      else {
        const form = new FormData();
        form.append("file", source.file, source.file.name);
        for (const [name, value] of Object.entries(json)) form.append(name, String(value));
        await ask("api/matches/choices", { method: "POST", form });
      }
      say(`${nameOf(row)} was ${liked ? "taken" : "turned down"}. \`sonoteca match tune\` learns from it.`);
    } catch (error) {
      setChoices((now) => ({ ...now, [key]: before }));
      sayProblem(error);
    }
  };
  const stepsOf = (place) => {
    const at = (other) => () =>
      rows[other] && void player.play(rows[other], { at_s: rows[other].start_s, steps: stepsOf(other) });
    return { previous: at(place - 1), next: at(place + 1) };
  };

  return html`<div class="match">
    <aside class="match-source">
      <h1>What goes with it?</h1>
      <${Recording} onFile=${(file) => bring(file, true)} />
      <${DropZone} onFile=${(file) => bring(file)} />
      <${SoundPicker} label="Sound to match" placeholder="… or take a sound of the library" onPick=${(row) => go({ view: "match", id: row.id, params: { role, strict } })} />
      ${source && html`<${Source} source=${source} as=${as} onAs=${(now) => set({ as: now })} />`}
      <fieldset class="roles">
        <legend>Which shall play</legend>
        ${["", ...ROLES].map(
          (each) => html`<button
            key=${each} type="button" class="chip" aria-pressed=${role === each} onClick=${() => set({ role: each })}
          >${each || "anything"}</button>`,
        )}
      </fieldset>
      <label class="check">
        <input type="checkbox" checked=${Boolean(strict)} onChange=${(event) => set({ strict: event.target.checked ? "yes" : "" })} />
        Strict: leave out what has a doubt
      </label>
    </aside>
    <section class="match-found" aria-busy=${isBusy}>
      ${
        problem
          ? html`<${ProblemBox} problem=${problem} onAgain=${source ? () => look() : null} />`
          : !source && !id && from !== "file"
            ? html`<${Welcome} />`
            : rows.length
              ? html`<${Found} rows=${rows} answer=${answer}>
                <${Candidates}
                  rows=${rows} onTogether=${hear} together=${player.loaded.value?.id.startsWith("together:") ? together : null}
                  onChoice=${choose} choices=${choices} steps=${stepsOf}
                />
                ${
                  answer.next_offset !== null &&
                  html`<button type="button" class="button more" disabled=${isBusy} onClick=${() => look(answer.next_offset)}>Show more</button>`
                }
              <//>`
              : isBusy || !answer
                ? html`<${Ghosts} />`
                : html`<div class="empty">
                  <h2>Nothing goes with it</h2>
                  <p>${rejectedText(answer.rejected) || "The library has nothing to compare."}</p>
                  ${(role || strict) && html`<button type="button" class="button" onClick=${() => set({ role: "", strict: "" })}>Any role, not strict</button>`}
                </div>`
      }
    </section>
  </div>`;
}

const given = (wishes) => Object.fromEntries(Object.entries(wishes).filter(([, value]) => value !== null && value !== undefined));

/** What is matched, to be heard again. */
function Source({ source, as, onAs }) {
  if (source.row) {
    const { row } = source;
    return html`<div class="source-card">
      <div class="source-head"><${PlayButton} row=${row} /><${SoundName} row=${row} /></div>
      <div class="source-wave"><${Waveform} id=${row.id} /></div>
      <div class="source-facts">
        <${KindMark} kind=${row.kind} /><span>${word(row.role)}</span><span>${bpm(row.bpm)} bpm</span><${KeyMark} camelot=${row.camelot} name=${row.key} />
      </div>
    </div>`;
  }
  return html`<${FileCard} file=${source.file} as=${as} onAs=${onAs} />`;
}

function FileCard({ file, as, onAs }) {
  const url = useMemo(() => URL.createObjectURL(file), [file]);
  useEffect(() => () => URL.revokeObjectURL(url), [url]);
  const row = {
    id: `file:${url}`,
    title: file.name,
    note: "your file",
    audio: url,
    href: formatAddress({ view: "match", params: { from: "file", as } }),
  };
  return html`<div class="source-card">
    <div class="source-head">
      <${PlayButton} row=${row} />
      <span class="name"><strong>${file.name}</strong><small>${(file.size / 1024).toFixed(0)} kB, only lent to the server</small></span>
    </div>
    <fieldset class="roles">
      <legend>It is</legend>
      <button type="button" class="chip" aria-pressed=${as !== "hum"} onClick=${() => onAs("")}>a loop or stem</button>
      <button type="button" class="chip" aria-pressed=${as === "hum"} onClick=${() => onAs("hum")}>a hum: its notes count</button>
    </fieldset>
  </div>`;
}

function Found({ rows, answer, children }) {
  const left = rejectedText(answer.rejected);
  return html`<div class="found-head">
      <h2>${counted(rows.length, "sound")}${answer.next_offset === null ? "" : " and more"}</h2>
      <span class="quiet">${left && `Not ranked: ${left}.`}</span>
    </div>
    ${children}`;
}

const Ghosts = () => html`<div class="ghosts" aria-label="It is listened to and compared">
  ${[0, 1, 2, 3, 4, 5].map((each) => html`<div key=${each} class="ghost-line"><span class="ghost"></span><span class="ghost"></span></div>`)}
</div>`;

const Welcome = () => html`<div class="empty">
  <${Icon} name="match" size=${40} />
  <h2>Hum a line, drop a loop, or take a sound</h2>
  <p>The library answers what goes with it: in which role, shifted and stretched how far, and why.<br />Each answer can be heard together with yours.</p>
</div>`;
