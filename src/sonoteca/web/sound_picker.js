// A field that finds one sound of the library by words or by a query, and hands it on.
import { html, useEffect, useRef, useState } from "./html.js";
import { ask, onlyLatest } from "./api.js";
import { Icon } from "./icons.js";
import { KeyMark, KindMark } from "./marks.js";
import { bpm, nameOf } from "./format.js";

const TYPING_MS = 160;
const MOST = 8;
const FIELDS = "id,title,artist,path,kind,role,bpm,key,camelot,duration_s";

let lastPicker = 0;

/** `within` is a query that every offered sound satisfies. */
export function SoundPicker({ label, placeholder = "Search the library", within = "", onPick }) {
  const [text, setText] = useState("");
  const [offers, setOffers] = useState([]);
  const [chosen, setChosen] = useState(-1);
  const [problem, setProblem] = useState(null);
  const own = useRef(null);
  own.current ??= { id: ++lastPicker, asking: onlyLatest(), timer: 0 };
  const { id, asking } = own.current;
  useEffect(
    () => () => {
      clearTimeout(own.current.timer);
      asking.stop();
    },
    [],
  );
  const look = async (words) => {
    const query = [within, words && (within ? `(${words})` : words)].filter(Boolean).join(" ");
    try {
      const answer = await asking((signal) => ask("database/files", { params: { query, limit: MOST, fields: FIELDS }, signal }));
      if (!answer) return;
      setProblem(null);
      setOffers(answer.results);
      setChosen(-1);
    } catch (error) {
      setOffers([]);
      setProblem(error);
    }
  };
  const typed = (event) => {
    setText(event.target.value);
    clearTimeout(own.current.timer);
    own.current.timer = setTimeout(() => void look(event.target.value.trim()), TYPING_MS);
  };
  const take = (row) => {
    setText("");
    setOffers([]);
    onPick(row);
  };
  const keys = (event) => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!offers.length) return void look(text.trim());
      const step = event.key === "ArrowDown" ? 1 : -1;
      setChosen((chosen + step + offers.length + (chosen < 0 && step < 0 ? 1 : 0)) % offers.length);
    } else if (event.key === "Enter" && (offers[chosen] ?? offers[0])) {
      event.preventDefault();
      take(offers[chosen] ?? offers[0]);
    } else if (event.key === "Escape" && offers.length) {
      event.preventDefault();
      event.stopPropagation();
      setOffers([]);
    }
  };
  const close = () => {
    clearTimeout(own.current.timer);
    asking.stop();
    setOffers([]);
  };
  return html`<div class="picker">
    <div class="picker-box">
      <${Icon} name="search" size=${14} />
      <input
        type="text" role="combobox" aria-label=${label} aria-autocomplete="list" aria-controls="picker-${id}" aria-expanded=${offers.length > 0}
        aria-activedescendant=${chosen >= 0 ? `picker-${id}-${chosen}` : undefined} placeholder=${placeholder} spellcheck="false"
        autocomplete="off" value=${text} onInput=${typed} onKeyDown=${keys} onBlur=${close} onFocus=${() => void look(text.trim())}
      />
    </div>
    <ul id="picker-${id}" class="picker-offers" role="listbox" aria-label=${label} hidden=${!offers.length}>
      ${offers.map(
        (row, place) => html`<li
          key=${row.id} id="picker-${id}-${place}" role="option" aria-selected=${place === chosen}
          onPointerDown=${(event) => (event.preventDefault(), take(row))}
        >
          <strong>${nameOf(row)}</strong>
          <span><${KindMark} kind=${row.kind} /></span>
          <span class="quiet">${row.bpm ? `${bpm(row.bpm)} bpm` : ""}</span>
          <span>${row.camelot && html`<${KeyMark} camelot=${row.camelot} name=${row.key} />`}</span>
        </li>`,
      )}
    </ul>
    ${problem && html`<p class="problem" role="alert">${problem.message} ${problem.remedy ?? ""}</p>`}
  </div>`;
}
