// A set: built along an energy curve, put in order by hand, judged and heard at its transitions, exported.
import { html, useEffect, useMemo, useRef, useState } from "../html.js";
import { ask, onlyLatest, urlOf } from "../api.js";
import { go, say, sayProblem, spoken } from "../state.js";
import { Icon } from "../icons.js";
import { counted, duration, nameOf, percent } from "../format.js";
import { ProblemBox } from "../problem_box.js";
import { SoundPicker } from "../sound_picker.js";
import { Dialog, asPlaylist, saveFile } from "../library/actions.js";
import * as player from "../player.js";
import { TrackList } from "../set/track_list.js";
import { byPosition, curvePoints, fillRequest, judgeRequest, listed, moved } from "../set/plan.js";

const CURVES = [
  ["", "as it flows"],
  ["warmup", "warm-up: rises"],
  ["peak", "peak: rises and falls"],
  ["closing", "closing: falls"],
];
const FIRST_LENGTH = "60m";

/** `#/set?order=ID,ID&locked=ID&length=60m&curve=peak&filter=kind:track`: the set itself stands in the address. */
export function SetView({ params }) {
  const { length = FIRST_LENGTH, curve = "", filter = "", seed = "" } = params;
  const order = listed(params.order);
  const locked = new Set(listed(params.locked));
  const [answers, setAnswers] = useState([]);
  const [judged, setJudged] = useState(null);
  const [lint, setLint] = useState([]);
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const [heard, setHeard] = useState(null);
  const [isSaving, setSaving] = useState(false);
  const { judging, hearing } = useMemo(() => ({ judging: onlyLatest(), hearing: onlyLatest() }), []);
  const left = useRef(false);
  useEffect(
    () => () => {
      left.current = true;
      judging.stop();
      hearing.stop();
    },
    [],
  );

  const set = (more, replace = false) => go({ view: "set", params: { ...params, ...more } }, { replace });
  const reorder = (now, lockedNow = locked) =>
    set({ order: now.join(","), locked: [...lockedNow].filter((id) => now.includes(id)).join(",") });

  // An order that came by the address, or was changed by hand, is judged as it is.
  useEffect(() => {
    setHeard(null);
    if (!order.length) {
      judging.stop();
      setJudged(null);
      setLint([]);
      setBusy(false);
      return;
    }
    setBusy(true);
    setProblem(null);
    judging((signal) =>
      Promise.all([
        ask("api/sets", { method: "POST", json: judgeRequest({ order, curve }), signal }),
        ask("api/lint", { method: "POST", json: { sounds: order, repair: false }, signal }),
      ]),
    ).then(
      (both) => {
        if (!both) return;
        setJudged(both[0].results[0] ?? null);
        setLint(both[1].results);
        setBusy(false);
      },
      (error) => {
        setProblem(error);
        setBusy(false);
      },
    );
  }, [params.order, curve]);

  const build = async (anew = seed) => {
    setBusy(true);
    setProblem(null);
    try {
      const answer = await ask("api/sets", {
        method: "POST",
        json: fillRequest({ length, curve, filter, order, locked, seed: Number(anew) || null }),
      });
      if (left.current) return;
      setAnswers(answer.results);
      if (!answer.results.length) {
        setProblem({
          message: "No set could be built.",
          remedy: answer.query.notes.join(" ") || "Ask for fewer tracks, or for others.",
        });
        setBusy(false);
        return;
      }
      if (answer.query.notes.length) say(answer.query.notes.join(" "));
      const ids = answer.results[0].tracks.map((track) => track.id);
      spoken.value = `${counted(ids.length, "track")} in the set.`;
      if (ids.join(",") === params.order) setBusy(false);
      set({ order: ids.join(","), locked: [...locked].filter((id) => ids.includes(id)).join(","), seed: anew });
    } catch (error) {
      setProblem(error);
      setBusy(false);
    }
  };
  const hear = async (place) => {
    const [a, b] = [tracks[place - 1], tracks[place]];
    setHeard(place);
    try {
      const made = await hearing((signal) =>
        ask("api/previews", { method: "POST", json: { a: a.id, b: b.id, as: "transition" }, signal }),
      );
      if (!made) return;
      const audio = urlOf(made.audio);
      void player.play(
        {
          id: `transition:${audio}`,
          title: `${nameOf(a)} into ${nameOf(b)}`,
          note: made.notes[0] ?? "as the set goes over",
          audio,
          href: location.hash,
        },
        { steps: null },
      );
    } catch (error) {
      setHeard(null);
      sayProblem(error);
    }
  };
  const toggleLock = (id) => {
    const now = new Set(locked);
    if (!now.delete(id)) now.add(id);
    set({ locked: [...now].join(",") }, true);
  };
  // What is judged may still be the order before: its rows serve until the answer comes.
  const known = new Map([...answers.flatMap((each) => each.tracks), ...(judged?.tracks ?? [])].map((track) => [track.id, track]));
  const isCurrent = judged && judged.tracks.map((track) => track.id).join(",") === params.order;
  const tracks = isCurrent
    ? judged.tracks
    : order.map((id) => known.get(id) ?? { id, title: "…", path: null, reasons: [], score: null, tempo_ratio: null });
  const stepsOf = (place) => {
    const at = (other) => () => tracks[other] && void player.play(tracks[other], { steps: stepsOf(other) });
    return { previous: at(place - 1), next: at(place + 1) };
  };
  const findings = isCurrent ? lint : [];
  const codes = [...new Set(findings.map((each) => each.code.replaceAll("_", " ")))];
  const verdict = codes.length
    ? `${counted(findings.length, "warning")}: ${codes.join(", ")}`
    : "Nothing is wrong with this order.";
  useEffect(() => {
    if (isCurrent) spoken.value = verdict;
  }, [isCurrent, verdict]);

  return html`<div class="set">
    <aside class="set-wishes">
      <h1>Build a set</h1>
      <form class="set-form" onSubmit=${(event) => (event.preventDefault(), void build())}>
        <label class="field"><span>How long: minutes as 60m, or tracks as 12</span>
          <input type="text" value=${length} onInput=${(event) => set({ length: event.target.value.trim() }, true)} />
        </label>
        <label class="field"><span>Energy</span>
          <select value=${curve} onChange=${(event) => set({ curve: event.target.value }, true)}>
            ${CURVES.map(([value, label]) => html`<option key=${value} value=${value}>${label}</option>`)}
          </select>
        </label>
        <label class="field"><span>Only what this query finds</span>
          <input type="text" value=${filter} placeholder="tracks of the library" spellcheck="false" onInput=${(event) => set({ filter: event.target.value }, true)} />
        </label>
        <button type="submit" class="button primary" disabled=${busy}><${Icon} name="set" />${order.length ? (locked.size ? `Fill around ${locked.size} locked` : "Build anew") : "Build the set"}</button>
        ${order.length > 0 && html`<button type="button" class="button" disabled=${busy} onClick=${() => build(String((Number(seed) || 0) + 1))}><${Icon} name="shuffle" />Another taste</button>`}
      </form>
      <div class="field"><span>Or add a sound</span>
        <${SoundPicker} label="Sound to add to the set" onPick=${(row) => (order.includes(row.id) ? say("It is in the set already.") : reorder([...order, row.id]))} />
      </div>
      ${
        answers.length > 1 &&
        html`<fieldset class="roles"><legend>Other orders that were found</legend>
        ${answers.map((each, place) => {
          const ids = each.tracks.map((track) => track.id).join(",");
          return html`<button key=${place} type="button" class="chip" aria-pressed=${ids === params.order} onClick=${() => set({ order: ids })}>${place + 1}: ${percent(each.score)}</button>`;
        })}
      </fieldset>`
      }
    </aside>
    <section class="set-main" aria-busy=${busy}>
      ${problem && html`<${ProblemBox} problem=${problem} onAgain=${() => build()} />`}
      ${
        !order.length
          ? busy
            ? html`<div class="ghosts" aria-label="A set is looked for">${[0, 1, 2, 3].map((each) => html`<div key=${each} class="ghost-line"><span class="ghost"></span><span class="ghost"></span></div>`)}</div>`
            : !problem &&
              html`<div class="empty"><${Icon} name="set" size=${40} /><h2>There is no set yet</h2>
              <p>Say how long it shall be and how its energy goes; tracks, order and transitions are found.<br />Then move, lock and hear what you like.</p></div>`
          : html`<div class="set-head">
              <div><h2>${counted(order.length, "track")}, ${duration(isCurrent ? judged.duration_s : null)}</h2>
                <p class="quiet">${isCurrent ? [`transitions ${percent(judged.parts.transitions)}`, ...judged.reasons.slice(-1), judged.cliffs].filter(Boolean).join(" · ") : " "}</p></div>
              <${Curve} tracks=${tracks} />
              <div class="set-acts">
                <button type="button" class="button" onClick=${() => setSaving(true)}>Keep as playlist</button>
                <button type="button" class="button" disabled=${!isCurrent} onClick=${() => saveFile("set.m3u8", asPlaylist(tracks), "audio/x-mpegurl")}><${Icon} name="download" />Export M3U8</button>
              </div>
            </div>
            ${isCurrent && html`<p class="lint" data-bad=${findings.length > 0}>${verdict}</p>`}
            <${TrackList}
              tracks=${tracks} locked=${locked} findings=${byPosition(findings)} heard=${player.loaded.value?.id.startsWith("transition:") ? heard : null}
              onMove=${(from, to) => reorder(moved(order, from, to))} onLock=${toggleLock} onHear=${hear} steps=${stepsOf}
              onRemove=${(place) => reorder(order.filter((_, each) => each !== place))}
            />`
      }
    </section>
    ${
      isSaving &&
      html`<${Dialog}
      title="Keep as a playlist" action="Keep" onClose=${() => setSaving(false)}
      onSubmit=${async ({ name, replace }) => {
        await ask("api/playlists", { method: "POST", json: { playlist: name.trim(), sounds: order, replace: replace === "on" } });
        say(`${name.trim()} is kept.`);
      }}
    >
      <label class="field"><span>Name</span><input name="name" required autocomplete="off" /></label>
      <label class="check"><input type="checkbox" name="replace" /> Let a playlist of that name give way</label>
    <//>`
    }
  </div>`;
}

/** The energy of the tracks in their order. */
function Curve({ tracks }) {
  return html`<svg class="curve" viewBox="-3 -6 106 112" preserveAspectRatio="none" role="img" aria-label="Energy of the tracks in their order">
    <line x1="0" x2="100" y1="100" y2="100" class="curve-ground" />
    <polyline points=${curvePoints(tracks.map((track) => track.energy_level))} class="curve-line" />
  </svg>`;
}
