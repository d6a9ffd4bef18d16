// What is done with selected sounds: tags, playlists, export, paths. Each says what it did, and how to take it back.
import { html, useEffect, useRef, useState } from "../html.js";
import { ask } from "../api.js";
import { Icon } from "../icons.js";
import { counted, duration, nameOf } from "../format.js";
import { say, sayProblem } from "../state.js";

const PAGE = 1000;

export function SelectionBar({ selection, query, onChanged }) {
  const [dialog, setDialog] = useState(null);
  selection.state.value;
  if (!selection.size) return null;
  const wanted = selection.queries(query);
  const props = { wanted, size: selection.size, onChanged, onClose: () => setDialog(null) };
  return html`<div class="selection-bar" role="toolbar" aria-label="Selected sounds">
    <strong>${counted(selection.size, "sound")} selected</strong>
    <button type="button" class="button small" onClick=${() => setDialog("tag")}><${Icon} name="tag" />Tag</button>
    <button type="button" class="button small" onClick=${() => setDialog("playlist")}><${Icon} name="list" />Add to playlist</button>
    <button type="button" class="button small" onClick=${() => setDialog("export")}><${Icon} name="download" />Export</button>
    <button type="button" class="button small" onClick=${() => copyPaths(wanted)}>Copy paths</button>
    <span class="spring"></span>
    <button type="button" class="button small quiet" onClick=${() => selection.all()}>Select all found</button>
    <button type="button" class="button small quiet" onClick=${() => selection.clear()}>Clear</button>
    ${dialog === "tag" && html`<${TagDialog} ...${props} />`}
    ${dialog === "playlist" && html`<${PlaylistDialog} ...${props} />`}
    ${dialog === "export" && html`<${ExportDialog} ...${props} />`}
  </div>`;
}

/** A dialog that is open as long as it is drawn; Escape closes it. */
export function Dialog({ title, onClose, onSubmit, action, children }) {
  const box = useRef(null);
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    box.current.showModal();
    return () => box.current?.close();
  }, []);
  const submit = async (event) => {
    event.preventDefault();
    setBusy(true);
    try {
      await onSubmit(Object.fromEntries(new FormData(event.target)));
      onClose();
    } catch (error) {
      setProblem(error);
      setBusy(false);
    }
  };
  return html`<dialog ref=${box} class="dialog" aria-label=${title} onClose=${onClose}>
    <form onSubmit=${submit}>
      <h2>${title}</h2>
      ${children}
      <p class="problem" role="alert">${problem && `${problem.message} ${problem.remedy ?? ""}`}</p>
      <div class="dialog-actions">
        <button type="button" class="button" onClick=${onClose}>Cancel</button>
        <button type="submit" class="button primary" disabled=${busy}>${action}</button>
      </div>
    </form>
  </dialog>`;
}

/** Take back what was done in so many steps. */
export const undo = async (onChanged, steps = 1) => {
  try {
    for (let step = 0; step < steps; step++) await ask("api/undo", { method: "POST" });
    say("Taken back.");
    onChanged();
  } catch (problem) {
    sayProblem(problem);
  }
};

function TagDialog({ wanted, size, onChanged, onClose }) {
  const send = async ({ tags }) => {
    const given = tags
      .split(",")
      .map((each) => each.trim())
      .filter(Boolean);
    let changed = 0;
    let steps = 0;
    for (const query of wanted) {
      const done = await ask("api/sounds/edit", { method: "POST", json: { query: query || "*", tags: given } });
      changed += done.changed;
      steps += done.changed ? 1 : 0;
    }
    const action = steps ? { label: "Undo", act: () => undo(onChanged, steps) } : null;
    say(steps ? `${counted(changed, "sound")} tagged.` : "It was so already.", { action });
    onChanged();
  };
  return html`<${Dialog} title="Tag ${counted(size, "sound")}" action="Tag" onSubmit=${send} onClose=${onClose}>
    <label class="field">
      <span>Tags, with commas between</span>
      <input name="tags" required autocomplete="off" placeholder="dusty, -vocal" autofocus />
    </label>
    <p class="quiet">A minus takes a tag away. Files are not touched.</p>
  </${Dialog}>`;
}

