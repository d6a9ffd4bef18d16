// Addresses of views: `#/library?q=kind%3Aloop`, `#/sound/k3v9q2h7d4mxw5ta`. All that a view shows stands in its address, so
// that it can be reloaded and shared. They stand behind the # so that the server need not know them, wherever it is mounted.

/** What an address says: the view, the name of what it shows, and its parameters. */
export function parseAddress(hash) {
  const text = hash.replace(/^#?\/?/, "");
  const cut = text.indexOf("?");
  const path = cut < 0 ? text : text.slice(0, cut);
  const [view, ...rest] = path.split("/").map(decoded);
  const params = Object.fromEntries(new URLSearchParams(cut < 0 ? "" : text.slice(cut + 1)));
  return { view: view || "library", id: rest.join("/") || null, params };
}

/** The address of a view; empty parameters are left out. */
export function formatAddress({ view, id = null, params = {} }) {
  const path = [view, ...(id === null ? [] : [id])].map(encodeURIComponent).join("/");
  const given = Object.entries(params).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const query = new URLSearchParams(given).toString();
  return `#/${path}${query ? `?${query}` : ""}`;
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
