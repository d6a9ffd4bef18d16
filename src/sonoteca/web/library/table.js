// The table of the library: rows of one fixed height, of which only those in view are in the document.
import { html, useEffect, useLayoutEffect, useRef, useState } from "../html.js";
import { Icon } from "../icons.js";
import { formatAddress } from "../addresses.js";
import { urlOf } from "../api.js";
import { fileOf, nameOf } from "../format.js";
import * as player from "../player.js";

export const ROW_PX = 44;
const HEAD_PX = 36;
// Rows beside those in view, so that a step does not show an empty one.
const BESIDE = 8;

export function Table({ rows, columns, order, onOrder, cursor, onCursor, selection, scroller, onOpen, onScrolled }) {
  const [view, setView] = useState({ top: 0, height: 600 });
  const frame = useRef(0);
  rows.version.value;
  const total = rows.total.value ?? 0;
  const first = Math.max(0, Math.floor(view.top / ROW_PX) - BESIDE);
  const last = Math.min(total - 1, Math.ceil((view.top + view.height) / ROW_PX) + BESIDE);

  useEffect(() => rows.want(first, last), [first, last, total, rows.version.value]);
  useLayoutEffect(() => {
    const box = scroller.current;
    const seen = () => setView({ top: box.scrollTop, height: box.clientHeight - HEAD_PX });
    const scrolled = () => {
      if (frame.current) return;
      frame.current = requestAnimationFrame(() => {
        frame.current = 0;
        seen();
        onScrolled();
      });
    };
    seen();
    box.addEventListener("scroll", scrolled, { passive: true });
    const watch = new ResizeObserver(seen);
    watch.observe(box);
    return () => {
      box.removeEventListener("scroll", scrolled);
      watch.disconnect();
      cancelAnimationFrame(frame.current);
    };
  }, []);

  const places = [];
  for (let index = first; index <= last; index++) places.push(index);
  const template = ["36px", "40px", ...columns.map((each) => each.width), "40px"].join(" ");
  return html`<div
    ref=${scroller} class="table" role="grid" tabindex="0" aria-label="Sounds" aria-rowcount=${total + 1}
    aria-colcount=${columns.length + 3} aria-multiselectable="true" aria-busy=${rows.stale.value}
    aria-activedescendant=${rows.at(cursor) && cursor >= first && cursor <= last ? `row-${rows.at(cursor).id}` : undefined}
    style=${{ "--columns": template, "--row": `${ROW_PX}px`, "--head": `${HEAD_PX}px` }}
  >
    <div class="table-head" role="row" aria-rowindex="1">
      <span role="columnheader" class="cell"><span class="hidden">Selected</span></span>
      <span role="columnheader" class="cell"><span class="hidden">Play</span></span>
      ${columns.map((column) => html`<${Head} key=${column.name} column=${column} order=${order} onOrder=${onOrder} />`)}
      <span role="columnheader" class="cell"><span class="hidden">Open</span></span>
    </div>
    <div class="table-body" role="rowgroup" style=${{ height: `${total * ROW_PX}px` }}>
      ${places.map((index) => {
        const row = rows.at(index);
        const key = row ? row.id : `place-${index}`;
        const isSelected = row ? selection.has(row.id) : false;
        return html`<${Row}
          key=${key} row=${row} index=${index} columns=${columns} isCursor=${index === cursor} isSelected=${isSelected}
          onCursor=${onCursor} onOpen=${onOpen} selection=${selection}
        />`;
      })}
    </div>
  </div>`;
}

function Head({ column, order, onOrder }) {
  const cls = column.isNumber ? "cell number" : "cell";
  if (!column.sort) return html`<span role="columnheader" class=${cls}>${column.label}</span>`;
  const falling = order === `-${column.sort}`;
  const rising = order === column.sort;
  const next = rising ? `-${column.sort}` : falling ? null : column.sort;
  return html`<span
    role="columnheader" class=${cls} aria-sort=${rising ? "ascending" : falling ? "descending" : "none"}
  ><button type="button" class="head-button" onClick=${() => onOrder(next)}>
    ${column.label}${(rising || falling) && html`<${Icon} name=${rising ? "up" : "down"} size=${11} />`}
  </button></span>`;
}