function PlaylistDialog({ wanted, size, onChanged, onClose }) {
  const [playlists, setPlaylists] = useState([]);
  useEffect(() => {
    const controller = new AbortController();
    ask("api/playlists", { signal: controller.signal }).then(
      (answer) => setPlaylists(answer.results),
      () => {},
    );
    return () => controller.abort();
  }, []);
  const send = async ({ name }) => {
    const known = playlists.find((each) => each.name === name);
    const [first, ...rest] = wanted;
    if (!known) await ask("api/playlists", { method: "POST", json: { playlist: name, filter: first || "sort:-added" } });
    const more = known ? wanted : rest;
    for (const query of more) {
      const sounds = (await rowsOf([query], "id")).map((row) => row.id);
      await ask(`api/playlists/${encodeURIComponent(name)}/add`, { method: "POST", json: { sounds } });
    }
    const steps = known ? more.length : 1 + more.length;
    say(`${counted(size, "sound")} in the playlist ${name}.`, { action: { label: "Undo", act: () => undo(onChanged, steps) } });
  };
  return html`<${Dialog} title="Add ${counted(size, "sound")} to a playlist" action="Add" onSubmit=${send} onClose=${onClose}>
    <label class="field">
      <span>Playlist, a new one or one of the library</span>
      <input name="name" required autocomplete="off" list="playlists" autofocus />
    </label>
    <datalist id="playlists">${playlists.filter((each) => !each.smart).map((each) => html`<option key=${each.name} value=${each.name} />`)}</datalist>
  </${Dialog}>`;
}

function ExportDialog({ wanted, size, onClose }) {
  const send = async ({ format }) => {
    const rows = await rowsOf(wanted);
    const text = format === "m3u8" ? asPlaylist(rows) : asTable(rows);
    saveFile(`sonoteca.${format}`, text, format === "m3u8" ? "audio/x-mpegurl" : "text/csv");
  };
  return html`<${Dialog} title="Export ${counted(size, "sound")}" action="Export" onSubmit=${send} onClose=${onClose}>
    <label class="check"><input type="radio" name="format" value="m3u8" checked /> Playlist file (M3U8), for players and DJ programs</label>
    <label class="check"><input type="radio" name="format" value="csv" /> Table (CSV), with what is known of each</label>
  </${Dialog}>`;
}

/** Let the browser save a text as a file. */
export function saveFile(name, text, type) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

async function rowsOf(queries, fields) {
  const rows = [];
  for (const query of queries) {
    let cursor = null;
    do {
      const page = await ask("database/files", { params: { query, limit: PAGE, cursor, fields } });
      rows.push(...page.results);
      cursor = page.next_cursor;
    } while (cursor);
  }
  return rows;
}

export function asPlaylist(rows) {
  const lines = rows
    .filter((row) => row.path)
    .map((row) => `#EXTINF:${Math.round(row.duration_s ?? -1)},${nameOf(row)}\n${row.path}\n`);
  return `#EXTM3U\n${lines.join("")}`;
}

export function asTable(rows) {
  const columns = ["path", "title", "artist", "kind", "role", "bpm", "key", "camelot", "lufs", "duration", "tags"];
  const cell = (value) => {
    const text = Array.isArray(value) ? value.join("; ") : String(value ?? "");
    // A spreadsheet takes what begins so for a formula.
    const plain = /^[=+\-@\t]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
    return /[",\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
  };
  const lines = rows.map((row) =>
    columns.map((name) => cell(name === "duration" ? duration(row.duration_s) : row[name])).join(","),
  );
  return `${columns.join(",")}\r\n${lines.join("\r\n")}\r\n`;
}

async function copyPaths(wanted) {
  try {
    const rows = await rowsOf(wanted, "path");
    await copyText(
      rows
        .map((row) => row.path)
        .filter(Boolean)
        .join("\n"),
    );
    say(`${counted(rows.length, "path")} copied.`);
  } catch (problem) {
    sayProblem(problem);
  }
}

/** Put a text into the clipboard; over plain http from another machine only the old way exists. */
export async function copyText(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
  return undefined;
}
