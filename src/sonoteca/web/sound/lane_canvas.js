// Draws beats and lanes for the span of time that the waveform above shows.
import { html, useEffect, useRef } from "../html.js";
import { theme } from "../state.js";
import { moment } from "../format.js";
import { spanAt, ticksBetween } from "./lanes.js";

const LANE_PX = 24;
const GAP_PX = 3;

/** One lane; `span` is a signal `{ start_s, end_s }` of what is in view. */
export function Lane({ lane, view, onSeek, onLoop }) {
  const canvas = useRef(null);
  const shown = theme.value;
  const { start_s, end_s } = view.value;
  useEffect(() => {
    const paint = () => drawLane(canvas.current, lane, view.peek());
    paint();
    const watch = new ResizeObserver(paint);
    watch.observe(canvas.current);
    return () => watch.disconnect();
  }, [lane, shown, start_s, end_s]);
  const at = (event) => {
    const box = canvas.current.getBoundingClientRect();
    return start_s + ((event.clientX - box.left) / box.width) * (end_s - start_s);
  };
  const name = (event) => {
    const found = spanAt(lane.spans, at(event));
    canvas.current.title = found
      ? `${found.label}, ${moment(found.start_s)} to ${moment(found.end_s)}. Double-click loops it.`
      : "";
  };
  return html`<canvas
    ref=${canvas} class="lane" style=${{ height: `${LANE_PX}px` }} role="img" aria-label=${described(lane)} onPointerMove=${name}
    onClick=${(event) => onSeek(spanAt(lane.spans, at(event))?.start_s ?? at(event))}
    onDblClick=${(event) => spanAt(lane.spans, at(event)) && onLoop(spanAt(lane.spans, at(event)))}
  ></canvas>`;
}

const MOST_DESCRIBED = 12;

function described(lane) {
  const told = lane.spans.slice(0, MOST_DESCRIBED).map((each) => `${each.label} from ${moment(each.start_s)}`);
  const more = lane.spans.length - told.length;
  return `${lane.label}: ${told.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/** Beats as ticks, bar lines longer. */
export function BeatLane({ beats, downbeats, view }) {
  const canvas = useRef(null);
  const shown = theme.value;
  const { start_s, end_s } = view.value;
  useEffect(() => {
    const paint = () => drawBeats(canvas.current, beats, downbeats, view.peek());
    paint();
    const watch = new ResizeObserver(paint);
    watch.observe(canvas.current);
    return () => watch.disconnect();
  }, [beats, downbeats, shown, start_s, end_s]);
  return html`<canvas ref=${canvas} class="lane beats" role="img" aria-label="${beats.length} beats, ${downbeats.length} bar lines"></canvas>`;
}

function begun(canvas) {
  const scale = window.devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (!width || !height) return null;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const context = canvas.getContext("2d");
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height, style: getComputedStyle(canvas) };
}

function drawLane(canvas, lane, { start_s, end_s }) {
  const paper = canvas && begun(canvas);
  if (!paper || end_s <= start_s) return;
  const { context, width, height, style } = paper;
  const perSecond = width / (end_s - start_s);
  const [lightness, chroma] = [style.getPropertyValue("--key-lightness"), style.getPropertyValue("--key-chroma")];
  context.font = `500 11.5px ${style.fontFamily}`;
  context.textBaseline = "middle";
  for (const span of lane.spans) {
    const from = Math.max(0, (span.start_s - start_s) * perSecond);
    const to = Math.min(width, (span.end_s - start_s) * perSecond);
    if (to <= 0 || from >= width || to - from < 0.5) continue;
    const colour = (alpha) => `oklch(${lightness} ${chroma} ${span.hue} / ${alpha})`;
    const wide = Math.max(1, to - from - 1);
    if (!lane.areMarks) {
      context.fillStyle = colour(0.24);
      context.beginPath();
      context.roundRect(from, GAP_PX / 2, wide, height - GAP_PX, Math.min(3, wide / 2));
      context.fill();
    } else if (span.start_s < start_s) continue;
    context.fillStyle = colour(1);
    context.fillRect(from, GAP_PX / 2, Math.min(2, wide), height - GAP_PX);
    const room = wide - 10;
    if (room > 8 && context.measureText(span.label).width <= room) {
      context.fillStyle = style.color;
      context.fillText(span.label, from + 7, height / 2 + 0.5);
    }
  }
}

function drawBeats(canvas, beats, downbeats, { start_s, end_s }) {
  const paper = canvas && begun(canvas);
  if (!paper || end_s <= start_s) return;
  const { context, width, height, style } = paper;
  const perSecond = width / (end_s - start_s);
  const [strong, weak] = [style.getPropertyValue("--text-quiet"), style.getPropertyValue("--line-strong")];
  for (const { at_s, isBar } of ticksBetween(beats, downbeats, start_s, end_s, width)) {
    context.fillStyle = isBar ? strong : weak;
    const tall = isBar ? height : height * 0.5;
    context.fillRect(Math.round((at_s - start_s) * perSecond), height - tall, isBar ? 1.5 : 1, tall);
  }
}
