// The page: its frame, and the view that the address names.
import { html, render, useEffect, signal } from "./html.js";
import { OWN_VERSION, onPageProblem, pageVersion } from "./api.js";
import { address, go, notices, setTheme, spoken, theme, unsay } from "./state.js";
import { formatAddress } from "./addresses.js";
import { Icon } from "./icons.js";
import { PlayerBar } from "./player_bar.js";
import { KeyDialog, keyIsNeeded } from "./session.js";
import { keepPage } from "./file_drop.js";
import { onKeys } from "./shortcuts.js";
import * as player from "./player.js";
import { VIEWS, VIEW_OF } from "./views.js";

const unreachable = signal(false);
const outdated = signal(false);

onPageProblem((problem) => {
  unreachable.value = problem?.status === 0;
  if (problem?.status === 401) keyIsNeeded.value = true;
});

keepPage();

async function lookForUpdate() {
  try {
    const now = await pageVersion();
    unreachable.value = false;
    outdated.value = now !== null && now !== OWN_VERSION;
    if (outdated.value) spoken.value = "Sonoteca was updated: load the page again.";
  } catch {
    unreachable.value = true;
  }
}

function Navigation() {
  const here = address.value.view;
  return html`<header class="masthead">
    <a class="brand" href=${formatAddress({ view: "library" })}>
      <span class="brand-mark"><${Icon} name="wave" size=${18} /></span>Sonoteca
    </a>
    <nav aria-label="Views">
      ${VIEWS.filter((view) => view.label).map(
        (view) => html`<a
          key=${view.name} class="nav-link" href=${formatAddress({ view: view.name })}
          aria-current=${VIEW_OF[here]?.within === view.name || here === view.name ? "page" : undefined}
        ><${Icon} name=${view.icon} />${view.label}</a>`,
      )}
    </nav>
    <div class="masthead-end">
      <button
        class="icon-button" type="button" onClick=${() => setTheme(theme.value === "dark" ? "light" : "dark")}
        aria-label=${theme.value === "dark" ? "Light theme" : "Dark theme"}
        title=${theme.value === "dark" ? "Light theme" : "Dark theme"}
      ><${Icon} name=${theme.value === "dark" ? "sun" : "moon"} /></button>
    </div>
  </header>`;
}

function Banners() {
  if (unreachable.value) {
    return html`<div class="banner bad" role="alert">
      The server does not answer. See whether <code>sonoteca serve</code> still runs.
      <button class="button small" type="button" onClick=${lookForUpdate}>Try again</button>
    </div>`;
  }
  if (outdated.value) {
    return html`<div class="banner">
      Sonoteca was updated.
      <button class="button small" type="button" onClick=${() => location.reload()}>Load the page again</button>
    </div>`;
  }
  return null;
}

/** The one place that is read out when it changes: what is said to everybody, and what only who cannot see it needs. */
function Notices() {
  return html`<div class="notices" role="status" aria-live="polite" aria-atomic="false">
    <span class="hidden">${spoken.value}</span>
    ${notices.value.map(
      (each) => html`<div key=${each.id} class="notice ${each.tone}">
        <span>${each.text}</span>
        ${
          each.action &&
          html`<button
          class="button small" type="button" onClick=${() => (unsay(each.id), each.action.act())}
        >${each.action.label}</button>`
        }
        <button class="icon-button" type="button" aria-label="Dismiss" onClick=${() => unsay(each.id)}>
          <${Icon} name="close" size=${12} />
        </button>
      </div>`,
    )}
  </div>`;
}

function Page() {
  useEffect(() => {
    const ended = onKeys({
      " ": () => player.toggle(),
      "/": () => (document.querySelector("[data-search]") ?? { focus: () => go({ view: "library" }) }).focus(),
    });
    const timer = setInterval(lookForUpdate, 60_000);
    const seen = () => document.visibilityState === "visible" && void lookForUpdate();
    document.addEventListener("visibilitychange", seen);
    return () => {
      ended();
      clearInterval(timer);
      document.removeEventListener("visibilitychange", seen);
    };
  }, []);
  const { view, id, params } = address.value;
  const shown = VIEW_OF[view];
  useEffect(() => {
    document.title = shown?.label ? `${shown.label} – Sonoteca` : "Sonoteca";
  }, [view]);
  return html`
    <a class="skip" href="#main" onClick=${(event) => (event.preventDefault(), document.getElementById("main").focus())}>
      Skip to content
    </a>
    <${Navigation} />
    <${Banners} />
    <main id="main" tabindex="-1">
      ${shown ? html`<${shown.View} key=${view} id=${id} params=${params} />` : html`<${Nowhere} name=${view} />`}
    </main>
    <${PlayerBar} />
    <${Notices} />
    <${KeyDialog} />
  `;
}

function Nowhere({ name }) {
  return html`<div class="empty">
    <h1>There is no view ${name}</h1>
    <p>The address may come from another version of Sonoteca.</p>
    <a class="button" href=${formatAddress({ view: "library" })}>Go to the library</a>
  </div>`;
}

render(html`<${Page} />`, document.getElementById("page"));
