// Files that are dropped on the page: folders are walked whole, and what falls anywhere never replaces the page.

const hasFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");

/** Keep the browser from opening a file that falls where nobody takes it. */
export function keepPage() {
  const refuse = (event) => hasFiles(event) && event.preventDefault();
  addEventListener("dragover", refuse);
  addEventListener("drop", refuse);
}

/**
 * Hear of files that are dropped anywhere on the page: `onOver(true)` while they are above it, `onFiles` with what fell. Of a
 * folder all files come, with `path` below it; one that cannot be read comes with `error`. Returns what ends it.
 */
export function onDrop({ onOver, onFiles }) {
  // `relatedTarget` is null when what is dragged leaves the window.
  const over = (event) => hasFiles(event) && (event.preventDefault(), onOver(true));
  const left = (event) => event.relatedTarget === null && onOver(false);
  const dropped = (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    onOver(false);
    // What was dropped can be asked for only now, before anything is waited for.
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.() ?? null);
    const plain = [...event.dataTransfer.files].map((file) => ({ path: file.name, file }));
    if (entries.some((entry) => entry?.isDirectory)) void filesOf(entries.filter(Boolean)).then(onFiles);
    else onFiles(plain);
  };
  addEventListener("dragover", over);
  addEventListener("dragleave", left);
  addEventListener("drop", dropped);
  return () => {
    removeEventListener("dragover", over);
    removeEventListener("dragleave", left);
    removeEventListener("drop", dropped);
  };
}

/** Whether a path is of what systems hide: `.DS_Store`, or anything in `.git`. */
export const isHidden = (path) => path.split("/").some((part) => part.startsWith("."));

/** All files below entries of a drop, in the order of their paths: `{ path, file }`, or `{ path, error }`. */
export async function filesOf(entries) {
  const found = [];
  const waiting = entries.map((entry) => ({ entry, path: entry.name }));
  while (waiting.length) {
    const { entry, path } = waiting.pop();
    if (isHidden(entry.name)) continue;
    try {
      if (entry.isDirectory) {
        for (const each of await allIn(entry)) waiting.push({ entry: each, path: `${path}/${each.name}` });
      } else {
        found.push({ path, file: await new Promise((resolve, reject) => entry.file(resolve, reject)) });
      }
    } catch (error) {
      found.push({ path, error });
    }
  }
  return found.sort((one, other) => (one.path < other.path ? -1 : 1));
}

/** What a folder holds: a browser gives a hundred at a time, until it gives none. */
async function allIn(folder) {
  const reader = folder.createReader();
  const all = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return all;
    all.push(...some);
  }
}
