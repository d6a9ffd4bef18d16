// Pure functions of what an entry says: where the question's words stand in it, and its numbers as text.

/** The text in pieces `{ text, isMarked }`; `hits` are the answer's highlights, whose marks count characters of their own text. */
export function markedIn(text, hits) {
  const letters = [...text];
  const isMarked = new Array(letters.length).fill(false);
  for (const hit of hits) {
    const at = text.indexOf(hit.text);
    if (at < 0) continue;
    const before = [...text.slice(0, at)].length;
    for (const [start, end] of hit.marks) isMarked.fill(true, before + start, before + end);
  }
  const pieces = [];
  letters.forEach((letter, place) => {
    if (pieces.at(-1)?.isMarked === isMarked[place]) pieces.at(-1).text += letter;
    else pieces.push({ text: letter, isMarked: isMarked[place] });
  });
  return pieces;
}

/** `{ cut_db: [2, 4] }` -> `[["cut db", "2, 4"]]`. */
export const parametersOf = (parameters) =>
  Object.entries(parameters).map(([name, value]) => [
    name.replaceAll("_", " "),
    value !== null && typeof value === "object" ? Object.values(value).join(", ") : String(value),
  ]);
