// A place where a file is dropped, or chosen; one that falls beside it counts as well.
import { html, useEffect, useRef, useState } from "../html.js";
import { onDrop } from "../file_drop.js";
import { Icon } from "../icons.js";

export function DropZone({ onFile }) {
  const [isOver, setOver] = useState(false);
  const field = useRef(null);
  const handed = useRef(onFile);
  handed.current = onFile;
  useEffect(() => onDrop({ onOver: setOver, onFiles: ([first]) => first?.file && handed.current(first.file) }), []);
  return html`<div class="drop-zone" data-over=${isOver}>
    <${Icon} name="file" />
    <span>${isOver ? "Let go: it is matched" : "Drop a file anywhere, or"}</span>
    <button type="button" class="button small" onClick=${() => field.current.click()}>Choose a file</button>
    <input
      ref=${field} class="hidden" type="file" accept="audio/*,video/mp4" tabindex="-1" aria-label="File to match"
      onChange=${(event) => event.target.files[0] && (handed.current(event.target.files[0]), (event.target.value = ""))}
    />
  </div>`;
}
