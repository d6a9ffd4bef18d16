// Jobs as they happen: what each does, how far it is, why it failed; cancelled and tried again.
import { html } from "../html.js";
import { ask } from "../api.js";
import { day } from "../format.js";
import { sayProblem } from "../state.js";
import { aboutText, kindText, progressText, shareOf } from "./job_words.js";

export function JobList({ jobs, onChanged }) {
  if (!jobs.length)
    return html`<p class="quiet work-none">Nothing was asked for yet. What is uploaded, tried again or rebuilt shows here while it is done.</p>`;
  return html`<ul class="job-list">${jobs.map((job) => html`<${Job} key=${job.id} job=${job} onChanged=${onChanged} />`)}</ul>`;
}

function Job({ job, onChanged }) {
  const share = shareOf(job);
  const isOpen = job.state === "queued" || job.state === "running";
  const act = (path, method) => async () => {
    try {
      onChanged(await ask(path, { method }));
    } catch (error) {
      sayProblem(error);
    }
  };
  const about = aboutText(job);
  const failed = (job.result?.files ?? []).filter((each) => each.state === "failed");
  return html`<li class="job" data-state=${job.state}>
    <div class="job-line">
      <span class="job-state">${job.cancel_asked && isOpen ? "stopping" : job.state}</span>
      <span class="job-name"><strong>${kindText(job.kind)}</strong> <span class="quiet">${about}</span></span>
      <span class="quiet job-progress">${progressText(job)}</span>
      <span class="quiet" title=${job.created_at}>${timeOf(job.created_at)}</span>
      ${
        isOpen &&
        html`<button
        type="button" class="button small" disabled=${job.cancel_asked} aria-label="Cancel ${kindText(job.kind)} ${about}"
        onClick=${act(`api/jobs/${job.id}`, "DELETE")}
      >Cancel</button>`
      }
      ${
        ["failed", "cancelled"].includes(job.state) &&
        html`<button
        type="button" class="button small" aria-label="Try again: ${kindText(job.kind)} ${about}" onClick=${act(`api/jobs/${job.id}/retry`, "POST")}
      >Try again</button>`
      }
    </div>
    ${
      isOpen &&
      html`<span
      class="work-bar" data-waits=${share === null} role="progressbar" aria-label="${kindText(job.kind)} ${about}" aria-valuemin="0" aria-valuemax="100"
      aria-valuenow=${share === null ? undefined : Math.round(share * 100)}
    ><span style=${{ width: `${(share ?? 0) * 100}%` }}></span></span>`
    }
    ${job.error && html`<p class="job-problem">${job.error.message} <span class="quiet">${job.error.remedy}</span></p>`}
    ${failed.map((each) => html`<p key=${each.path} class="job-problem">${each.path}: ${each.error?.message ?? "failed"} <span class="quiet">${each.error?.remedy}</span></p>`)}
  </li>`;
}

/** Today the hour, else the day. */
function timeOf(text) {
  const then = new Date(text);
  if (then.toDateString() !== new Date().toDateString()) return day(text);
  return then.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}
