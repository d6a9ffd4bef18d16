// Work: files on their way into the library, jobs as they happen, what failed and why, and how the machine is.
import { html, useEffect, useRef, useState } from "../html.js";
import { ask, hear } from "../api.js";
import { go } from "../state.js";
import { counted } from "../format.js";
import { ProblemBox } from "../problem_box.js";
import { UploadList } from "../work/upload_list.js";
import { JobList } from "../work/job_list.js";
import { Counts, Failures, System } from "../work/library_state.js";
import { jobChanged, openJobs } from "../work/uploads.js";
import { withJob } from "../work/job_words.js";

const MOST_JOBS = 60;
const MOST_FAILED = 20;
const REFRESH_MS = 1200;
const SYSTEM_MS = 15_000;
const STATES = ["queued", "running", "done", "failed", "cancelled"];

/** `#/work?state=failed` shows the jobs of one state. */
export function WorkView({ params }) {
  const { state = "" } = params;
  const [jobs, setJobs] = useState(null);
  const [counts, setCounts] = useState({});
  const [audit, setAudit] = useState(null);
  const [failed, setFailed] = useState([]);
  const [system, setSystem] = useState({});
  const [problem, setProblem] = useState(null);
  const own = useRef({ timer: 0, isLeft: false, state });
  own.current.state = state;

  const askJobs = async () => {
    try {
      const answer = await ask("api/jobs", { params: { limit: MOST_JOBS, states: own.current.state } });
      if (own.current.isLeft) return;
      setProblem(null);
      setJobs((now) =>
        answer.results.reduce(
          (all, job) => withJob(all, job, MOST_JOBS),
          (now ?? []).filter((job) => isShown(job)),
        ),
      );
      setCounts(answer.counts);
      answer.results.forEach(jobChanged);
      // What was on its way before the stream was lost may have ended beyond this page.
      const lost = openJobs().filter((id) => !answer.results.some((job) => job.id === id));
      for (const id of lost.slice(0, MOST_JOBS)) jobChanged(await ask(`api/jobs/${id}`));
    } catch (error) {
      if (!own.current.isLeft) setProblem(error);
    }
  };
  const askLibrary = async () => {
    try {
      const told = await ask("api/audit");
      if (own.current.isLeft) return;
      setAudit(told);
      if (!told.failed) return setFailed([]);
      const rows = (await ask("database/files", { params: { status: "failed", limit: MOST_FAILED, fields: "id,path" } })).results;
      const whole = await Promise.all(rows.map((row) => ask(`api/sounds/${row.id}`).catch(() => row)));
      if (!own.current.isLeft) setFailed(whole.map((each, place) => ({ ...each, ...rows[place] })));
    } catch (error) {
      if (!own.current.isLeft) setProblem(error);
    }
  };
  const askSystem = async () => {
    try {
      const [status, resources] = await Promise.all([ask("status"), ask("api/system/resources")]);
      if (!own.current.isLeft) setSystem({ status, resources });
    } catch {
      // The frame of the page says when the server does not answer.
    }
  };
  const isShown = (job) => !own.current.state || job.state === own.current.state;
  const changed = (job) => {
    jobChanged(job);
    setJobs((now) => withJob(now ?? [], job, MOST_JOBS).filter(isShown));
    own.current.timer ||= setTimeout(() => {
      own.current.timer = 0;
      void askJobs();
      void askLibrary();
    }, REFRESH_MS);
  };

  useEffect(() => {
    setJobs(null);
    void askJobs();
  }, [state]);
  useEffect(() => {
    void askLibrary();
    void askSystem();
    const timer = setInterval(() => document.visibilityState === "visible" && void askSystem(), SYSTEM_MS);
    let opened = 0;
    const ended = hear("api/jobs/events", {
      on: { job: changed },
      // What happened while nobody listened is asked for.
      opened: () => opened++ && (void askJobs(), void askLibrary()),
    });
    return () => {
      own.current.isLeft = true;
      clearInterval(timer);
      clearTimeout(own.current.timer);
      ended();
    };
  }, []);

  return html`<div class="work">
    <h1 class="hidden">Work</h1>
    <${Counts} audit=${audit} />
    <div class="work-columns">
      <div class="work-column">
        <${UploadList} />
        <${Failures} failed=${failed} onChanged=${changed} />
      </div>
      <div class="work-column">
        <section class="work-panel" aria-label="Jobs">
          <div class="work-head">
            <h2>Jobs</h2>
            <span class="spring"></span>
            <div class="roles" role="group" aria-label="Which jobs">
              <button type="button" class="chip" aria-pressed=${!state} onClick=${() => go({ view: "work" }, { replace: true })}>all</button>
              ${STATES.filter((each) => counts[each] || each === state).map(
                (each) => html`<button
                  key=${each} type="button" class="chip" aria-pressed=${state === each} onClick=${() => go({ view: "work", params: { state: each } }, { replace: true })}
                >${counts[each] ?? 0} ${each}</button>`,
              )}
            </div>
          </div>
          ${
            problem
              ? html`<${ProblemBox} problem=${problem} onAgain=${() => (void askJobs(), void askLibrary())} />`
              : jobs === null
                ? html`<div class="ghosts" aria-label="Jobs are asked for"><span class="ghost"></span><span class="ghost"></span></div>`
                : html`<${JobList} jobs=${jobs} onChanged=${changed} />
                  ${jobs.length === MOST_JOBS && html`<p class="quiet">The last ${counted(MOST_JOBS, "job")} are shown.</p>`}`
          }
        </section>
        <section class="work-panel" aria-label="System">
          <div class="work-head"><h2>System</h2></div>
          <${System} ...${system} />
        </section>
      </div>
    </div>
  </div>`;
}
