// One sound in a line of a list: a button that plays it, its name, and where it lies.
import { html } from "./html.js";
import { formatAddress } from "./addresses.js";
import { Icon } from "./icons.js";
import { folderOf, nameOf } from "./format.js";
import * as player from "./player.js";

/** Plays a row, or pauses it: `at_s` is where it begins, `steps` what comes before and after it. */
export function PlayButton({ row, at_s = 0, steps = null, name = nameOf(row) }) {
  const sounding = player.loaded.value?.id === row.id && ["playing", "loading"].includes(player.status.value);
  return html`<button
    type="button" class="row-play" aria-label="${sounding ? "Pause" : "Play"} ${name}" data-on=${sounding}
    onClick=${(event) => (event.stopPropagation(), player.toggle(row, { at_s, steps }))}
  ><${Icon} name=${sounding ? "pause" : "play"} size=${14} /></button>`;
}

/** The name of a sound, which opens it, and the folders that it lies in. */
export function SoundName({ row }) {
  return html`<a class="name sound-name" href=${formatAddress({ view: "sound", id: row.id })} title=${row.path}>
    <strong>${nameOf(row)}</strong><small>${row.artist ?? folderOf(row.path)}</small>
  </a>`;
}
