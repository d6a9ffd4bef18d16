// Draws points into the pixels of a canvas itself: fifty thousand discs take some milliseconds, on any machine, without a GPU.

/** Colours as the canvas mixes them: [red, green, blue] of any colour that a style sheet may name. */
export function coloursOf(element, colours) {
  const probe = document.createElement("canvas");
  [probe.width, probe.height] = [1, 1];
  const context = probe.getContext("2d", { willReadFrequently: true });
  // Where nothing can be drawn, nobody sees them.
  if (!context) return colours.map(() => [0, 0, 0]);
  const style = getComputedStyle(element);
  return colours.map((text) => {
    context.fillStyle = text.replaceAll(/var\((--[\w-]+)\)/g, (_, name) => style.getPropertyValue(name).trim());
    context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data.slice(0, 3)];
  });
}

/** A disc as steps through pixels of rows that are `width` long: the full ones, and those of its edge with how far each is covered. */
function discOf(radius, width) {
  const reach = Math.ceil(radius);
  const [full, edge] = [[], []];
  for (let dy = -reach; dy <= reach; dy++) {
    for (let dx = -reach; dx <= reach; dx++) {
      const covered = Math.max(0, Math.min(1, radius - Math.hypot(dx, dy) + 0.5));
      if (covered > 0.97) full.push(dy * width + dx);
      else if (covered > 0.03) edge.push(dy * width + dx, Math.round(covered * 255));
    }
  }
  return { full: Int32Array.from(full), edge: Int32Array.from(edge), reach };
}

/** A colour as the pixels of a canvas hold it, opaque. */
const pixelOf = ([red, green, blue]) => (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0;

export class Plane {
  #canvas;
  #context;
  #image = null;
  #pixels = null;
  #disc = null;

  constructor(canvas) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d");
  }

  get works() {
    return this.#context !== null;
  }

  /** Fit the canvas to its place in the document; returns its size in CSS pixels. */
  resize() {
    const scale = Math.min(2, window.devicePixelRatio || 1);
    const [width, height] = [this.#canvas.clientWidth, this.#canvas.clientHeight];
    const [w, h] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
    if (!this.#image || this.#image.width !== w || this.#image.height !== h) {
      [this.#canvas.width, this.#canvas.height] = [w, h];
      this.#image = this.#context.createImageData(w, h);
      this.#pixels = new Uint32Array(this.#image.data.buffer);
    }
    return { width, height, scale };
  }

  /**
   * Draw: `places` as of `placesOf`, the class of each, colours by class (the first is of what is not known), what is
   * `lit` (null: all), and the ground. What is not lit is faint and lies below.
   */
  draw({ places, classes, colours, faint, lit, view, radius }) {
    const { scale } = this.resize();
    const size = radius * scale;
    const { width } = this.#image;
    if (this.#disc?.size !== size || this.#disc.width !== width) this.#disc = { ...discOf(size, width), size, width };
    this.#pixels.fill(0);
    const tones = Uint32Array.from(colours, pixelOf);
    if (lit) this.#stamp(places, classes, tones.slice().fill(pixelOf(faint)), view, scale, lit, 0);
    this.#stamp(places, classes, tones, view, scale, lit, 1);
    this.#context.putImageData(this.#image, 0, 0);
  }

  #stamp({ n, x, y }, classes, tones, view, scale, lit, wanted) {
    const pixels = this.#pixels;
    const { width, height } = this.#image;
    const { full, edge, reach } = this.#disc;
    const [scaleX, scaleY, offX, offY] = [view.scaleX * scale, view.scaleY * scale, view.x * scale, view.y * scale];
    for (let i = 0; i < n; i++) {
      if (lit && lit[i] !== wanted) continue;
      const px = Math.round(x[i] * scaleX + offX);
      const py = Math.round(y[i] * scaleY + offY);
      // What is cut by the border is left out there, so that no pixel has to be asked where it is.
      if (px < reach || py < reach || px >= width - reach || py >= height - reach) continue;
      const solid = tones[classes[i]];
      const hue = solid & 0xffffff;
      const at = py * width + px;
      for (let k = 0; k < full.length; k++) pixels[at + full[k]] = solid;
      for (let k = 0; k < edge.length; k += 2) {
        const place = at + edge[k];
        if (pixels[place] >>> 24 < edge[k + 1]) pixels[place] = (edge[k + 1] << 24) | hue;
      }
    }
  }
}
