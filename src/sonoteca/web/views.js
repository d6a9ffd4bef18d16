// The views of the page. `label` and `icon` put one into the navigation; `within` names the view that a sub-view belongs to.
import { LibraryView } from "./views/library.js";
import { SoundView } from "./views/sound.js";

export const VIEWS = [
  { name: "library", label: "Library", icon: "library", View: LibraryView },
  { name: "sound", within: "library", View: SoundView },
];

export const VIEW_OF = Object.fromEntries(VIEWS.map((view) => [view.name, view]));
