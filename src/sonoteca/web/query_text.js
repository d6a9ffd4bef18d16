// The text of a query, changed as facets and completion do. Only what a person sees is changed; the server reads it.

/** The rules and words of a query: `{ text, start, end }` each; what stands in quotes is not cut. */
export function tokens(text) {
  return [...text.matchAll(/(?:[^\s"]|"[^"]*"?)+/g)].map((found) => ({
    text: found[0],
    start: found.index,
    end: found.index + found[0].length,
  }));
}

/** Whether two halves of a query stand beside an OR outside parentheses, so that what is added has to stand outside of both. */
function hasLooseOr(text) {
  let depth = 0;
  for (const each of tokens(text)) {
    if (each.text === "OR" && depth === 0) return true;
    const bare = each.text.replace(/"[^"]*"?/g, "");
    depth += (bare.match(/\(/g) ?? []).length - (bare.match(/\)/g) ?? []).length;
  }
  return false;
}

const ruleOf = (token, field) => (token.text.toLowerCase().startsWith(`${field}:`) ? token.text.slice(field.length + 1) : null);

const quoted = (value) => (/[\s,()"]/.test(value) ? `"${value.replaceAll('"', "")}"` : value);

const unquoted = (value) => value.replace(/^"(.*)"$/, "$1");

/** The values that rules of a field ask for. */
export function valuesOf(text, field) {
  const rules = tokens(text).map((each) => ruleOf(each, field));
  return rules
    .filter((rule) => rule !== null)
    .flatMap((rule) => (rule.startsWith('"') ? [rule] : rule.split(",")))
    .map(unquoted);
}

/** The query with one rule of a field, or with none where `value` is null. */
export function withRule(text, field, value) {
  const rest = tokens(text)
    .filter((each) => ruleOf(each, field) === null)
    .map((each) => each.text)
    .join(" ");
  if (value === null) return rest;
  return [hasLooseOr(rest) ? `(${rest})` : rest, `${field}:${value}`].filter(Boolean).join(" ");
}

/** The query that asks for a value of a field too, or no longer; several are alternatives (`kind:loop,track`). */
export function toggled(text, field, value) {
  const before = valuesOf(text, field);
  const after = before.includes(value) ? before.filter((each) => each !== value) : [...before, value];
  return withRule(text, field, after.length ? after.map(quoted).join(",") : null);
}

/** The query that requires a tag too, or no longer; several are all required. */
export function toggledTag(text, tag) {
  if (valuesOf(text, "tag").includes(tag)) {
    return tokens(text)
      .filter((each) => unquoted(ruleOf(each, "tag") ?? "") !== tag)
      .map((each) => each.text)
      .join(" ");
  }
  return [hasLooseOr(text) ? `(${text})` : text.trim(), `tag:${quoted(tag)}`].filter(Boolean).join(" ");
}

/** The query in an order; one that says an order itself keeps it. */
export function sorted(text, order) {
  return !order || valuesOf(text, "sort").length ? text : `${text} sort:${order}`.trim();
}

/**
 * What stands left of the caret and may be completed: `{ start, end, field, typed }`. `field` is null while a name of a
 * field or a word is typed.
 */
export function underCaret(text, caret) {
  const token = tokens(text).find((each) => each.start < caret && caret <= each.end);
  if (!token) return { start: caret, end: caret, field: null, typed: "" };
  const lead = /^[-(]*/.exec(token.text)[0].length;
  const start = token.start + lead;
  if (caret < start) return { start: caret, end: caret, field: null, typed: "" };
  const typed = text.slice(start, caret);
  const colon = typed.indexOf(":");
  if (colon < 0) return { start, end: token.end, field: null, typed };
  const value = typed.slice(colon + 1);
  const comma = value.startsWith('"') ? -1 : value.lastIndexOf(",");
  return {
    start: start + colon + 1 + comma + 1,
    end: token.end,
    field: typed.slice(0, colon).toLowerCase(),
    typed: value.slice(comma + 1).replace(/^"/, ""),
  };
}

const MOST_OFFERED = 8;

/**
 * What may be meant: of a field its values, else fields by name. `fields` is what the server says of them, `values` counts of
 * values by field (facets).
 */
export function completions(text, caret, fields, values = {}) {
  const place = underCaret(text, caret);
  const typed = place.typed.toLowerCase();
  if (place.field === null) {
    if (!typed) return [];
    const named = fields.filter((each) => [each.name, ...each.aliases].some((name) => name.startsWith(typed)));
    return named.slice(0, MOST_OFFERED).map((each) => ({
      ...place,
      insert: `${each.name}:`,
      label: `${each.name}:`,
      hint: each.meaning,
      goes_on: true,
    }));
  }
  const field = fields.find((each) => each.name === place.field || each.aliases.includes(place.field));
  if (place.field === "sort") {
    const sign = typed.startsWith("-") ? "-" : "";
    return offered(fields.filter((each) => each.sorts).map((each) => [sign + each.name, each.meaning]));
  }
  if (!field) return [];
  const counts = values[field.name] ?? {};
  const known = [...new Set([...Object.keys(counts), ...field.values])];
  return offered(known.map((value) => [value.replaceAll("_", field.values.length ? "-" : "_"), counts[value] ?? ""]));

  function offered(pairs) {
    return pairs
      .filter(([value]) => value.toLowerCase().startsWith(typed) && value.toLowerCase() !== typed)
      .slice(0, MOST_OFFERED)
      .map(([value, hint]) => ({ ...place, insert: quoted(value), label: value, hint: String(hint), goes_on: false }));
  }
}

/** The text after a completion was taken, and where the caret is then. */
export function completed(text, { start, end, insert, goes_on }) {
  const tail = text.slice(end);
  const space = goes_on || tail.startsWith(" ") ? "" : " ";
  return { text: text.slice(0, start) + insert + space + tail, caret: start + insert.length + (goes_on ? 0 : 1) };
}