function Row({ row, index, columns, isCursor, isSelected, onCursor, onOpen, selection }) {
  const place = { transform: `translateY(${index * ROW_PX}px)` };
  if (!row) {
    return html`<div class="row waiting" role="row" aria-rowindex=${index + 2} style=${place}>
      <span role="gridcell" class="cell"></span><span role="gridcell" class="cell"></span>
      ${columns.map((column) => html`<span key=${column.name} role="gridcell" class="cell"><span class="ghost"></span></span>`)}
      <span role="gridcell" class="cell"></span>
    </div>`;
  }
  const isLoaded = player.loaded.value?.id === row.id;
  const sounding = isLoaded && ["playing", "loading"].includes(player.status.value);
  const marks = [isCursor && "cursor", isSelected && "selected", isLoaded && "loaded", row.missing && "missing"];
  const drag = (event) => {
    // A browser that knows it drops the file itself, e.g. into a DAW; others get its path.
    const name = `${nameOf(row)}.${/\.wav$/i.test(row.path ?? "") ? "wav" : "flac"}`;
    const url = urlOf(`api/audio/${row.id}`);
    event.dataTransfer.setData(
      "DownloadURL",
      `audio/${name.endsWith("wav") ? "wav" : "flac"}:${name.replaceAll(":", "-")}:${url}`,
    );
    event.dataTransfer.setData("text/plain", row.path ?? row.id);
    event.dataTransfer.effectAllowed = "copy";
  };
  return html`<div
    id="row-${row.id}" class=${["row", ...marks].filter(Boolean).join(" ")} role="row" aria-rowindex=${index + 2}
    aria-selected=${isSelected} style=${place} draggable="true" onDragStart=${drag}
    onClick=${(event) => onCursor(index, event, { plays: true })} onDblClick=${() => onOpen(row)}
  >
    <span role="gridcell" class="cell">
      <input
        type="checkbox" tabindex="-1" checked=${isSelected} aria-label="Select ${nameOf(row)}"
        onClick=${(event) => (event.stopPropagation(), selection.toggle(index, event.shiftKey))}
      />
    </span>
    <span role="gridcell" class="cell">
      <button
        type="button" class="row-play" tabindex="-1" aria-label="${sounding ? "Pause" : "Play"} ${nameOf(row)}"
        onClick=${(event) => (event.stopPropagation(), onCursor(index, event, { toggles: true }))}
      ><${Icon} name=${sounding ? "pause" : "play"} size=${14} /></button>
    </span>
    ${columns.map(
      (column) => html`<span
        key=${column.name} role="gridcell" class=${`cell ${column.isNumber ? "number" : ""} cell-${column.name}`}
        title=${column.name === "name" ? (row.missing ? `${fileOf(row.path)} is not there now` : row.path) : undefined}
        onClick=${column.name === "wave" ? (event) => seekIn(event, row, index, onCursor) : undefined}
      >${column.cell(row)}</span>`,
    )}
    <span role="gridcell" class="cell">
      <a
        class="row-open" tabindex="-1" href=${formatAddress({ view: "sound", id: row.id })} aria-label="Open ${nameOf(row)}"
        onClick=${(event) => (event.preventDefault(), event.stopPropagation(), onOpen(row))}
      >›</a>
    </span>
  </div>`;
}

/** A click on a waveform plays from there. */
function seekIn(event, row, index, onCursor) {
  event.stopPropagation();
  const box = event.currentTarget.getBoundingClientRect();
  const share = Math.max(0, Math.min(1, (event.clientX - box.left) / box.width));
  onCursor(index, event, { plays: true, at_s: share * (row.duration_s ?? 0) });
}

/** Where a scrolled table has to stand so that a row is in view; null where it is. */
export function scrollTo(box, index) {
  const height = box.clientHeight - HEAD_PX;
  const top = index * ROW_PX;
  if (top < box.scrollTop) return top;
  if (top + ROW_PX > box.scrollTop + height) return top + ROW_PX - height;
  return null;
}

export const rowsInView = (box) => Math.max(1, Math.floor((box.clientHeight - HEAD_PX) / ROW_PX) - 1);
