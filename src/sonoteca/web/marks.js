// Small marks that mean the same in every view: a kind, a key, how sure something is, where it comes from.
import { html } from "./html.js";
import { UNKNOWN, percent, word } from "./format.js";

export function KindMark({ kind }) {
  if (!kind) return html`<span class="quiet">${UNKNOWN}</span>`;
  const label = kind === "field_recording" ? "field rec." : word(kind);
  return html`<span class="kind" data-kind=${kind} title=${word(kind)}>${label}</span>`;
}

export function KeyMark({ camelot, name, doubt = "", isBare = false }) {
  if (!camelot) return html`<span class="quiet">${UNKNOWN}</span>`;
  return html`<span class="key ${doubt}" data-key=${Number.parseInt(camelot, 10)} title=${name}>
    <span class="key-dot" aria-hidden="true"></span>${camelot}${!isBare && html`<small>${shortKey(name)}${doubt ? "?" : ""}</small>`}
  </span>`;
}

const shortKey = (name) => name?.replace(" minor", "m").replace(" major", "") ?? "";

/** How sure something is, as a bar and as a number. */
export function Confidence({ value }) {
  if (value === null || value === undefined) return null;
  return html`<span class="confidence" title="confidence ${percent(value)}">
    <span class="confidence-bar" aria-hidden="true"><span style=${{ width: `${Math.round(value * 100)}%` }}></span></span>
    ${percent(value)}
  </span>`;
}
