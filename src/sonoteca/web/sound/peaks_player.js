// What Peaks takes for its player: the page's own, as far as it has this sound loaded. Before that a click only places the cursor.
import { effect } from "../html.js";
import * as player from "../player.js";

export class PeaksPlayer {
  #row = null;
  #cursor;
  #ended = () => {};
  #begin;

  /** `begin(row, at_s)` plays the sound of this view; `cursor` is a signal: where it stands until then. */
  constructor(begin, cursor) {
    this.#begin = begin;
    this.#cursor = cursor;
  }

  set row(row) {
    this.#row = row;
  }

  get #isLoaded() {
    return this.#row !== null && player.loaded.peek()?.id === this.#row.id;
  }

  init(peaks) {
    let before = null;
    this.#ended = effect(() => {
      const [at, status, row] = [player.position_s.value, player.status.value, player.loaded.value];
      if (this.#row === null || row?.id !== this.#row.id) return;
      if (status !== before) {
        if (status === "playing") peaks.emit("player.playing", at);
        else if (status === "paused") peaks.emit("player.pause", at);
        before = status;
      }
      peaks.emit("player.timeupdate", at);
      if (status !== "playing") peaks.emit("player.seeked", at);
    });
    this.emitSeeked = (at) => (peaks.emit("player.seeked", at), peaks.emit("player.timeupdate", at));
    return Promise.resolve();
  }

  destroy() {
    this.#ended();
  }

  setSource() {
    return Promise.resolve();
  }

  play() {
    return this.#begin(this.#row, this.getCurrentTime());
  }

  pause() {
    if (this.#isLoaded) player.pause();
  }

  isPlaying() {
    return this.#isLoaded && player.status.peek() === "playing";
  }

  isSeeking() {
    return false;
  }

  getCurrentTime() {
    return this.#isLoaded ? player.element().currentTime : this.#cursor.peek();
  }

  getDuration() {
    return this.#row?.duration_s ?? 0;
  }

  seek(at_s) {
    if (this.#isLoaded) player.seek(at_s);
    else this.#cursor.value = at_s;
    this.emitSeeked?.(at_s);
  }
}
