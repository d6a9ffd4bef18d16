// The map: every region of the library at its place, near what sounds like it; hovering plays, a lasso selects.
import { html, useEffect, useMemo, useRef, useState } from "../html.js";
import { ask, onlyLatest } from "../api.js";
import { go, spoken, theme } from "../state.js";
import { Icon } from "../icons.js";
import { counted, count, nameOf } from "../format.js";
import { ProblemBox } from "../problem_box.js";
import { PlayButton, SoundName } from "../sound_line.js";
import { SearchBox } from "../library/search_box.js";
import * as player from "../player.js";
import { toggledTag } from "../query_text.js";
import { COLOURINGS, byTag, classesOf, countsOf, keyOf, nearest, placesOf, whole, within, zoomed } from "../map/places.js";
import { Plane, coloursOf } from "../map/plane.js";

const REACH_PX = 12;
const HOVER_MS = 90;
const KEEP_MS = 300;
const MOST_LISTED = 60;
// A query of more ids than these is too long for an address.
const MOST_SHOWN = 150;
const NONE = new Set();

/** `#/map?q=kind:loop&colour=role&at=x,y,zoom`; `colour=tag&tag=dusty` for one tag, the most frequent if none is named. */
export function MapView({ params }) {
  const { q = "", colour = "kind", tag = "", at = "" } = params;
  const [places, setPlaces] = useState(null);
  const [found, setFound] = useState(null);
  const [selected, setSelected] = useState(null);
  const [problem, setProblem] = useState(null);
  const [queryProblem, setQueryProblem] = useState(null);
  const [hovered, setHovered] = useState(null);
  const [isLasso, setLasso] = useState(false);
  const [hears, setHears] = useState(true);
  const [canDraw, setCanDraw] = useState(true);
  const [fields, setFields] = useState([]);
  const canvas = useRef(null);
  const overlay = useRef(null);
  const tip = useRef(null);
  const [tags, setTags] = useState(null);
  const [tagged, setTagged] = useState(NONE);
  const { asking, filtering, tagging } = useMemo(
    () => ({ asking: onlyLatest(), filtering: onlyLatest(), tagging: onlyLatest() }),
    [],
  );
  const own = useRef({
    plane: null,
    view: null,
    least: null,
    frame: 0,
    hover: 0,
    keep: 0,
    lasso: null,
    pointers: new Map(),
    moved: 0,
  });

  const load = async () => {
    setProblem(null);
    try {
      const answer = await asking((signal) => ask("api/map", { signal }));
      if (answer) setPlaces(placesOf(answer.results));
    } catch (error) {
      setProblem(error);
    }
  };
  useEffect(() => {
    void load();
    ask("api/query-fields").then(
      (told) => setFields(told.fields),
      () => {},
    );
    return () => {
      asking.stop();
      filtering.stop();
      tagging.stop();
      cancelAnimationFrame(own.current.frame);
      clearTimeout(own.current.hover);
      clearTimeout(own.current.keep);
    };
  }, []);
  useEffect(() => {
    setQueryProblem(null);
    setSelected(null);
    if (!q) {
      filtering.stop();
      setFound(null);
      return;
    }
    filtering((signal) => ask("api/map", { params: { filter: q }, signal })).then(
      (answer) => answer && setFound(new Set(answer.results.map(keyOf))),
      (error) => (error.code === "query_syntax" ? setQueryProblem(error) : setProblem(error)),
    );
  }, [q]);

  const chosenTag = tag || Object.keys(tags ?? {})[0] || "";
  useEffect(() => {
    if (colour !== "tag") return;
    ask("api/facets").then((answer) => setTags(answer.tag), setProblem);
  }, [colour]);
  useEffect(() => {
    setTagged(NONE);
    if (colour !== "tag" || !chosenTag) return tagging.stop();
    tagging((signal) => ask("api/map", { params: { filter: toggledTag("", chosenTag) }, signal })).then(
      (answer) => answer && setTagged(new Set(answer.results.map(keyOf))),
      setProblem,
    );
  }, [colour, chosenTag]);

  const colouring = useMemo(
    () => (colour === "tag" ? byTag(chosenTag, tagged) : (COLOURINGS[colour] ?? COLOURINGS.kind)),
    [colour, chosenTag, tagged],
  );
  const classes = useMemo(() => places && classesOf(places.rows, colouring), [places, colouring]);
  const counts = useMemo(() => classes && countsOf(classes, colouring.classes.length), [classes]);
  // What is lit: what the query finds, and of that what was selected.
  const foundLit = useMemo(
    () => places && found && Uint8Array.from(places.rows, (row) => (found.has(keyOf(row)) ? 1 : 0)),
    [places, found],
  );
  const lit = useMemo(() => {
    if (!selected || !places) return foundLit;
    const made = new Uint8Array(places.n);
    for (const i of selected) made[i] = 1;
    return made;
  }, [places, foundLit, selected]);
  const shownTheme = theme.value;
  const colours = useMemo(
    () =>
      canvas.current &&
      coloursOf(canvas.current, ["var(--text-faint)", ...colouring.classes.map((each) => each.colour), "var(--line)"]),
    [colouring, shownTheme, places],
  );

  const state = useRef({});
  state.current = { places, classes, colours, lit, foundLit, isLasso, hears, hovered };

  const paint = () => {
    own.current.frame = 0;
    const { places: all, classes: kinds, colours: tones } = state.current;
    const { plane, view } = own.current;
    if (!all || !plane || !view || !tones) return;
    const radius = Math.max(
      2,
      Math.min(6.5, 40 / Math.sqrt(all.n / 10 + 10)) * Math.min(1.8, (view.scaleX / own.current.least.scaleX) ** 0.25),
    );
    plane.draw({ places: all, classes: kinds, colours: tones, faint: tones.at(-1), lit: state.current.lit, view, radius });
    paintOverlay(radius);
  };
  const soon = () => {
    own.current.frame ||= requestAnimationFrame(paint);
  };
  const paintOverlay = (radius) => {
    const { view, lasso } = own.current;
    const svg = overlay.current;
    const { hovered: over, places: all } = state.current;
    const ring = svg.querySelector("circle");
    ring.toggleAttribute("hidden", over === null);
    ring.style.display = over === null ? "none" : "";
    if (over !== null) {
      ring.setAttribute("cx", all.x[over] * view.scaleX + view.x);
      ring.setAttribute("cy", all.y[over] * view.scaleY + view.y);
      ring.setAttribute("r", radius + 4);
    }
    if (over !== null && tip.current) tip.current.style.transform = tipPlace(view, all, over);
    svg
      .querySelector("polygon")
      .setAttribute(
        "points",
        lasso ? lasso.map((value, k) => (k % 2 ? value * view.scaleY + view.y : value * view.scaleX + view.x)).join(" ") : "",
      );
  };

  // The canvas is as large as its place; the view of the address is taken once.
  useEffect(() => {
    const box = canvas.current;
    if (!box || !places) return;
    // The canvas is another one after a failure was shown in its place.
    const plane = (own.current.plane = new Plane(box));
    if (!plane.works) return setCanDraw(false);
    const fit = () => {
      const { width, height } = plane.resize();
      const least = whole(width, height);
      const before = own.current.least;
      own.current.least = least;
      if (!own.current.view) own.current.view = viewOf(at, least, width, height);
      else if (before) {
        const factor = least.scaleX / before.scaleX;
        const view = own.current.view;
        own.current.view = {
          ...view,
          scaleX: view.scaleX * factor,
          scaleY: (view.scaleX * factor * least.scaleY) / least.scaleX,
          x: view.x * factor,
          y: (view.y * least.scaleY) / before.scaleY,
        };
      }
      soon();
    };
    fit();
    const watch = new ResizeObserver(fit);
    watch.observe(box);
    return () => watch.disconnect();
  }, [places]);
  useEffect(soon, [places, classes, colours, lit, hovered]);

  const keepView = () => {
    clearTimeout(own.current.keep);
    own.current.keep = setTimeout(() => {
      const { view, least } = own.current;
      const { width, height } = own.current.plane.resize();
      const zoom = view.scaleX / least.scaleX;
      const centre = [(width / 2 - view.x) / view.scaleX, (height / 2 - view.y) / view.scaleY];
      const text = zoom < 1.001 ? "" : [...centre.map((value) => value.toFixed(4)), zoom.toFixed(2)].join(",");
      go({ view: "map", params: { ...params, at: text } }, { replace: true });
    }, KEEP_MS);
  };
  const look = (view) => {
    own.current.view = view;
    soon();
    keepView();
  };
  const zoomBy = (factor, x, y) => {
    const { width, height } = own.current.plane.resize();
    look(zoomed(own.current.view, factor, x ?? width / 2, y ?? height / 2, own.current.least));
  };
  const panBy = (x, y) => look({ ...own.current.view, x: own.current.view.x + x, y: own.current.view.y + y });
  const toPlace = (event) => {
    const box = canvas.current.getBoundingClientRect();
    const { view } = own.current;
    const [px, py] = [event.clientX - box.left, event.clientY - box.top];
    return { px, py, x: (px - view.x) / view.scaleX, y: (py - view.y) / view.scaleY };
  };
  const under = (event) => {
    const { x, y } = toPlace(event);
    const { view } = own.current;
    const place = nearest(places, x, y, REACH_PX / Math.min(view.scaleX, view.scaleY), lit);
    return place < 0 ? null : place;
  };
  const playAt = (place) =>
    place !== null && void player.play(rowOf(places.rows[place]), { at_s: places.rows[place].start_s, steps: null });

  // A listener of the wheel has to say that it may keep the page from scrolling.
  useEffect(() => {
    const box = canvas.current;
    if (!box) return;
    const wheel = (event) => {
      event.preventDefault();
      const { px, py } = toPlace(event);
      zoomBy(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0018)), px, py);
    };
    box.addEventListener("wheel", wheel, { passive: false });
    return () => box.removeEventListener("wheel", wheel);
  }, [places]);
  const pointerDown = (event) => {
    canvas.current.setPointerCapture(event.pointerId);
    own.current.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    own.current.moved = 0;
    const { x, y } = toPlace(event);
    if (isLasso || event.shiftKey) own.current.lasso = [x, y];
  };
  const pointerMove = (event) => {
    const { pointers, lasso } = own.current;
    const before = pointers.get(event.pointerId);
    if (!before) return hover(event);
    const [dx, dy] = [event.clientX - before.x, event.clientY - before.y];
    own.current.moved += Math.abs(dx) + Math.abs(dy);
    const others = [...pointers].filter(([id]) => id !== event.pointerId).map(([, where]) => where);
    pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (others.length) {
      const [other] = others;
      const box = canvas.current.getBoundingClientRect();
      const [was, is] = [
        Math.hypot(before.x - other.x, before.y - other.y),
        Math.hypot(event.clientX - other.x, event.clientY - other.y),
      ];
      if (was > 0) zoomBy(is / was, other.x - box.left, other.y - box.top);
    } else if (lasso) {
      const { x, y } = toPlace(event);
      lasso.push(x, y);
      soon();
    } else panBy(dx, dy);
  };
  const pointerUp = (event) => {
    const { lasso } = own.current;
    own.current.pointers.delete(event.pointerId);
    own.current.lasso = null;
    if (lasso && lasso.length >= 6) select(within(places, lasso, foundLit));
    else if (own.current.moved < 5) {
      const place = under(event);
      if (place === null) setSelected(null);
      else playAt(place);
    }
    soon();
  };
  const select = (chosen) => {
    setSelected(chosen.length ? chosen : null);
    setLasso(false);
    spoken.value = `${counted(chosen.length, "sound")} selected.`;
  };
  const hover = (event) => {
    const place = under(event);
    if (place === state.current.hovered) return;
    setHovered(place);
    clearTimeout(own.current.hover);
    if (place !== null && hears) own.current.hover = setTimeout(() => playAt(place), HOVER_MS);
  };
  const keys = (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const acts = {
      ArrowLeft: () => panBy(60, 0),
      ArrowRight: () => panBy(-60, 0),
      ArrowUp: () => panBy(0, 60),
      ArrowDown: () => panBy(0, -60),
      "+": () => zoomBy(1.4),
      "=": () => zoomBy(1.4),
      "-": () => zoomBy(1 / 1.4),
      0: () => look(own.current.least),
      Escape: () => setSelected(null),
    };
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  };
  const set = (more) => go({ view: "map", params: { ...params, ...more } }, { replace: true });
  const listed = useMemo(() => {
    if (!places) return [];
    if (selected) return selected;
    const all = [];
    for (let i = 0; i < places.n && all.length < MOST_LISTED; i++) if (!foundLit || foundLit[i]) all.push(i);
    return all;
  }, [places, selected, foundLit]);
  const total = selected ? selected.length : found ? found.size : (places?.n ?? 0);
  const over = hovered !== null && places ? places.rows[hovered] : null;
  const chosenIds = selected ? [...new Set(selected.map((i) => places.rows[i].id))] : [];

  return html`<div class="map">
    <h1 class="hidden">Map</h1>
    <div class="map-main">
      <div class="toolbar">
        <${SearchBox} query=${q} onQuery=${(now) => set({ q: now })} fields=${fields} values=${{}} problem=${queryProblem} />
        <div class="roles" role="group" aria-label="Colour by">
          ${[...Object.keys(COLOURINGS), "tag"].map((each) => html`<button key=${each} type="button" class="chip" aria-pressed=${colour === each} onClick=${() => set({ colour: each })}>${each}</button>`)}
        </div>
        ${
          colour === "tag" &&
          tags &&
          chosenTag &&
          html`<select class="input map-tag" aria-label="Tag to colour by" value=${chosenTag} onChange=${(event) => set({ tag: event.target.value })}>
            ${[...new Set([chosenTag, ...Object.keys(tags)])].map((each) => html`<option key=${each} value=${each}>${each}</option>`)}
          </select>`
        }
        <span class="spring"></span>
        <button type="button" class="button small" aria-pressed=${hears} onClick=${() => setHears(!hears)}><${Icon} name="volume" size=${14} />Hover plays</button>
        <button type="button" class="button small" aria-pressed=${isLasso} onClick=${() => setLasso(!isLasso)} title="Or hold Shift and draw"><${Icon} name="match" size=${14} />Lasso</button>
      </div>
      <div class="plane" data-lasso=${isLasso}>
        ${
          problem
            ? html`<div class="empty"><${ProblemBox} problem=${problem} onAgain=${load} /></div>`
            : !canDraw
              ? html`<div class="empty"><h2>This browser does not draw</h2><p>The sounds are listed beside; everything else works.</p></div>`
              : html`<canvas
                ref=${canvas} tabindex="0" role="application"
                aria-label="Map of ${counted(places?.n ?? 0, "sound")}. Arrows move it, plus and minus zoom, 0 shows all. The sounds are listed beside."
                onPointerDown=${pointerDown} onPointerMove=${pointerMove} onPointerUp=${pointerUp} onPointerCancel=${pointerUp}
                onPointerLeave=${() => (setHovered(null), clearTimeout(own.current.hover))} onKeyDown=${keys}
              ></canvas>
              <svg ref=${overlay} class="plane-overlay" aria-hidden="true"><polygon /><circle style=${{ display: "none" }} /></svg>
              ${!places && html`<div class="plane-waiting">Every sound gets its place. The first time takes a while.</div>`}
              ${over && html`<div class="plane-tip" ref=${tip}><strong>${nameOf(over)}</strong><span>${[over.kind?.replaceAll("_", "-"), over.role, over.bpm && `${Math.round(over.bpm)} bpm`, over.camelot].filter(Boolean).join(" · ")}</span></div>`}
              <div class="zoom">
                <button type="button" class="icon-button" aria-label="Zoom in" onClick=${() => zoomBy(1.6)}><${Icon} name="plus" /></button>
                <button type="button" class="icon-button" aria-label="Zoom out" onClick=${() => zoomBy(1 / 1.6)}><${Icon} name="minus" /></button>
                <button type="button" class="icon-button" aria-label="Show all" onClick=${() => look(own.current.least)}><${Icon} name="whole" /></button>
              </div>`
        }
      </div>
      <ul class="legend" aria-label="Colours">
        ${
          colour === "tag" && tags && !chosenTag
            ? html`<li>No sound has a tag yet. Select some in the library and tag them.</li>`
            : counts &&
              [...colouring.classes, { label: colouring.rest ?? "not known", colour: "var(--text-faint)" }].map(
                (each, place, all) => {
                  const n = counts[place === all.length - 1 ? 0 : place + 1];
                  return n || ["tempo", "key", "tag"].includes(colour)
                    ? html`<li key=${each.label} data-none=${!n}><span style=${{ background: each.colour }}></span>${each.label}</li>`
                    : null;
                },
              )
        }
      </ul>
    </div>
    <aside class="map-list" aria-label="Sounds on the map">
      <div class="work-head">
        <h2>${places ? `${count(total)} ${selected ? "selected" : q ? "found" : total === 1 ? "sound" : "sounds"}` : ""}</h2><span class="spring"></span>
        ${selected && html`<button type="button" class="button small quiet" onClick=${() => setSelected(null)}>Clear</button>`}
        ${
          selected &&
          html`<button
          type="button" class="button small" disabled=${chosenIds.length > MOST_SHOWN}
          title=${chosenIds.length > MOST_SHOWN ? `At most ${MOST_SHOWN} sounds fit into an address` : undefined}
          onClick=${() => go({ view: "library", params: { q: chosenIds.map((id) => `id:${id}`).join(" OR ") } })}
        >Show in library</button>`
        }
      </div>
      ${places && total === 0 && html`<p class="quiet">${places.n ? "Nothing is like that." : "No sound has a place yet. Add a folder of sounds."}</p>`}
      <ul>
        ${listed.slice(0, MOST_LISTED).map((i) => {
          const row = rowOf(places.rows[i]);
          return html`<li key=${i} class="map-row" onMouseEnter=${() => setHovered(i)} onMouseLeave=${() => setHovered(null)}>
            <${PlayButton} row=${row} at_s=${places.rows[i].start_s} /><${SoundName} row=${row} />
            <span class="dot" data-known=${classes[i] > 0} style=${{ background: classes[i] ? colouring.classes[classes[i] - 1].colour : "var(--text-faint)" }} aria-hidden="true"></span>
          </li>`;
        })}
      </ul>
      ${total > MOST_LISTED && html`<p class="quiet">and ${count(total - MOST_LISTED)} more</p>`}
    </aside>
  </div>`;
}

// A region plays as its sound, from its place on.
const rowOf = (row) => ({ id: row.id, title: row.title, path: row.path, artist: null, bpm: row.bpm });

/** The view that an address names, or all. */
function viewOf(at, least, width, height) {
  const [x, y, zoom] = at.split(",").map(Number);
  if (![x, y, zoom].every(Number.isFinite) || zoom < 1) return least;
  const [scaleX, scaleY] = [least.scaleX * Math.min(zoom, 200), least.scaleY * Math.min(zoom, 200)];
  return { ...least, scaleX, scaleY, x: width / 2 - x * scaleX, y: height / 2 - y * scaleY };
}

/** Above a point, in the middle. */
const tipPlace = (view, { x, y }, place) =>
  `translate(${Math.round(x[place] * view.scaleX + view.x)}px, ${Math.round(y[place] * view.scaleY + view.y)}px) translate(-50%, calc(-100% - 14px))`;
