// The columns of the library: what each is called, how wide it is, what it is sorted by, and how a cell looks.
import { html } from "../html.js";
import { remembered } from "../state.js";
import { Waveform } from "../waveforms.js";
import { KindMark, KeyMark } from "../marks.js";
import * as player from "../player.js";
import { UNKNOWN, bpm, day, duration, folderOf, nameOf, number, word } from "../format.js";

const unsure = (row, field) => (row.certainty?.[field] && row.certainty[field] !== "stated" ? "unsure" : "");

function Value({ children, row, field }) {
  const doubt = unsure(row, field);
  return html`<span class=${doubt} title=${doubt ? "not sure" : undefined}>${children}${doubt && html`<span aria-label="not sure">?</span>`}</span>`;
}

function PlayedWaveform({ row }) {
  const isThis = player.loaded.value?.id === row.id;
  const played = isThis && player.duration_s.value ? player.position_s.value / player.duration_s.value : 0;
  return html`<${Waveform} id=${row.id} played=${played} />`;
}

export const COLUMNS = [
  { name: "wave", label: "Waveform", width: "148px", cell: (row) => html`<${PlayedWaveform} row=${row} />` },
  {
    name: "name",
    label: "Name",
    width: "minmax(200px, 1.6fr)",
    sort: "path",
    always: true,
    cell: (row) =>
      html`<span class="name"><strong>${nameOf(row)}</strong><small>${row.artist ?? folderOf(row.path)}</small></span>`,
  },
  { name: "kind", label: "Kind", width: "118px", sort: "kind", cell: (row) => html`<${KindMark} kind=${row.kind} />` },
  {
    name: "role",
    label: "Role",
    width: "84px",
    sort: "role",
    cell: (row) => html`<${Value} row=${row} field="role">${word(row.role)}</${Value}>`,
  },
  {
    name: "class",
    label: "Class",
    width: "92px",
    sort: "class",
    cell: (row) => html`<${Value} row=${row} field="sound_class">${word(row.sound_class)}</${Value}>`,
  },
  {
    name: "bpm",
    label: "BPM",
    width: "68px",
    sort: "bpm",
    isNumber: true,
    cell: (row) => html`<${Value} row=${row} field="bpm">${bpm(row.bpm)}</${Value}>`,
  },
  {
    name: "key",
    label: "Key",
    width: "104px",
    sort: "key",
    cell: (row) => html`<${KeyMark} camelot=${row.camelot} name=${row.key} doubt=${unsure(row, "key")} />`,
  },
  { name: "lufs", label: "LUFS", width: "66px", sort: "lufs", isNumber: true, cell: (row) => number(row.lufs, 1) },
  { name: "energy", label: "Energy", width: "74px", sort: "energy", isNumber: true, cell: (row) => number(row.energy_level) },
  { name: "length", label: "Length", width: "76px", sort: "duration", isNumber: true, cell: (row) => duration(row.duration_s) },
  {
    name: "rating",
    label: "Rating",
    width: "84px",
    sort: "rating",
    cell: (row) => (row.rating === null ? UNKNOWN : html`<span aria-label="${row.rating} of 5">${"★".repeat(row.rating)}</span>`),
  },
  {
    name: "tags",
    label: "Tags",
    width: "minmax(96px, 0.7fr)",
    cell: (row) => html`<span class="tags">${row.tags.map((tag) => html`<span class="tag" key=${tag}>${tag}</span>`)}</span>`,
  },
  { name: "artist", label: "Artist", width: "minmax(110px, 0.7fr)", sort: "artist", cell: (row) => row.artist ?? UNKNOWN },
  { name: "album", label: "Album", width: "minmax(110px, 0.7fr)", sort: "album", cell: (row) => row.album ?? UNKNOWN },
  { name: "added", label: "Added", width: "104px", sort: "added", cell: (row) => day(row.added_at) },
  {
    name: "path",
    label: "File",
    width: "minmax(180px, 1.4fr)",
    sort: "path",
    cell: (row) => html`<span class="path"><bdi>${row.path}</bdi></span>`,
  },
];

const USUAL = ["wave", "kind", "role", "bpm", "key", "lufs", "length", "tags"];

export const chosenColumns = remembered("columns", USUAL);

export const shownColumns = () => COLUMNS.filter((each) => each.always || chosenColumns.value.includes(each.name));

/** What is asked of the server for a row. */
export const FIELDS = [
  "id",
  "title",
  "artist",
  "album",
  "path",
  "duration_s",
  "kind",
  "role",
  "sound_class",
  "bpm",
  "key",
  "camelot",
  "lufs",
  "energy_level",
  "rating",
  "tags",
  "status",
  "missing",
  "added_at",
  "certainty",
].join(",");
