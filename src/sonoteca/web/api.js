// The one module that speaks to the server. Addresses are relative to where the page stands (`<base>/ui/`), so that a proxy may
// mount all of it below any path.

const ROOT = new URL("../", document.baseURI.split("#")[0]);

/** Where the server answers a path, with parameters; null, undefined and empty ones are left out. */
export function urlOf(path, params = {}) {
  const url = new URL(path.replace(/^\//, ""), ROOT);
  for (const [name, value] of Object.entries(params)) {
    if (value !== null && value !== undefined && value !== "") url.searchParams.set(name, String(value));
  }
  return url.href;
}

/** What the server says went wrong: a sentence, and what helps. */
export class Problem extends Error {
  constructor({ status, code, detail, remedy = null, field = null, position = null, query = null, candidates = null }) {
    super(detail);
    Object.assign(this, { name: "Problem", status, code, remedy, field, position, query, candidates });
  }
}

const UNREACHABLE = {
  status: 0,
  code: "unreachable",
  detail: "The server does not answer.",
  remedy: "See whether `sonoteca serve` still runs; this page goes on when it does.",
};

const listeners = new Set();

/** Call `heard` with each problem that concerns the whole page: no key, or no server; with null once there is an answer again. */
export function onPageProblem(heard) {
  listeners.add(heard);
  return () => listeners.delete(heard);
}

/** Ask the server. The answer is its JSON; what goes wrong is a Problem, except an abort, which stays one. */
export async function ask(path, { params, method = "GET", json, form, signal, headers = {} } = {}) {
  const response = await reach(urlOf(path, params), {
    method,
    signal,
    headers: { Accept: "application/json", ...(json === undefined ? {} : { "Content-Type": "application/json" }), ...headers },
    body: json === undefined ? form : JSON.stringify(json),
  });
  return response.status === 204 ? null : response.json();
}

/** Ask the server for bytes. */
export async function askBytes(path, { params, method = "GET", form, signal } = {}) {
  const response = await reach(urlOf(path, params), { method, body: form, signal });
  return response.arrayBuffer();
}

/** Send a form, and hear how much of it went out (0 to 1): what `fetch` does not tell. */
export function send(path, { params, form, onProgress = () => {} }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", urlOf(path, params));
    request.setRequestHeader("Accept", "application/json");
    request.upload.addEventListener("progress", (event) => event.lengthComputable && onProgress(event.loaded / event.total));
    request.addEventListener("error", () => reject(told(new Problem(UNREACHABLE))));
    request.addEventListener("load", async () => {
      const answer = new Response(request.responseText, {
        status: request.status,
        headers: { "content-type": request.getResponseHeader("content-type") ?? "" },
      });
      if (answer.ok) resolve(answer.json());
      else reject(told(await problemOf(answer)));
    });
    request.send(form);
  });
}

async function reach(url, options) {
  let response;
  try {
    response = await fetch(url, { credentials: "same-origin", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw told(new Problem(UNREACHABLE));
  }
  answered();
  if (response.ok) return response;
  throw told(await problemOf(response));
}

async function problemOf(response) {
  const isProblem = (response.headers.get("content-type") ?? "").startsWith("application/problem+json");
  const said = isProblem ? await response.json() : {};
  const detail = said.detail ?? `The server answered ${response.status} without saying why.`;
  return new Problem({ code: "unknown", ...said, detail, status: response.status });
}

let isLost = false;

function answered() {
  if (!isLost) return;
  isLost = false;
  listeners.forEach((heard) => heard(null));
}

function told(problem) {
  if (problem.status === 0) isLost = true;
  if (problem.status === 401 || problem.status === 0) listeners.forEach((heard) => heard(problem));
  return problem;
}

export const isAbort = (error) => error?.name === "AbortError";

/**
 * A way of asking in which only the latest question counts: each aborts the one before, and what comes of an earlier one
 * is null, however late it comes.
 */
export function onlyLatest() {
  let number = 0;
  let controller = null;
  const asking = async (work) => {
    controller?.abort();
    const mine = (controller = new AbortController());
    const own = ++number;
    try {
      const answer = await work(mine.signal);
      return own === number ? answer : null;
    } catch (error) {
      if (own !== number || isAbort(error)) return null;
      throw error;
    }
  };
  asking.stop = () => {
    number += 1;
    controller?.abort();
  };
  return asking;
}

// So soon a stream that broke is opened again; later and later while that fails.
const REOPEN_MS = 500;
const REOPEN_MOST_MS = 4000;
const WATCH_MS = 2000;
const SLEPT_MS = 8000;

/**
 * Hear the server's events. `on` has a function for each kind of event; `opened` is called whenever the stream begins anew,
 * to ask for what may have been missed. After sleep, loss of the net and errors it opens again. Returns what ends it.
 */
export function hear(path, { on, opened = () => {} }) {
  let source = null;
  let waiting = null;
  let lastTick = Date.now();
  let pause_ms = REOPEN_MS;
  const open = () => {
    clearTimeout(waiting);
    source?.close();
    source = new EventSource(urlOf(path), { withCredentials: false });
    source.addEventListener("open", () => {
      pause_ms = REOPEN_MS;
      answered();
      opened();
    });
    source.addEventListener("error", () => {
      source.close();
      clearTimeout(waiting);
      waiting = setTimeout(open, pause_ms);
      pause_ms = Math.min(REOPEN_MOST_MS, pause_ms * 2);
    });
    for (const [name, heard] of Object.entries(on)) {
      source.addEventListener(name, (event) => heard(JSON.parse(event.data)));
    }
  };
  const watch = setInterval(() => {
    const now = Date.now();
    if (now - lastTick > SLEPT_MS) open();
    lastTick = now;
  }, WATCH_MS);
  const woke = () => open();
  addEventListener("online", woke);
  const restored = (event) => event.persisted && open();
  addEventListener("pageshow", restored);
  open();
  return () => {
    clearInterval(watch);
    clearTimeout(waiting);
    source?.close();
    removeEventListener("online", woke);
    removeEventListener("pageshow", restored);
  };
}

/** The version of the page that the server has now: what the page itself was made of may be older. */
export async function pageVersion() {
  const response = await fetch(document.baseURI.split("#")[0], { method: "HEAD", cache: "no-store" });
  return response.headers.get("etag")?.replaceAll('"', "") ?? null;
}

export const OWN_VERSION = new URL(".", import.meta.url).pathname.split("/").at(-2);
