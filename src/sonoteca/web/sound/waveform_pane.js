// The waveform of a sound: Peaks' overview and zoom, and below them, in the same span of time, what was heard.
import { html, useEffect, useMemo, useRef, useState, useSignal } from "../html.js";
import { askBytes, isAbort } from "../api.js";
import { asEightBit, drawnLength, samplesPerPair, secondsPerPair } from "../peaks_data.js";
import { theme } from "../state.js";
import { Icon } from "../icons.js";
import { spokenPlace, moment } from "../format.js";
import { onKeys } from "../shortcuts.js";
import * as player from "../player.js";
import { PeaksPlayer } from "./peaks_player.js";
import { BeatLane, Lane } from "./lane_canvas.js";
import { lanesOf } from "./lanes.js";

const LOOP = "loop";
const STEP_S = 5;

let peaksLoaded = null;

/** Peaks is loaded with the first sound that is looked at, not with the page. */
function loadPeaks() {
  peaksLoaded ??= import("../vendor/peaks.js").then(() => globalThis.peaks);
  return peaksLoaded;
}

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export function WaveformPane({ sound, row, cursor, onPlay, onCueMoved }) {
  const [zoomBox, overviewBox] = [useRef(null), useRef(null)];
  const held = useRef({ peaks: null, perPair_s: 0, drawn_s: 0 });
  // Of a sound that was not listened to yet only the waveform tells.
  const length_s = () => row.duration_s || held.current.drawn_s;
  const view = useSignal({ start_s: 0, end_s: row.duration_s });
  const [problem, setProblem] = useState(null);
  const [ready, setReady] = useState(false);
  const moved = useRef(onCueMoved);
  moved.current = onCueMoved;
  const begin = useRef(onPlay);
  begin.current = onPlay;
  const adapter = useMemo(() => new PeaksPlayer((...given) => begin.current(...given), cursor), []);

  // One instance as long as the view is there; another sound is another source.
  useEffect(() => {
    const controller = new AbortController();
    setReady(false);
    void (async () => {
      try {
        const [Peaks, drawn] = await Promise.all([
          loadPeaks(),
          askBytes(`api/sounds/${encodeURIComponent(row.id)}/waveform`, {
            params: { format: "dat", resolution: "zoom" },
            signal: controller.signal,
          }),
        ]);
        if (controller.signal.aborted) return;
        const arraybuffer = asEightBit(drawn);
        held.current.perPair_s = secondsPerPair(arraybuffer);
        held.current.drawn_s = drawnLength(arraybuffer);
        adapter.row = { ...row, duration_s: length_s() };
        if (held.current.peaks) await setSource(held.current.peaks, arraybuffer);
        else {
          const made = await create(Peaks, arraybuffer);
          if (controller.signal.aborted) return made.destroy();
          held.current.peaks = made;
        }
        if (controller.signal.aborted) return;
        setProblem(null);
        setReady(true);
        whole();
      } catch (error) {
        if (!isAbort(error)) setProblem(error);
      }
    })();
    return () => controller.abort();
  }, [row.id]);
  useEffect(
    () => () => {
      held.current.peaks?.destroy();
      held.current.peaks = null;
    },
    [],
  );

  async function create(Peaks, arraybuffer) {
    const peaks = await new Promise((resolve, reject) => {
      Peaks.init(
        {
          player: adapter,
          waveformData: { arraybuffer },
          zoomview: {
            container: zoomBox.current,
            wheelMode: "scroll",
            waveformColor: colour("--wave"),
            playedWaveformColor: colour("--wave-played"),
            playheadColor: colour("--text"),
            axisLabelColor: colour("--text-faint"),
            axisGridlineColor: colour("--line-strong"),
            playheadTextColor: colour("--text"),
            formatAxisTime: axisTime,
          },
          overview: {
            container: overviewBox.current,
            waveformColor: colour("--wave"),
            playedWaveformColor: colour("--wave-played"),
            playheadColor: colour("--text"),
            highlightColor: colour("--text-faint"),
            highlightStrokeColor: "transparent",
            highlightOpacity: 0.25,
            axisLabelColor: "transparent",
            axisGridlineColor: "transparent",
            showAxisLabels: false,
            enablePoints: false,
          },
          segmentOptions: { overlay: true, overlayOpacity: 0.22, overlayBorderWidth: 1, overlayCornerRadius: 3 },
          zoomLevels: [samplesPerPair(arraybuffer)],
          fontFamily: getComputedStyle(document.body).fontFamily,
          fontSize: 11,
          pointMarkerColor: colour("--focus"),
          emitCueEvents: false,
          keyboard: false,
        },
        (error, made) => (error ? reject(error) : resolve(made)),
      );
    });
    peaks.on("zoomview.update", ({ startTime, endTime }) => (view.value = { start_s: startTime, end_s: endTime }));
    peaks.on("segments.dragged", ({ segment }) => (player.loop.value = { start_s: segment.startTime, end_s: segment.endTime }));
    peaks.on("points.dragend", ({ point }) => moved.current(point.cue, point.time));
    return peaks;
  }

  const setSource = (peaks, arraybuffer) =>
    new Promise((resolve, reject) => {
      peaks.setSource({ waveformData: { arraybuffer }, zoomLevels: [samplesPerPair(arraybuffer)] }, (error) =>
        error ? reject(error) : resolve(),
      );
    });

  /** Show so many seconds; at the least one pair of the waveform for each pixel. */
  function zoomTo(seconds) {
    const shown = held.current.peaks?.views.getView("zoomview");
    if (!shown) return;
    // Peaks rounds down to whole samples a pixel, so a little more than the least is asked for.
    const least = held.current.perPair_s * zoomBox.current.clientWidth * 1.001;
    if (seconds >= length_s()) shown.setZoom(length_s() > least ? { seconds: "auto" } : { seconds: least });
    else shown.setZoom({ seconds: Math.max(least, seconds) });
    if (seconds >= length_s()) shown.setStartTime(0);
  }
  const whole = () => zoomTo(length_s());
  const inView = () => view.peek().end_s - view.peek().start_s;

  // Cues are points that can be dragged; the loop is a segment that can be drawn out.
  useEffect(() => {
    const peaks = held.current.peaks;
    if (!ready || !peaks) return;
    peaks.points.removeAll();
    peaks.points.add(
      sound.cues.map((cue, place) => ({
        id: `cue-${place}`,
        time: cue.at_s,
        editable: true,
        color: colour(cue.source === "user" ? "--accent-text" : "--focus"),
        cue,
      })),
    );
  }, [ready, sound.cues, theme.value]);
  const loop = player.loaded.value?.id === row.id ? player.loop.value : null;
  useEffect(() => {
    const peaks = held.current.peaks;
    if (!ready || !peaks) return;
    const segment = peaks.segments.getSegment(LOOP);
    if (!loop) {
      if (segment) peaks.segments.removeById(LOOP);
    } else if (!segment) {
      peaks.segments.add({
        id: LOOP,
        startTime: loop.start_s,
        endTime: loop.end_s,
        editable: true,
        markers: true,
        overlay: true,
        labelText: "Loop",
        color: colour("--accent"),
        overlayColor: colour("--accent"),
        borderColor: colour("--accent"),
      });
    } else if (segment.startTime !== loop.start_s || segment.endTime !== loop.end_s) {
      segment.update({ startTime: loop.start_s, endTime: loop.end_s });
    }
  }, [ready, loop]);

  useEffect(() => {
    if (!ready) return undefined;
    for (const name of ["zoomview", "overview"]) {
      const shown = held.current.peaks.views.getView(name);
      shown.setWaveformColor(colour("--wave"));
      shown.setPlayedWaveformColor(colour("--wave-played"));
      if (name === "zoomview") {
        shown.setAxisLabelColor(colour("--text-faint"));
        shown.setAxisGridlineColor(colour("--line-strong"));
      }
    }
    return undefined;
  }, [ready, theme.value]);

  // A width of its own keeps its zoom; what was shown whole stays whole.
  useEffect(() => {
    let width = 0;
    const watch = new ResizeObserver(([{ contentRect }]) => {
      const peaks = held.current.peaks;
      if (!peaks || !contentRect.width || contentRect.width === width) return;
      const isWhole = inView() >= length_s() * 0.99;
      width = contentRect.width;
      peaks.views.getView("overview").fitToContainer();
      peaks.views.getView("zoomview").fitToContainer();
      if (isWhole) whole();
    });
    watch.observe(zoomBox.current);
    return () => watch.disconnect();
  }, [row.id]);

  const seek = (at_s) => adapter.seek(Math.max(0, Math.min(length_s(), at_s)));
  const loopSpan = (span) => {
    void begin.current(row, span.start_s);
    player.loop.value = { start_s: span.start_s, end_s: span.end_s };
  };
  const toggleLoop = () => {
    if (loop) {
      player.loop.value = null;
      return;
    }
    if (player.loaded.peek()?.id !== row.id) player.load(row);
    player.loop.value = aroundCursor(sound, adapter.getCurrentTime(), length_s());
  };
  useEffect(
    () =>
      onKeys({
        ArrowLeft: () => seek(adapter.getCurrentTime() - STEP_S),
        ArrowRight: () => seek(adapter.getCurrentTime() + STEP_S),
        Home: () => seek(0),
        End: () => seek(length_s()),
        "+": () => zoomTo(inView() / 2),
        "-": () => zoomTo(inView() * 2),
        0: () => whole(),
        l: () => toggleLoop(),
      }),
    [row.id, sound],
  );

  const at = player.loaded.value?.id === row.id ? player.position_s.value : cursor.value;
  const slide = (event) => {
    const moves = { ArrowLeft: at - STEP_S, ArrowRight: at + STEP_S, Home: 0, End: length_s() };
    if (!(event.key in moves) || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    seek(moves[event.key]);
  };
  const lanes = useMemo(() => lanesOf(sound), [sound]);
  return html`<section class="pane" aria-label="Waveform">
    <div class="pane-tools">
      <span class="pane-at" aria-hidden="true">${moment(at)}</span>
      <span class="spring"></span>
      ${loop && html`<span class="quiet">Loop ${moment(loop.start_s)} – ${moment(loop.end_s)}</span>`}
      <button type="button" class="button small" aria-pressed=${Boolean(loop)} onClick=${toggleLoop}><${Icon} name="loop" />Loop</button>
      <button type="button" class="icon-button" aria-label="Zoom out" onClick=${() => zoomTo(inView() * 2)}><${Icon} name="zoom_out" /></button>
      <button type="button" class="icon-button" aria-label="Zoom in" onClick=${() => zoomTo(inView() / 2)}><${Icon} name="zoom_in" /></button>
      <button type="button" class="button small" onClick=${whole}>Whole</button>
    </div>
    <div class="pane-grid" data-ready=${ready}>
      <span class="pane-label">Overview</span>
      <div class="peaks-overview" ref=${overviewBox}></div>
      <span class="pane-label">Zoom</span>
      <div
        class="peaks-zoom" ref=${zoomBox} role="slider" tabindex="0" aria-label="Place in the sound" aria-valuemin="0"
        aria-valuemax=${Math.round(length_s())} aria-valuenow=${Math.round(at)} aria-valuetext=${spokenPlace(at, length_s())}
        onKeyDown=${slide}
      ></div>
      ${
        sound.beats_s.length > 0 &&
        html`
        <span class="pane-label">Beats</span>
        <${BeatLane} beats=${sound.beats_s} downbeats=${sound.downbeats_s} view=${view} />
      `
      }
      ${lanes.map(
        (lane) => html`
          <span class="pane-label" key=${`${lane.name}-label`}>${lane.label}</span>
          <${Lane} key=${lane.name} lane=${lane} view=${view} onSeek=${seek} onLoop=${loopSpan} />
        `,
      )}
    </div>
    ${problem && html`<p class="problem" role="alert">${problem.message} ${problem.remedy}</p>`}
  </section>`;
}

const axisTime = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

/** What a loop is made of where nobody drew one: the section at the cursor, else four bars from it on, else a part of the sound. */
export function aroundCursor(sound, at_s, duration_s) {
  const section = sound.sections.find((each) => each.start_s <= at_s && at_s < each.end_s);
  if (section) return { start_s: section.start_s, end_s: section.end_s };
  const bars = sound.downbeats_s;
  const place = bars.findLastIndex((bar) => bar <= at_s);
  if (place >= 0 && bars[place + 1] !== undefined) {
    return { start_s: bars[place], end_s: bars[place + 4] ?? Math.min(duration_s, bars.at(-1)) };
  }
  const length = Math.min(duration_s, Math.max(1, duration_s / 4));
  const start = Math.min(at_s, duration_s - length);
  return { start_s: start, end_s: start + length };
}
