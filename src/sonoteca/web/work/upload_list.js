// Where files are dropped or chosen, and how each is on its way.
import { html, useEffect, useRef, useState } from "../html.js";
import { isHidden, onDrop } from "../file_drop.js";
import { Icon } from "../icons.js";
import { counted, percent } from "../format.js";
import { spoken } from "../state.js";
import { again, forgetDone, upload, uploads } from "./uploads.js";
import { bytesText } from "./job_words.js";

// Of more than these the rest is counted.
const MOST_SHOWN = 100;
const WORD = { waiting: "waits", heard: "is listened to", done: "is in the library" };
const FIRST = ["failed", "sending", "heard", "waiting", "done"];

export function UploadList() {
  const [isOver, setOver] = useState(false);
  const [fileField, folderField] = [useRef(null), useRef(null)];
  const all = uploads.value;
  const counts = Object.fromEntries(FIRST.map((state) => [state, all.filter((each) => each.state === state).length]));
  const ended = counts.done + counts.failed;
  const share = all.length ? all.reduce((sum, each) => sum + partOf(each), 0) / all.length : 0;
  const quarter = useRef(0);
  useEffect(
    () =>
      onDrop({
        onOver: setOver,
        onFiles: (found) => upload(found),
      }),
    [],
  );
  useEffect(() => {
    const now = all.length && ended === all.length ? 4 : Math.floor(share * 4);
    if (now === quarter.current) return;
    quarter.current = now;
    if (now === 4) spoken.value = `${counted(counts.done, "file")} added, ${counts.failed} failed.`;
    else if (now > 0) spoken.value = `${now * 25} percent of the uploads are done.`;
  }, [share, ended]);
  const chosen = (event) => {
    const all = [...event.target.files].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
    upload(all.filter(({ path }) => !isHidden(path)));
    event.target.value = "";
  };
  const shown = FIRST.flatMap((state) => all.filter((each) => each.state === state)).slice(0, MOST_SHOWN);
  return html`<section class="work-panel" aria-label="Uploads">
    <div class="work-head">
      <h2>Uploads</h2>
      ${
        all.length > 0 &&
        html`<span class="quiet upload-counts">
        ${counted(counts.done, "file")} of ${all.length} in the library${counts.failed ? `, ${counts.failed} failed` : ""}
      </span>`
      }
      <span class="spring"></span>
      ${
        counts.failed > 1 &&
        html`<button
        type="button" class="button small" onClick=${() => all.filter((each) => each.state === "failed").forEach((each) => again(each.number))}
      >Try all failed again</button>`
      }
      ${counts.done > 0 && html`<button type="button" class="button small quiet" onClick=${forgetDone}>Clear done</button>`}
    </div>
    <div class="upload-zone" data-over=${isOver}>
      <${Icon} name="work" size=${22} />
      <div><strong>Drop files or folders anywhere on this page</strong><br />
        <span class="quiet">Copies are kept in the library's own folder, and listened to.</span></div>
      <button type="button" class="button small" onClick=${() => fileField.current.click()}>Choose files</button>
      <button type="button" class="button small" onClick=${() => folderField.current.click()}>Choose a folder</button>
      <input ref=${fileField} class="hidden" type="file" multiple accept="audio/*,video/mp4" tabindex="-1" aria-label="Files to add" onChange=${chosen} />
      <input ref=${folderField} class="hidden" type="file" webkitdirectory tabindex="-1" aria-label="Folder to add" onChange=${chosen} />
    </div>
    ${
      all.length > 0 &&
      html`<span
      class="work-bar" role="progressbar" aria-label="Uploads" aria-valuemin="0" aria-valuemax="100" aria-valuenow=${Math.round(share * 100)}
    ><span style=${{ width: `${share * 100}%` }}></span></span>`
    }
    <ul class="upload-list">
      ${shown.map((each) => html`<${Upload} key=${each.number} upload=${each} />`)}
    </ul>
    ${all.length > shown.length && html`<p class="quiet">and ${all.length - shown.length} more</p>`}
    ${isOver && html`<div class="drop-overlay" aria-hidden="true"><div><${Icon} name="work" size=${40} /><strong>Let go: it is added to the library</strong></div></div>`}
  </section>`;
}

const partOf = ({ state, sent }) => (state === "done" || state === "failed" ? 1 : state === "heard" ? 0.9 : 0.8 * sent);

function Upload({ upload: { number, path, n_bytes, state, sent, problem } }) {
  return html`<li class="upload" data-state=${state}>
    <span class="upload-name" title=${path}><bdi>${path}</bdi></span>
    <span class="upload-state">
      ${state === "sending" ? `${percent(sent)} sent` : state === "failed" ? html`<strong class="problem">failed</strong>` : WORD[state]}
    </span>
    <span class="upload-size">${bytesText(n_bytes)}</span>
    ${
      state === "failed" &&
      html`<div class="upload-problem">
      <span>${problem.message} <span class="quiet">${problem.remedy}</span></span>
      <button type="button" class="button small" aria-label="Try ${path} again" onClick=${() => again(number)}>Try again</button>
    </div>`
    }
  </li>`;
}
