// The library: what is there, narrowed by a query and by facets, heard by stepping through it.
import { html, signal, useEffect, useMemo, useRef, useState } from "../html.js";
import { ask, hear, onlyLatest } from "../api.js";
import { go, keep, kept, say, spoken } from "../state.js";
import { Icon } from "../icons.js";
import { counted } from "../format.js";
import { sorted, valuesOf, withRule } from "../query_text.js";
import { onKeys } from "../shortcuts.js";
import * as player from "../player.js";
import { Rows } from "../library/rows.js";
import { Selection } from "../library/selection.js";
import { ROW_PX, Table, rowsInView, scrollTo } from "../library/table.js";
import { COLUMNS, FIELDS, chosenColumns, shownColumns } from "../library/columns.js";
import { SearchBox } from "../library/search_box.js";
import { Facets } from "../library/facets.js";
import { SelectionBar, copyText } from "../library/actions.js";

// What arrives while somebody looks is shown so soon after it came.
const REFRESH_MS = 1500;

const queryFields = signal([]);
let fieldsAsked = false;

async function askFields() {
  if (fieldsAsked) return;
  fieldsAsked = true;
  try {
    queryFields.value = (await ask("api/query-fields")).fields;
  } catch {
    fieldsAsked = false;
  }
}

const fetchPage = (question, offset, limit, signal) =>
  ask("database/files", { params: { query: question, offset, limit, fields: FIELDS }, signal });

const FACETS = { kind: "kind", role: "role", key: "key", bpm: "tempo_bpm" };

/** How what is found divides; by a field that the query has a rule of, as if it had none, so that others can be chosen. */
async function facetsOf(query, signal) {
  const counted = (filter) => ask("api/facets", { params: { filter }, signal });
  const ruled = Object.keys(FACETS).filter((field) => valuesOf(query, field).length);
  const [found, ...others] = await Promise.all([counted(query), ...ruled.map((field) => counted(withRule(query, field, null)))]);
  return { ...found, ...Object.fromEntries(ruled.map((field, place) => [FACETS[field], others[place][FACETS[field]]])) };
}

