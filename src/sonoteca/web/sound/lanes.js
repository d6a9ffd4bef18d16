// What was heard along a sound, as lanes of labelled segments below its waveform: pure values, drawn by `lane_canvas.js`.

const NOTE_HUES = { C: 0, D: 2, E: 4, F: 5, G: 7, A: 9, B: 11 };
const QUALITIES = {
  maj: "",
  min: "m",
  7: "7",
  maj7: "maj7",
  min7: "m7",
  dim: "°",
  aug: "+",
  sus2: "sus2",
  sus4: "sus4",
  hdim7: "ø",
  dim7: "°7",
};
const CONTENT_HUES = { music: 265, speech: 60, singing: 340, noise: 20, nature: 150, mechanical: 95 };

/** "A:min" -> "Am", "C#:maj7/3" -> "C#maj7"; "N" (no chord) -> null. */
export function chordName(label) {
  const [root, rest = "maj"] = label.split("/")[0].split(":");
  if (!/^[A-G]/.test(root)) return null;
  return root + (QUALITIES[rest] ?? rest);
}

function chordHue(label) {
  const place = NOTE_HUES[label[0]] + (label[1] === "#" ? 1 : label[1] === "b" ? -1 : 0);
  // Around the circle of fifths, so that chords that are near look near.
  return (((place * 7) % 12) * 30 + 360) % 360;
}

/** The lanes of a sound object that has something to show: `{ name, label, spans: [{ start_s, end_s, label, hue }] }`. */
export function lanesOf(sound) {
  const lanes = [
    { name: "cues", label: "Cues", areMarks: true, spans: cueSpans(sound) },
    {
      name: "sections",
      label: "Sections",
      spans: sound.sections.map((each) => ({ ...each, hue: (20 + 67 * (each.label.charCodeAt(0) - 65) + 360) % 360 })),
    },
    {
      name: "chords",
      label: "Chords",
      spans: sound.chords
        .map((each) => ({ ...each, name: chordName(each.label) }))
        .filter((each) => each.name !== null)
        .map((each) => ({ start_s: each.start_s, end_s: each.end_s, label: each.name, hue: chordHue(each.label) })),
    },
    {
      name: "content",
      label: "Content",
      spans: sound.content
        .filter((each) => each.label !== "silence")
        .map((each) => ({ ...each, hue: CONTENT_HUES[each.label] ?? 230 })),
    },
    {
      name: "keys",
      label: "Key",
      spans: sound.key_segments.length > 1 ? sound.key_segments.map((each) => ({ ...each, label: each.name, hue: 200 })) : [],
    },
    {
      name: "regions",
      label: "Parts",
      spans: sound.regions.map((each) => ({ start_s: each.start_s, end_s: each.end_s, label: String(each.number), hue: 185 })),
    },
  ];
  return lanes.filter((lane) => lane.spans.length > 0);
}

/** Cues as spans up to the next, so that each has room for its name; several at one moment share it. */
function cueSpans(sound) {
  const places = [];
  for (const cue of [...sound.cues].sort((a, b) => a.at_s - b.at_s)) {
    const last = places.at(-1);
    if (last && cue.at_s - last.start_s < 0.005) last.label += ` · ${cue.name}`;
    else places.push({ start_s: cue.at_s, label: cue.name, hue: 260 });
  }
  return places.map((each, place) => ({ ...each, end_s: places[place + 1]?.start_s ?? sound.audio.duration_s }));
}

/** The span of a lane at a moment; null between spans. */
export function spanAt(spans, at_s) {
  return spans.find((each) => each.start_s <= at_s && at_s < each.end_s) ?? null;
}

/** Beats that are drawn between two moments: all while there is room, else bar lines, else every so many bars. */
export function ticksBetween(beats, downbeats, start_s, end_s, width_px, least_px = 7) {
  const isShown = (at) => at >= start_s && at <= end_s;
  const bars = new Set(downbeats);
  const inView = beats.filter(isShown);
  if (inView.length * least_px <= width_px) return inView.map((at) => ({ at_s: at, isBar: bars.has(at) }));
  const lines = downbeats.filter(isShown);
  let step = 1;
  while ((lines.length / step) * least_px > width_px) step *= 2;
  // Counted from the first bar of the sound, so that lines do not jump while it scrolls.
  return downbeats.filter((at, place) => place % step === 0 && isShown(at)).map((at) => ({ at_s: at, isBar: true }));
}
