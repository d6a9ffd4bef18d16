// An arrangement as a grid: what plays in which role in which section, and how the server calls each place.

const ORDER = ["drums", "bass", "harmony", "melody", "vocal", "fx", "mix"];

/** Sections with what the server calls each: "verse", or "verse#2" where several have the name. */
export function sectionsOf({ sections }) {
  const seen = new Map();
  return sections.map((section) => {
    const number = (seen.get(section.name) ?? 0) + 1;
    seen.set(section.name, number);
    const isOne = sections.filter((each) => each.name === section.name).length === 1;
    return { ...section, called: isOne ? section.name : `${section.name}#${number}` };
  });
}

/** The roles that play somewhere, in the order of a score. */
export const rolesOf = ({ clips }) =>
  [...new Set(clips.map((clip) => clip.role))].sort((one, other) => ORDER.indexOf(one) - ORDER.indexOf(other));

/** The clips of a role that begin in a section. */
export const clipsIn = ({ clips }, role, { start_bar, bars }) =>
  clips.filter((clip) => clip.role === role && clip.start_bar >= start_bar && clip.start_bar < start_bar + bars);

export const targetOf = (role, section) => `${role}@${section.called}`;

/** Whether a place is locked: by its role in all sections, or there. */
export const isLocked = ({ locked }, role, section) =>
  locked.some(
    ([one, where]) =>
      one === role && (where === null || where === undefined || where === section.called || where === section.name),
  );

/** The edits that let others play wherever nothing is locked, one after the other: a role as a whole where it may. */
export function renewals(arrangement) {
  const sections = sectionsOf(arrangement);
  return rolesOf(arrangement).flatMap((role) => {
    const places = sections.filter((section) => clipsIn(arrangement, role, section).length);
    const free = places.filter((section) => !isLocked(arrangement, role, section));
    if (free.length === places.length) return [role];
    return free.map((section) => targetOf(role, section));
  });
}

/** How many bars are past at a moment. */
export const barAt = ({ tempo_bpm, beats_per_bar }, seconds) => (seconds * tempo_bpm) / 60 / beats_per_bar;

/** When a bar begins, in seconds. */
export const secondsAt = ({ tempo_bpm, beats_per_bar }, bar) => (bar * beats_per_bar * 60) / tempo_bpm;
