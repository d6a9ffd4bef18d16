// The views of the page. `label` and `icon` put one into the navigation; `within` names the view that a sub-view belongs to.
import { LibraryView } from "./views/library.js";
import { MatchView } from "./views/match.js";
import { SoundView } from "./views/sound.js";

export const VIEWS = [
  { name: "library", label: "Library", icon: "library", View: LibraryView },
  { name: "sound", within: "library", View: SoundView },
  { name: "match", label: "Match", icon: "match", View: MatchView },
];

export const VIEW_OF = Object.fromEntries(VIEWS.map((view) => [view.name, view]));
