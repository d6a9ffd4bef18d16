// Small waveforms of rows and of the player: asked of the server, a few at once, the last few hundred kept.
import { html, useEffect, useRef, useState } from "./html.js";
import { askBytes, isAbort } from "./api.js";
import { readPeaks } from "./peaks_data.js";
import { theme } from "./state.js";

const MOST_KEPT = 400;
const AT_ONCE = 4;
// Who scrolls past sees nothing of it; only what rests in view is asked for.
const REST_MS = 90;
const COLUMNS = 320;

const keptPeaks = new Map();
const waiting = [];
let underWay = 0;

/** The peaks of a sound as `Int8Array` of pairs; null where there are none. */
export function peaksOf(id, signal) {
  const known = keptPeaks.get(id);
  if (known !== undefined) {
    keptPeaks.delete(id);
    keptPeaks.set(id, known);
    return Promise.resolve(known);
  }
  return new Promise((resolve, reject) => {
    waiting.push({ id, signal, resolve, reject });
    // The one that came into view last is wanted first.
    next();
  });
}

function next() {
  while (underWay < AT_ONCE && waiting.length) {
    const each = waiting.pop();
    if (each.signal.aborted) continue;
    underWay += 1;
    void fetchPeaks(each).finally(() => {
      underWay -= 1;
      next();
    });
  }
}

async function fetchPeaks({ id, signal, resolve, reject }) {
  try {
    const data = await askBytes(`api/sounds/${encodeURIComponent(id)}/waveform`, {
      params: { format: "dat", resolution: "overview" },
      signal,
    });
    keptPeaks.set(id, readPeaks(data, COLUMNS));
  } catch (error) {
    if (isAbort(error)) return reject(error);
    // What is the server's trouble passes; it is asked again when the row is drawn again.
    if (!error.status || error.status === 401 || error.status >= 500) return reject(error);
    // A sound whose file is away has no waveform; its row says so itself.
    keptPeaks.set(id, null);
  }
  if (keptPeaks.size > MOST_KEPT) keptPeaks.delete(keptPeaks.keys().next().value);
  return resolve(keptPeaks.get(id));
}

/** A waveform as wide and high as its place; `played` (0 to 1) is drawn in the colour of what was heard. */
export function Waveform({ id, played = 0, cls = "" }) {
  const canvas = useRef(null);
  const [peaks, setPeaks] = useState(null);
  useEffect(() => {
    setPeaks(null);
    const controller = new AbortController();
    const timer = setTimeout(
      () => {
        peaksOf(id, controller.signal).then(setPeaks, () => {});
      },
      keptPeaks.has(id) ? 0 : REST_MS,
    );
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [id]);
  const shown = theme.value;
  useEffect(() => {
    if (canvas.current) draw(canvas.current, peaks, played);
  }, [peaks, played, shown]);
  return html`<canvas ref=${canvas} class="waveform ${cls}" aria-hidden="true"></canvas>`;
}

function draw(canvas, peaks, played) {
  const scale = window.devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (!width) return;
  if (canvas.width !== Math.round(width * scale)) canvas.width = Math.round(width * scale);
  if (canvas.height !== Math.round(height * scale)) canvas.height = Math.round(height * scale);
  const context = canvas.getContext("2d");
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  if (!peaks) return;
  const style = getComputedStyle(canvas);
  const [ahead, behind] = [style.getPropertyValue("--wave"), style.getPropertyValue("--wave-played")];
  const [pitch, bar] = width > 300 ? [3, 2] : [2, 1];
  const bars = Math.floor(width / pitch);
  const middle = height / 2;
  for (let i = 0; i < bars; i++) {
    const from = Math.floor((i * COLUMNS) / bars);
    const to = Math.max(from + 1, Math.floor(((i + 1) * COLUMNS) / bars));
    let [low, high] = [0, 0];
    for (let k = from; k < to; k++) {
      low = Math.min(low, peaks[2 * k]);
      high = Math.max(high, peaks[2 * k + 1]);
    }
    const top = Math.max(0.5, (high / 127) * (middle - 1));
    const bottom = Math.max(0.5, (-low / 127) * (middle - 1));
    context.fillStyle = i / bars < played ? behind : ahead;
    context.fillRect(i * pitch, middle - top, bar, top + bottom);
  }
}
