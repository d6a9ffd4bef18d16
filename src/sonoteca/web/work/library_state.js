// How the library and the machine are: what is there, what could not be heard and why, and what the server says of itself.
import { html, useState } from "../html.js";
import { ask } from "../api.js";
import { formatAddress } from "../addresses.js";
import { count, counted, fileOf, percent } from "../format.js";
import { say, sayProblem } from "../state.js";
import { bytesText } from "./job_words.js";

export function Counts({ audit }) {
  const tiles = [
    ["Sounds", audit?.sounds_total],
    ["Analysed", audit?.analysed],
    ["Waiting", audit?.pending],
    ["Failed", audit?.failed, "bad"],
    ["Files missing", audit?.missing_locations, "bad"],
    ["Without a vector", audit?.embedding_gap_total, "bad"],
  ];
  return html`<dl class="counts" aria-label="The library">
    ${tiles.map(
      ([label, value, tone]) => html`<div key=${label} data-tone=${value ? tone : undefined}>
        <dt>${label}</dt><dd>${value === undefined ? html`<span class="ghost"></span>` : count(value)}</dd>
      </div>`,
    )}
  </dl>`;
}

/** Sounds that could not be heard, each with its reason, tried again alone or all together. */
export function Failures({ failed, onChanged }) {
  const [busy, setBusy] = useState(false);
  if (!failed.length) return null;
  const retry = async (work) => {
    setBusy(true);
    try {
      onChanged(await work());
    } catch (error) {
      sayProblem(error);
    }
    setBusy(false);
  };
  return html`<section class="work-panel" aria-label="Failed sounds">
    <div class="work-head">
      <h2>Could not be heard</h2><span class="quiet">${counted(failed.length, "sound")}</span><span class="spring"></span>
      <button
        type="button" class="button small" disabled=${busy}
        onClick=${() => retry(() => ask("api/jobs", { method: "POST", json: { kind: "retry_failed" } }))}
      >Try all again</button>
    </div>
    <ul class="job-list">
      ${failed.map(
        (each) => html`<li key=${each.id} class="job" data-state="failed">
          <div class="job-line">
            <a class="job-name" href=${formatAddress({ view: "sound", id: each.id })} title=${each.path}><strong>${fileOf(each.path) ?? each.id}</strong></a>
            <span class="spring"></span>
            <button
              type="button" class="button small" disabled=${busy || !each.path} aria-label="Try ${fileOf(each.path) ?? each.id} again"
              onClick=${() => retry(() => ask("analyze", { method: "POST", json: { file_path: each.path, force: true } }))}
            >Try again</button>
          </div>
          <p class="job-problem">${each.error?.message ?? "Nobody knows why."} <span class="quiet">${each.error?.remedy}</span></p>
        </li>`,
      )}
    </ul>
  </section>`;
}

export function System({ status, resources }) {
  const [busy, setBusy] = useState(false);
  if (!status || !resources)
    return html`<div class="ghosts"><span class="ghost"></span><span class="ghost"></span><span class="ghost"></span></div>`;
  const kept = Object.values(resources.caches).reduce((sum, each) => sum + each.n_bytes, 0);
  const cleanUp = async () => {
    setBusy(true);
    try {
      const answer = await ask("api/system/cleanup", { method: "POST" });
      say(`${bytesText(answer.freed_bytes)} freed.`);
    } catch (error) {
      sayProblem(error);
    }
    setBusy(false);
  };
  const { states } = resources.workers;
  const vectors = status.index.map((each) => `${count(each.count)} vectors${each.answers ? "" : " (cannot answer)"}`).join(", ");
  const facts = [
    [
      "Version",
      `${status.version}, since ${new Date(status.started_at).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" })}`,
    ],
    ["Library", status.database_url?.replace(/^sqlite:\/\/\//, "")],
    ["Index", vectors || "empty"],
    ["Workers", `${counted(resources.workers.workers, "worker")}: ${states.busy} busy, ${states.idle} idle`],
    ["Processor", `${resources.processor.usable} of ${resources.processor.count}, ${percent(resources.processor.busy)} busy`],
    [
      "Memory",
      `${bytesText(resources.memory.available_bytes)} free of ${bytesText(resources.memory.total_bytes)}, ${bytesText(resources.memory.program_bytes)} ours`,
    ],
    ["Disk", `${bytesText(resources.disk.free_bytes)} free of ${bytesText(resources.disk.total_bytes)}`],
    ["Kept to play and draw", bytesText(kept)],
  ];
  return html`<dl class="facts-list">
      ${facts.map(([label, value]) => html`<div key=${label}><dt>${label}</dt><dd title=${value}>${value}</dd></div>`)}
    </dl>
    ${status.warnings.map((each) => html`<p key=${each} class="warning">${each}</p>`)}
    <button type="button" class="button small" disabled=${busy} onClick=${cleanUp}>Clean up caches</button>`;
}
