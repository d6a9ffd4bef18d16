// Keys that work anywhere on the page. They stand down where a key is somebody else's: in fields, menus, dialogs, on
// controls that own it, and with Ctrl, Alt or Meta.

const FIELDS = "input, textarea, select, [contenteditable], dialog, [role=dialog], [role=menu], [role=listbox]";
const OWN_SPACE = "button, a, summary, [role=button], [role=checkbox], [role=slider], [role=option], [role=tab]";

/** Whether a key event is free to be a shortcut of the page. */
export function isFree(event) {
  if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return false;
  const target = event.target instanceof Element ? event.target : null;
  if (target?.closest(FIELDS)) return false;
  return !((event.key === " " || event.key === "Enter") && target?.closest(OWN_SPACE));
}

/** Listen to keys: `keys` has a function for each `event.key`. Returns what ends it. */
export function onKeys(keys) {
  const heard = (event) => {
    const act = keys[event.key];
    if (!act || !isFree(event)) return;
    event.preventDefault();
    act(event);
  };
  document.addEventListener("keydown", heard);
  return () => document.removeEventListener("keydown", heard);
}
