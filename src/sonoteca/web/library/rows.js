// The rows that a query finds, page by page: only those near to what is looked at are held, however many there are.
import { signal } from "../html.js";
import { isAbort, onlyLatest } from "../api.js";

export const PAGE = 100;
const MOST_PAGES = 8;
const AT_ONCE = 2;

export class Rows {
  /** How many rows there are; null until the first answer. */
  total = signal(null);
  /** Changes whenever rows came or went. */
  version = signal(0);
  problem = signal(null);
  /** Whether what is shown is still the answer to an earlier question. */
  stale = signal(false);
  #pages = new Map();
  #underWay = new Map();
  #asking = onlyLatest();
  #question = null;
  #fetchPage;

  /** `fetchPage(question, offset, limit, signal)` gives `{ results, total }`. */
  constructor(fetchPage) {
    this.#fetchPage = fetchPage;
  }

  /** Ask anew, from around a row on; rows of the question before stay until the answer is there. True if it came. */
  async ask(question, at = 0) {
    this.#forgetRequests();
    this.stale.value = true;
    const page = Math.floor(at / PAGE);
    try {
      const answer = await this.#asking((signal) => this.#fetchPage(question, page * PAGE, PAGE, signal));
      if (answer === null) return false;
      this.#forgetRequests();
      this.#question = question;
      this.#pages = new Map([[page, answer.results]]);
      this.total.value = answer.total;
      this.problem.value = null;
      this.stale.value = false;
      this.version.value += 1;
      return true;
    } catch (problem) {
      this.problem.value = problem;
      this.stale.value = false;
      return false;
    }
  }

  /** The row at a place; undefined while it is not here. */
  at(index) {
    return this.#pages.get(Math.floor(index / PAGE))?.[index % PAGE];
  }

  /** Where a sound stands among the rows that are here; -1 if it does not. */
  placeOf(id) {
    for (const [page, rows] of this.#pages) {
      const place = rows.findIndex((row) => row.id === id);
      if (place >= 0) return page * PAGE + place;
    }
    return -1;
  }

  /** Change a row that is here. */
  change(id, values) {
    for (const rows of this.#pages.values()) {
      const place = rows.findIndex((row) => row.id === id);
      if (place >= 0) rows[place] = { ...rows[place], ...values };
    }
    this.version.value += 1;
  }

  /** Have rows from one place up to another; requests for what is wanted no longer are aborted. */
  want(first, last) {
    if (this.#question === null || this.stale.peek() || !this.total.peek()) return;
    const pages = [];
    const end = Math.min(last, this.total.peek() - 1);
    for (let page = Math.floor(Math.max(0, first) / PAGE); page <= Math.floor(end / PAGE); page++) pages.push(page);
    for (const [page, controller] of this.#underWay) {
      if (!pages.includes(page)) {
        controller.abort();
        this.#underWay.delete(page);
      }
    }
    for (const page of pages) {
      if (this.#pages.has(page)) {
        const rows = this.#pages.get(page);
        this.#pages.delete(page);
        this.#pages.set(page, rows);
      } else if (!this.#underWay.has(page) && this.#underWay.size < AT_ONCE) {
        void this.#fetch(page);
      }
    }
  }

  stop() {
    this.#asking.stop();
    this.#forgetRequests();
  }

  async #fetch(page) {
    const controller = new AbortController();
    const question = this.#question;
    this.#underWay.set(page, controller);
    try {
      const answer = await this.#fetchPage(question, page * PAGE, PAGE, controller.signal);
      if (controller.signal.aborted || question !== this.#question) return;
      this.#pages.set(page, answer.results);
      while (this.#pages.size > MOST_PAGES) this.#pages.delete(this.#pages.keys().next().value);
      this.total.value = answer.total;
      this.#underWay.delete(page);
      this.version.value += 1;
    } catch (problem) {
      if (isAbort(problem) || controller.signal.aborted) return;
      this.#underWay.delete(page);
      this.problem.value = problem;
    }
  }

  #forgetRequests() {
    for (const controller of this.#underWay.values()) controller.abort();
    this.#underWay.clear();
  }
}