export function LibraryView({ params }) {
  const query = params.q ?? "";
  const order = params.sort ?? null;
  const question = sorted(query, order);
  const { rows, selection, facetsAsking } = useMemo(() => {
    const made = new Rows(fetchPage);
    return { rows: made, selection: new Selection(made), facetsAsking: onlyLatest() };
  }, []);
  const scroller = useRef(null);
  const [cursor, setCursor] = useState(kept()?.cursor ?? 0);
  const [facets, setFacets] = useState(null);
  const first = useRef(true);
  selection.state.value;

  const askFacets = async () => {
    try {
      const answer = await facetsAsking((signal) => facetsOf(query, signal));
      if (answer) setFacets(answer);
    } catch {
      // What is wrong with a query is said beside the search box.
    }
  };

  useEffect(() => {
    const back = first.current ? kept() : null;
    first.current = false;
    void (async () => {
      const came = await rows.ask(question, Math.floor((back?.top ?? 0) / ROW_PX));
      if (!came || !scroller.current) return;
      if (!back && query) spoken.value = `${counted(rows.total.peek(), "sound")} found.`;
      const top = back?.top ?? 0;
      // The height that the rows need is there after the next paint.
      requestAnimationFrame(() => scroller.current && (scroller.current.scrollTop = top));
      if (!back) setCursor(0);
    })();
  }, [question]);
  useEffect(() => void askFacets(), [query]);
  useEffect(() => {
    void askFields();
    return () => {
      rows.stop();
      facetsAsking.stop();
    };
  }, []);

  const state = useRef({});
  state.current = { question, cursor, askFacets };

  /** Look again, and leave what is in view where it is: rows that arrive above do not move it. */
  const refresh = async () => {
    const box = scroller.current;
    if (!box) return;
    const top = Math.floor(box.scrollTop / ROW_PX);
    const [topId, cursorId] = [rows.at(top)?.id, rows.at(state.current.cursor)?.id];
    const before = rows.total.peek();
    void state.current.askFacets();
    if (!(await rows.ask(state.current.question, top)) || !topId || box.scrollTop === 0) return;
    let place = rows.placeOf(topId);
    if (place < 0) {
      const shifted = top + (rows.total.peek() - before);
      if (!(await rows.ask(state.current.question, shifted))) return;
      place = rows.placeOf(topId);
    }
    if (place >= 0 && place !== top) {
      box.scrollTop += (place - top) * ROW_PX;
      const moved = rows.placeOf(cursorId);
      if (moved >= 0) setCursor(moved);
    }
  };

  useEffect(() => {
    let timer = 0;
    const soon = () => {
      if (!timer) timer = setTimeout(() => ((timer = 0), void refresh()), REFRESH_MS);
    };
    let opened = 0;
    const ended = hear("api/jobs/events", { on: { job: soon }, opened: () => opened++ && soon() });
    return () => {
      clearTimeout(timer);
      ended();
    };
  }, []);

  const keepPlace = (at = state.current.cursor) => keep({ top: scroller.current?.scrollTop ?? 0, cursor: at });
  const move = (to, event, { plays = false, toggles = false, at_s = 0 } = {}) => {
    const total = rows.total.peek() ?? 0;
    const index = Math.max(0, Math.min(total - 1, to));
    const box = scroller.current;
    state.current.cursor = index;
    // What plays goes on to the next row when another view is open: there is no table then, and no place of it to keep.
    if (box) {
      const top = scrollTo(box, index);
      if (top !== null) box.scrollTop = top;
      setCursor(index);
      keepPlace(index);
    }
    const row = rows.at(index);
    if (!row) return;
    if (toggles) player.toggle(row, { steps });
    else if (plays) void player.play(row, { at_s, steps });
  };
  // Stepping goes on playing what it comes to, once something plays.
  const step = (to, event) => {
    if (event?.shiftKey) selection.toggle(state.current.cursor, true);
    move(to, event, { plays: ["playing", "loading"].includes(player.status.peek()) });
    if (event?.shiftKey) selection.toggle(state.current.cursor, true);
  };
  const steps = useMemo(
    () => ({
      previous: () => move(state.current.cursor - 1, null, { plays: true }),
      next: () => move(state.current.cursor + 1, null, { plays: true }),
    }),
    [],
  );
  const open = (row) => {
    keepPlace();
    go({ view: "sound", id: row.id });
  };
  useEffect(() => {
    const here = () => state.current.cursor;
    return onKeys({
      ArrowDown: (event) => step(here() + 1, event),
      ArrowUp: (event) => step(here() - 1, event),
      PageDown: (event) => step(here() + rowsInView(scroller.current), event),
      PageUp: (event) => step(here() - rowsInView(scroller.current), event),
      Home: (event) => step(0, event),
      End: (event) => step((rows.total.peek() ?? 1) - 1, event),
      " ": () => move(here(), null, { toggles: true }),
      Enter: () => rows.at(here()) && open(rows.at(here())),
      x: () => selection.toggle(here()),
      Escape: () => selection.clear(),
      c: async () => {
        const path = rows.at(here())?.path;
        if (path) await copyText(path).then(() => say("Path copied."));
      },
    });
  }, []);

  const setQuery = (q) => {
    selection.clear();
    go({ view: "library", params: { ...params, q } }, { replace: true });
  };
  const setOrder = (sort) => go({ view: "library", params: { ...params, sort } }, { replace: true });
  const [narrowing, setNarrowing] = useState(false);
  const problem = rows.problem.value;
  const values = facets ? { kind: facets.kind, role: facets.role, class: facets.sound_class, tag: facets.tag } : {};
  return html`<div class="library" data-narrowing=${narrowing}>
    <h1 class="hidden">Library</h1>
    <${Facets} facets=${facets} query=${query} onQuery=${setQuery} />
    <section class="library-main">
      <div class="toolbar">
        <${SearchBox}
          query=${query} onQuery=${setQuery} fields=${queryFields.value} values=${values}
          problem=${problem && problem.code === "query_syntax" ? problem : null}
        />
        <span class="found">${rows.total.value === null ? "" : counted(rows.total.value, "sound")}</span>
        <button type="button" class="button narrow-only" aria-pressed=${narrowing} onClick=${() => setNarrowing(!narrowing)}>
          <${Icon} name="filter" />Narrow down
        </button>
        <${ColumnsMenu} />
      </div>
      <${Table}
        rows=${rows} columns=${shownColumns()} order=${order} onOrder=${setOrder} cursor=${cursor} onCursor=${move}
        selection=${selection} scroller=${scroller} onOpen=${open} onScrolled=${() => keepPlace()}
      />
      <${Outcome} rows=${rows} query=${query} onClear=${() => setQuery("")} onAgain=${() => rows.ask(question)} />
      <${SelectionBar} selection=${selection} query=${query} onChanged=${refresh} />
    </section>
  </div>`;
}

/** What stands in place of rows where there are none. */
function Outcome({ rows, query, onClear, onAgain }) {
  const problem = rows.problem.value;
  if (problem && problem.code !== "query_syntax") {
    return html`<div class="outcome" role="alert">
      <h2>${problem.message}</h2>
      <p>${problem.remedy}</p>
      <button type="button" class="button" onClick=${onAgain}>Try again</button>
    </div>`;
  }
  if (rows.total.value !== 0) return null;
  if (query) {
    return html`<div class="outcome">
      <h2>Nothing is like that</h2>
      <p>No sound of the library has all of <code>${query}</code>.</p>
      <button type="button" class="button" onClick=${onClear}>Show all sounds</button>
    </div>`;
  }
  return html`<div class="outcome">
    <h2>The library is empty</h2>
    <p>Add a folder: <code>sonoteca add ~/Samples</code>. What was heard appears here by itself.</p>
  </div>`;
}

function ColumnsMenu() {
  const box = useRef(null);
  useEffect(() => {
    const outside = (event) => box.current.open && !box.current.contains(event.target) && (box.current.open = false);
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, []);
  const toggle = (name) => {
    const now = chosenColumns.value;
    chosenColumns.value = now.includes(name) ? now.filter((each) => each !== name) : [...now, name];
  };
  const keys = (event) => {
    if (event.key !== "Escape") return;
    box.current.open = false;
    box.current.querySelector("summary").focus();
  };
  return html`<details class="menu" ref=${box} onKeyDown=${keys}>
    <summary class="button"><${Icon} name="columns" />Columns</summary>
    <fieldset class="menu-body">
      <legend class="hidden">Columns that are shown</legend>
      ${COLUMNS.filter((each) => !each.always).map(
        (each) => html`<label key=${each.name} class="check">
          <input type="checkbox" checked=${chosenColumns.value.includes(each.name)} onChange=${() => toggle(each.name)} />
          ${each.label}
        </label>`,
      )}
    </fieldset>
  </details>`;
}
