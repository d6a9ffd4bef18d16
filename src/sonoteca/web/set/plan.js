// A set as it stands in the address: its order, what is locked, and the request that fills or judges it.

/** "a,b,c" -> ["a", "b", "c"]. */
export const listed = (text) => (text ?? "").split(",").filter(Boolean);

/** The request that fills a set anew: what is locked stays at its place. */
export function fillRequest({ length, curve, filter, order, locked, seed }) {
  const must = order.flatMap((id, place) => (locked.has(id) ? [`${id}@${place + 1}`] : []));
  return without({ length, curve: curve || null, filter: filter || null, must, seed: seed || null, alternatives: 3 });
}

/** The request that judges an order as it is: every place is locked. */
export const judgeRequest = ({ order, curve }) =>
  without({
    length: String(order.length),
    curve: curve || null,
    must: order.map((id, place) => `${id}@${place + 1}`),
    alternatives: 1,
    include_missing: true,
  });

const without = (request) => Object.fromEntries(Object.entries(request).filter(([, value]) => value !== null));

/** A list with what stands at `from` put to `to`. */
export function moved(list, from, to) {
  const changed = [...list];
  const [one] = changed.splice(from, 1);
  changed.splice(to, 0, one);
  return changed;
}

/** What a linter says, by the position (from 1) that it speaks of. */
export function byPosition(findings) {
  const found = new Map();
  for (const each of findings) found.set(each.position, [...(found.get(each.position) ?? []), each]);
  return found;
}

/** Levels of energy (1 to 10, or null) as points of a line in a box of 100 by 100. */
export function curvePoints(levels) {
  const step = levels.length > 1 ? 100 / (levels.length - 1) : 0;
  return levels
    .map((level, place) =>
      level === null || level === undefined ? null : `${(place * step).toFixed(2)},${(100 - (level - 1) * (100 / 9)).toFixed(2)}`,
    )
    .filter(Boolean)
    .join(" ");
}
