// What the whole page shares: where it is, what a person chose, what is to be said to them. Views keep the rest to themselves.
import { signal } from "./html.js";
import { formatAddress, parseAddress } from "./addresses.js";

/** Where the page is. */
export const address = signal(parseAddress(location.hash));

/** What a view left when it was left by going on: the same is given back when a person comes back. */
export const kept = () => history.state?.kept ?? null;

/** Keep something of a view with its place in the history (a scroll position); it survives a reload. */
export function keep(value) {
  history.replaceState({ ...history.state, kept: value }, "");
}

/** Go to an address. `replace` stays at the same place of the history, for what changes while somebody types. */
export function go(to, { replace = false } = {}) {
  const hash = formatAddress(to);
  if (hash === formatAddress(address.peek())) return;
  if (replace) history.replaceState(history.state, "", hash);
  else history.pushState({ inside: true }, "", hash);
  address.value = parseAddress(hash);
}

/** Back to where a person came from within the page; who opened an address from elsewhere goes to `otherwise`. */
export function goBack(otherwise) {
  if (history.state?.inside) history.back();
  else go(otherwise);
}

// A link of the page is a step inside it, too.
document.addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest('a[href^="#/"]') : null;
  if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  go(parseAddress(link.getAttribute("href")));
});

addEventListener("popstate", () => (address.value = parseAddress(location.hash)));
addEventListener("hashchange", () => {
  const now = parseAddress(location.hash);
  if (formatAddress(now) !== formatAddress(address.peek())) address.value = now;
});

/** A value that a person chose and this browser remembers; storage may be refused, then it lasts as long as the page. */
export function remembered(name, fallback) {
  const key = `sonoteca.${name}`;
  let first = fallback;
  try {
    first = JSON.parse(localStorage.getItem(key)) ?? fallback;
  } catch {
    // What cannot be read is as if nothing had been chosen.
  }
  const value = signal(first);
  value.subscribe((now) => {
    try {
      if (now !== fallback || localStorage.getItem(key) !== null) localStorage.setItem(key, JSON.stringify(now));
    } catch {
      // See above.
    }
  });
  return value;
}

const chosenTheme = remembered("theme", null);

/** "dark" or "light", as it is shown. */
export const theme = signal(document.documentElement.dataset.theme ?? "dark");

export function setTheme(name) {
  chosenTheme.value = name;
  document.documentElement.dataset.theme = theme.value = name;
}

/** What is said to the person and goes away: `{ id, text, tone, action }`. */
export const notices = signal([]);
let lastNotice = 0;

export function say(text, { tone = "good", action = null, lasts_ms = 6000 } = {}) {
  const id = ++lastNotice;
  notices.value = [...notices.value.slice(-2), { id, text, tone, action }];
  setTimeout(() => unsay(id), lasts_ms);
}

export function unsay(id) {
  notices.value = notices.value.filter((each) => each.id !== id);
}

export function sayProblem(problem) {
  say([problem.message, problem.remedy].filter(Boolean).join(" "), { tone: "bad", lasts_ms: 12000 });
}

/** What is read out to who cannot see it change. */
export const spoken = signal("");
