// A place where a file is dropped, or chosen; one that falls beside it does not replace the page.
import { html, useEffect, useRef, useState } from "../html.js";
import { Icon } from "../icons.js";

const hasFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");

export function DropZone({ onFile }) {
  const [isOver, setOver] = useState(false);
  const field = useRef(null);
  const handed = useRef(onFile);
  handed.current = onFile;
  useEffect(() => {
    // `relatedTarget` is null when what is dragged leaves the window.
    const over = (event) => hasFiles(event) && (event.preventDefault(), setOver(true));
    const left = (event) => event.relatedTarget === null && setOver(false);
    const dropped = (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(false);
      const file = event.dataTransfer.files[0];
      if (file) handed.current(file);
    };
    addEventListener("dragover", over);
    addEventListener("dragleave", left);
    addEventListener("drop", dropped);
    return () => {
      removeEventListener("dragover", over);
      removeEventListener("dragleave", left);
      removeEventListener("drop", dropped);
    };
  }, []);
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
