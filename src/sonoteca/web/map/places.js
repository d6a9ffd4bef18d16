// The places of a map as arrays of numbers: colours, what is lit, who is near a point, who lies in a lasso. Nothing is drawn here.

const CELLS = 96;
const NOT_KNOWN = 0;

/** Rows with `x` and `y` (0 to 1, y upwards) as arrays, and a grid over them, so that a neighbour is found among a few. */
export function placesOf(rows) {
  const n = rows.length;
  const [x, y] = [new Float32Array(n), new Float32Array(n)];
  const cells = new Int32Array(n);
  const begins = new Int32Array(CELLS * CELLS + 1);
  for (let i = 0; i < n; i++) {
    x[i] = rows[i].x;
    y[i] = 1 - rows[i].y;
    cells[i] = cellOf(x[i]) + CELLS * cellOf(y[i]);
    begins[cells[i] + 1] += 1;
  }
  for (let cell = 0; cell < CELLS * CELLS; cell++) begins[cell + 1] += begins[cell];
  const inCells = new Int32Array(n);
  const next = begins.slice(0, -1);
  for (let i = 0; i < n; i++) inCells[next[cells[i]]++] = i;
  return { rows, n, x, y, begins, inCells };
}

const cellOf = (value) => Math.max(0, Math.min(CELLS - 1, Math.floor(value * CELLS)));

/** The nearest point to a place within `reach`, of those that are lit; -1 for none. */
export function nearest({ x, y, begins, inCells }, atX, atY, reach, lit) {
  let [best, least] = [-1, reach * reach];
  for (let row = cellOf(atY - reach); row <= cellOf(atY + reach); row++) {
    for (let column = cellOf(atX - reach); column <= cellOf(atX + reach); column++) {
      const cell = column + CELLS * row;
      for (let k = begins[cell]; k < begins[cell + 1]; k++) {
        const i = inCells[k];
        if (lit && !lit[i]) continue;
        const far = (x[i] - atX) ** 2 + (y[i] - atY) ** 2;
        if (far <= least) [best, least] = [i, far];
      }
    }
  }
  return best;
}

/** Which points lie in a polygon, of those that are lit: their numbers. `outline` is [x, y, x, y, ...]. */
export function within({ x, y, n }, outline, lit) {
  const found = [];
  const corners = outline.length / 2;
  for (let i = 0; i < n; i++) {
    if (lit && !lit[i]) continue;
    let isIn = false;
    for (let a = 0, b = corners - 1; a < corners; b = a++) {
      const [ay, by] = [outline[2 * a + 1], outline[2 * b + 1]];
      if (ay > y[i] !== by > y[i] && x[i] < ((outline[2 * b] - outline[2 * a]) * (y[i] - ay)) / (by - ay) + outline[2 * a])
        isIn = !isIn;
    }
    if (isIn) found.push(i);
  }
  return found;
}

const TEMPO_STEPS = 16;
const [SLOWEST, FASTEST] = [70, 180];

/** What names a place: a sound and one of its regions. */
export const keyOf = (row) => `${row.id}.${row.region}`;

/** What rows themselves tell to colour by: the classes in the order of their colours, and the class of a row (0: not known). */
export const COLOURINGS = {
  kind: byField("kind", ["track", "loop", "one_shot", "field_recording"], (name) => `var(--kind-${name})`),
  role: byField("role", ["drums", "bass", "harmony", "melody", "vocal", "fx", "mix"], (name) => `var(--role-${name})`),
  key: {
    classes: Array.from({ length: 12 }, (_, k) => ({
      label: `${k + 1}`,
      colour: `oklch(var(--key-lightness) var(--key-chroma) var(--hue-${k + 1}))`,
    })),
    classOf: (row) => Number.parseInt(row.camelot, 10) || NOT_KNOWN,
  },
  tempo: {
    classes: Array.from({ length: TEMPO_STEPS }, (_, k) => ({
      label: `${Math.round(SLOWEST + (k * (FASTEST - SLOWEST)) / (TEMPO_STEPS - 1))}`,
      colour: `color-mix(in oklch, var(--tempo-fast) ${Math.round((100 * k) / (TEMPO_STEPS - 1))}%, var(--tempo-slow))`,
    })),
    classOf: (row) => {
      if (!row.bpm) return NOT_KNOWN;
      const share = Math.log(row.bpm / SLOWEST) / Math.log(FASTEST / SLOWEST);
      return 1 + Math.max(0, Math.min(TEMPO_STEPS - 1, Math.round(share * (TEMPO_STEPS - 1))));
    },
  },
};

/** Coloured by one tag; `tagged` has the keys of the rows that it stands on, as rows do not carry their tags. */
export const byTag = (tag, tagged) => ({
  classes: [{ label: tag, colour: "var(--accent)" }],
  rest: "without it",
  classOf: (row) => (tagged.has(keyOf(row)) ? 1 : NOT_KNOWN),
});

function byField(field, names, colour) {
  const places = new Map(names.map((name, place) => [name, place + 1]));
  return {
    classes: names.map((name) => ({ label: name.replaceAll("_", "-"), colour: colour(name) })),
    classOf: (row) => places.get(row[field]) ?? NOT_KNOWN,
  };
}

/** The class of every row. */
export const classesOf = (rows, colouring) => Uint8Array.from(rows, colouring.classOf);

/** How often each class is there; the first is of what is not known. */
export function countsOf(classes, n) {
  const counts = new Int32Array(n + 1);
  for (const each of classes) counts[each] += 1;
  return counts;
}

/** The view that shows all places with a margin, in a box: pixel = place * scale + offset. */
export function whole(width, height, margin = 36) {
  return { scaleX: Math.max(50, width - 2 * margin), scaleY: Math.max(50, height - 2 * margin), x: margin, y: margin };
}

/** What a view becomes when it is drawn `factor` times as large around a pixel; 1 to 200 times the whole is allowed. */
export function zoomed(view, factor, atX, atY, least) {
  const allowed = Math.max(least.scaleX / view.scaleX, Math.min((least.scaleX * 200) / view.scaleX, factor));
  return {
    ...view,
    scaleX: view.scaleX * allowed,
    scaleY: view.scaleY * allowed,
    x: atX - (atX - view.x) * allowed,
    y: atY - (atY - view.y) * allowed,
  };
}
