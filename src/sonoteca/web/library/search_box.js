// One box for the query language: what is typed is completed by fields and values, and what cannot be read is pointed at.
import { html, useEffect, useRef, useState } from "../html.js";
import { Icon } from "../icons.js";
import { completed, completions } from "../query_text.js";

const TYPING_MS = 160;

export function SearchBox({ query, onQuery, fields, values, problem }) {
  const [text, setText] = useState(query);
  const [offers, setOffers] = useState([]);
  const [chosen, setChosen] = useState(-1);
  const input = useRef(null);
  const timer = useRef(0);
  const sent = useRef(query);

  // Facets, links and the way back change the query, too.
  useEffect(() => {
    if (query !== sent.current) {
      sent.current = query;
      setText(query);
      setOffers([]);
    }
  }, [query]);
  useEffect(() => () => clearTimeout(timer.current), []);

  const offer = (now, caret) => {
    setOffers(completions(now, caret, fields, values));
    setChosen(-1);
  };
  const send = (now, wait_ms = TYPING_MS) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      sent.current = now.trim();
      onQuery(now.trim());
    }, wait_ms);
  };
  const typed = (event) => {
    setText(event.target.value);
    offer(event.target.value, event.target.selectionStart);
    send(event.target.value);
  };
  const take = (each) => {
    const done = completed(text, each);
    setText(done.text);
    setOffers([]);
    requestAnimationFrame(() => {
      input.current.focus();
      input.current.setSelectionRange(done.caret, done.caret);
      if (each.goes_on) offer(done.text, done.caret);
    });
    if (!each.goes_on) send(done.text, 0);
  };
  const keys = (event) => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (!offers.length) return;
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      setChosen((chosen + step + offers.length + (chosen < 0 && step < 0 ? 1 : 0)) % offers.length);
    } else if ((event.key === "Enter" || event.key === "Tab") && offers[chosen]) {
      event.preventDefault();
      take(offers[chosen]);
    } else if (event.key === "Tab" && offers.length && !event.shiftKey && text) {
      event.preventDefault();
      take(offers[0]);
    } else if (event.key === "Enter") {
      setOffers([]);
      send(text, 0);
      document.querySelector("[role=grid]")?.focus();
    } else if (event.key === "Escape") {
      if (offers.length) setOffers([]);
      else if (text) {
        setText("");
        send("", 0);
      } else input.current.blur();
    }
  };

  return html`<div class="search">
    <div class="search-box" data-bad=${Boolean(problem)}>
      <${Icon} name="search" />
      <input
        ref=${input} data-search type="text" role="combobox" aria-label="Search" aria-autocomplete="list" aria-controls="offers"
        aria-expanded=${offers.length > 0} aria-activedescendant=${chosen >= 0 ? `offer-${chosen}` : undefined}
        aria-invalid=${Boolean(problem)} aria-describedby=${problem ? "query-problem" : undefined}
        placeholder="Search: words, or kind:loop bpm:120..128 key:8A~" spellcheck="false" autocomplete="off" value=${text}
        onInput=${typed} onKeyDown=${keys} onBlur=${() => setOffers([])}
        onClick=${(event) => text && offer(text, event.target.selectionStart)}
      />
      ${
        text
          ? html`<button
            type="button" class="icon-button" aria-label="Clear the search"
            onClick=${() => (setText(""), setOffers([]), send("", 0), input.current.focus())}
          ><${Icon} name="close" size=${12} /></button>`
          : html`<kbd>/</kbd>`
      }
    </div>
    <ul id="offers" class="offers" role="listbox" aria-label="Completions" hidden=${!offers.length}>
      ${offers.map(
        (each, place) => html`<li
          key=${each.label} id="offer-${place}" role="option" aria-selected=${place === chosen}
          onPointerDown=${(event) => (event.preventDefault(), take(each))}
        ><code>${each.label}</code><span>${each.hint}</span></li>`,
      )}
    </ul>
    ${problem && html`<${QueryProblem} problem=${problem} />`}
  </div>`;
}

function QueryProblem({ problem }) {
  const { position, query } = problem;
  const pointed = typeof position === "number" && query;
  const at = pointed ? Math.min(position, query.length) : 0;
  const end = pointed ? at + (/^\S*/.exec(query.slice(at))[0].length || 1) : 0;
  return html`<div class="query-problem" id="query-problem" role="alert">
    ${pointed && html`<code>${query.slice(0, at)}<mark>${query.slice(at, end) || " "}</mark>${query.slice(end)}</code>`}
    <span>${problem.message}</span> ${problem.remedy && html`<span class="quiet">${problem.remedy}</span>`}
  </div>`;
}
