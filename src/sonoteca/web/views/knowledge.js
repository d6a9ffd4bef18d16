// Advice: a question in words, and what the knowledge base says to it.
import { html, useEffect, useMemo, useState } from "../html.js";
import { ask, onlyLatest } from "../api.js";
import { formatAddress } from "../addresses.js";
import { go, spoken } from "../state.js";
import { Icon } from "../icons.js";
import { counted, percent } from "../format.js";
import { ProblemBox } from "../problem_box.js";
import { markedIn, parametersOf } from "../knowledge/entry_text.js";

const MOST = 20;
const TYPING_MS = 200;
const QUESTIONS = [
  "vocals sound muddy",
  "kick and bass fight",
  "how loud for streaming",
  "make a break swing",
  "less wind in a field recording",
];

/** `#/knowledge?q=WORDS`. */
export function KnowledgeView({ params }) {
  const question = params.q ?? "";
  const [answer, setAnswer] = useState(null);
  const [problem, setProblem] = useState(null);
  const asking = useMemo(onlyLatest, []);
  const look = async () => {
    try {
      const found = await asking((signal) => ask("api/knowledge/search", { params: { q: question, k: MOST }, signal }));
      if (!found) return;
      setAnswer(found);
      setProblem(null);
      spoken.value = counted(found.results.length, "piece of advice", "pieces of advice");
    } catch (error) {
      setProblem(error);
    }
  };
  useEffect(() => {
    if (!question.trim()) {
      asking.stop();
      setAnswer(null);
      setProblem(null);
      return undefined;
    }
    const timer = setTimeout(look, answer ? TYPING_MS : 0);
    return () => clearTimeout(timer);
  }, [question]);
  useEffect(() => asking.stop, []);

  const set = (q) => go({ view: "knowledge", params: q ? { q } : {} }, { replace: true });
  return html`<div class="knowledge">
    <h1>What does one do?</h1>
    <div class="search-box" role="search">
      <${Icon} name="search" />
      <input
        type="text" data-search value=${question} aria-label="Question" placeholder="Ask in words: vocals sound muddy" autocomplete="off"
        onInput=${(event) => set(event.target.value)}
      />
    </div>
    ${problem && html`<${ProblemBox} problem=${problem} onAgain=${look} />`}
    ${!question.trim() && html`<${Examples} />`}
    ${question.trim() && !answer && !problem && html`<div class="entry card" aria-busy="true"><span class="ghost"></span><span class="ghost"></span></div>`}
    ${answer && !problem && !answer.results.length && html`<p class="quiet">${answer.query.notes[0] ?? "Nothing is known about that."} Other words may find some.</p>`}
    ${answer && !problem && html`<ol class="entries">${answer.results.map((entry) => html`<${Entry} key=${entry.id} entry=${entry} />`)}</ol>`}
  </div>`;
}

function Examples() {
  return html`<div class="examples">
    <p class="quiet">Advice about harmony, rhythm, mixing, loudness, sampling, transitions and recording, each with numbers. For example:</p>
    <ul class="roles">${QUESTIONS.map((q) => html`<li key=${q}><a class="chip" href=${formatAddress({ view: "knowledge", params: { q } })}>${q}</a></li>`)}</ul>
  </div>`;
}

function Entry({ entry }) {
  const { title, description, parameters } = entry.suggestion;
  const hits = entry.highlights;
  return html`<li class="entry card">
    <header>
      <h2><${Marked} text=${title} hits=${hits} /></h2>
      <span class="quiet">${[entry.topic, entry.category]
        .filter(Boolean)
        .map((each) => each.replaceAll("_", " "))
        .join(" · ")}</span>
    </header>
    <p><${Marked} text=${description} hits=${hits} /></p>
    ${parameters && html`<dl class="parameters">${parametersOf(parameters).map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`}
    <footer class="quiet">
      ${entry.confidence !== null && html`<span>${percent(entry.confidence)} sure</span>`}
      ${entry.source && html`<span>${entry.source}</span>`}
      ${entry.about && html`<a href=${formatAddress({ view: "library", params: { q: entry.about } })}>Sounds it speaks of</a>`}
    </footer>
  </li>`;
}

function Marked({ text, hits }) {
  return markedIn(text, hits).map((piece, place) =>
    piece.isMarked ? html`<mark key=${place}>${piece.text}</mark>` : piece.text,
  );
}
