// The views of the page. `label` and `icon` put one into the navigation; `within` names the view that a sub-view belongs to.
import { LibraryView } from "./views/library.js";

export const VIEWS = [{ name: "library", label: "Library", icon: "library", View: LibraryView }];

export const VIEW_OF = Object.fromEntries(VIEWS.map((view) => [view.name, view]));
