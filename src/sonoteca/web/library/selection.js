// Which sounds are selected: some by their ids, or all that the query finds, which are never held as a list.
import { signal } from "../html.js";

const MOST_IDS = 500;

export class Selection {
  /** `{ isAll, ids }`; of all, `ids` are those taken out again. */
  state = signal({ isAll: false, ids: new Set() });
  #rows;
  #anchor = null;

  constructor(rows) {
    this.#rows = rows;
  }

  has(id) {
    const { isAll, ids } = this.state.value;
    return isAll !== ids.has(id);
  }

  get size() {
    const { isAll, ids } = this.state.value;
    return isAll ? (this.#rows.total.value ?? 0) - ids.size : ids.size;
  }

  /** Select a row, or no longer; with `isRange` all between it and the one before. */
  toggle(index, isRange = false) {
    const row = this.#rows.at(index);
    if (!row) return;
    const { isAll, ids } = this.state.peek();
    const changed = new Set(ids);
    if (isRange && this.#anchor !== null) {
      const [from, to] = [Math.min(this.#anchor, index), Math.max(this.#anchor, index)];
      for (let each = from; each <= to; each++) {
        const id = this.#rows.at(each)?.id;
        if (id) isAll ? changed.delete(id) : changed.add(id);
      }
    } else if (!changed.delete(row.id)) changed.add(row.id);
    this.#anchor = index;
    this.state.value = { isAll, ids: changed };
  }

  all() {
    this.state.value = { isAll: true, ids: new Set() };
  }

  clear() {
    this.#anchor = null;
    this.state.value = { isAll: false, ids: new Set() };
  }

  /** The queries that together find what is selected, of the query that is shown; a query has so many values at most. */
  queries(shown) {
    const { isAll, ids } = this.state.peek();
    const listed = [...ids];
    if (isAll) {
      const without = listed.map((id) => `-id:${id}`).join(" ");
      return [[shown && without ? `(${shown})` : shown, without].filter(Boolean).join(" ")];
    }
    const queries = [];
    for (let from = 0; from < listed.length; from += MOST_IDS)
      queries.push(`id:${listed.slice(from, from + MOST_IDS).join(",")}`);
    return queries;
  }
}
