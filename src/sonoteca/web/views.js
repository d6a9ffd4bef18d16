// The views of the page. `label` and `icon` put one into the navigation; `within` names the view that a sub-view belongs to.
import { ArrangeView } from "./views/arrange.js";
import { KnowledgeView } from "./views/knowledge.js";
import { LibraryView } from "./views/library.js";
import { MapView } from "./views/map.js";
import { MatchView } from "./views/match.js";
import { SetView } from "./views/set.js";
import { SoundView } from "./views/sound.js";
import { WorkView } from "./views/work.js";

export const VIEWS = [
  { name: "library", label: "Library", icon: "library", View: LibraryView },
  { name: "sound", within: "library", View: SoundView },
  { name: "match", label: "Match", icon: "match", View: MatchView },
  { name: "set", label: "Set", icon: "set", View: SetView },
  { name: "arrange", label: "Arrange", icon: "arrange", View: ArrangeView },
  { name: "map", label: "Map", icon: "map", View: MapView },
  { name: "knowledge", label: "Knowledge", icon: "knowledge", View: KnowledgeView },
  { name: "work", label: "Work", icon: "work", View: WorkView },
];

export const VIEW_OF = Object.fromEntries(VIEWS.map((view) => [view.name, view]));
