// Icons as strokes on a grid of 16; they take the colour of the text beside them.
import { html } from "./html.js";

const STROKES = {
  play: ["M4.5 2.8v10.4l8.5-5.2z", true],
  pause: ["M4.5 3v10M11.5 3v10"],
  back: ["M11.5 3.5v9l-6-4.5zM4 3.5v9"],
  forward: ["M4.5 3.5v9l6-4.5zM12 3.5v9"],
  loop: ["M3 7V6a2.5 2.5 0 0 1 2.5-2.5H13M10.8 1.3 13 3.5l-2.2 2.2M13 9v1a2.5 2.5 0 0 1-2.5 2.5H3M5.2 14.7 3 12.5l2.2-2.2"],
  search: ["M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9M10.4 10.4 14 14"],
  close: ["M4 4l8 8M12 4l-8 8"],
  columns: ["M2.5 3h11v10h-11zM6.2 3v10M9.8 3v10"],
  sun: ["M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6M8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1"],
  moon: ["M13.5 9.5A6 6 0 0 1 6.5 2.5a6 6 0 1 0 7 7z"],
  tag: ["M2.5 2.5h5l6 6-5 5-6-6zM5.2 5.2h.01"],
  list: ["M2.5 4h8M2.5 8h8M2.5 12h5M12.5 9v5M10 11.5h5"],
  download: ["M8 2v8M4.8 7 8 10.2 11.2 7M2.5 13.5h11"],
  library: ["M3 2.5v11M6 2.5v11M9 3l3.5 10.3"],
  wave: ["M2 7v2M5 4v8M8 2v12M11 5v6M14 7v2"],
  volume: ["M2.5 6v4h2.3L8 12.7V3.3L4.8 6zM10.5 5.5a3.6 3.6 0 0 1 0 5M12.6 3.5a6.4 6.4 0 0 1 0 9"],
  filter: ["M2 3.5h12M4.5 8h7M6.8 12.5h2.4"],
  up: ["M8 13V3M4 7l4-4 4 4"],
  down: ["M8 3v10M4 9l4 4 4-4"],
  left: ["M10 3 5 8l5 5"],
  check: ["M3 8.5 6.5 12 13 4.5"],
  zoom_in: ["M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9M10.4 10.4 14 14M5 7h4M7 5v4"],
  zoom_out: ["M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9M10.4 10.4 14 14M5 7h4"],
  lock: ["M4 7h8v6.5H4zM5.5 7V5a2.5 2.5 0 0 1 5 0v2"],
  plus: ["M8 3v10M3 8h10"],
  minus: ["M3 8h10"],
  whole: ["M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10"],
  unlock: ["M4 7h8v6.5H4zM5.5 7V5a2.5 2.5 0 0 1 4.6-1.3"],
  microphone: ["M8 1.8a2 2 0 0 0-2 2v4a2 2 0 0 0 4 0v-4a2 2 0 0 0-2-2M3.8 7.5a4.2 4.2 0 0 0 8.4 0M8 11.7v2.5M5.5 14.2h5"],
  stop: ["M4 4h8v8H4z", true],
  file: ["M4 1.8h5.2L12.5 5v9.2H4zM9 2v3.2h3.3"],
  match: ["M6.2 4.5a3.8 3.8 0 1 0 0 7 3.8 3.8 0 0 0 0-7M9.8 4.5a3.8 3.8 0 1 1 0 7 3.8 3.8 0 0 1 0-7"],
  together: ["M2 5.5c2 0 2-2 4-2s2 2 4 2 2-2 4-2M2 11.5c2 0 2-2 4-2s2 2 4 2 2-2 4-2"],
  set: ["M2.5 12.5c3 0 4-8 7-8 2 0 2.5 2 4 2M2.5 14.2h11"],
  map: ["M4.2 4.2h.01M7.5 6.8h.01M11.8 4.8h.01M5.2 10.2h.01M9.8 9.8h.01M12.2 12h.01M3.2 13h.01M8 2.8h.01"],
  arrange: ["M2 3h5v3H2zM9 3h5v3H9zM2 8h8v3H2zM12 8h2v3h-2zM2 13h3v1.5"],
  knowledge: ["M8 4.2C6.5 3 4.5 2.8 2 3v9.5c2.5-.2 4.5 0 6 1.2 1.5-1.2 3.5-1.4 6-1.2V3c-2.5-.2-4.5 0-6 1.2v9.5"],
  work: ["M2.5 10v3.5h11V10M8 10.5v-8M4.8 5.7 8 2.5l3.2 3.2"],
  shuffle: ["M2 4.5h2.5l6 7H14M2 11.5h2.5l1.8-2.1M8.7 6.6l1.8-2.1H14M12 2.5l2 2-2 2M12 9.5l2 2-2 2"],
  grip: ["M6 3.5h.01M10 3.5h.01M6 8h.01M10 8h.01M6 12.5h.01M10 12.5h.01"],
  undo: ["M5.5 3 2.5 6l3 3M2.5 6h7a4 4 0 0 1 0 8H6"],
};

export function Icon({ name, size = 16 }) {
  const [path, filled] = STROKES[name];
  return html`<svg
    class=${filled ? "icon filled" : "icon"} width=${size} height=${size} viewBox="0 0 16 16" aria-hidden="true" focusable="false"
  ><path d=${path} /></svg>`;
}
