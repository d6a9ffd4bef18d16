// BBC audiowaveform's `.dat`, version 2, as the server gives it: 24 bytes of header, then pairs of minimum and maximum.

const HEADER_BYTES = 24;
const IS_8_BIT = 1;

/** The waveform in `columns` pairs from -127 to 127, scaled so that its loudest place is full. */
export function readPeaks(buffer, columns) {
  const view = new DataView(buffer);
  const bits = view.getUint32(4, true) & IS_8_BIT ? 8 : 16;
  const length = view.getUint32(16, true);
  const found = new Int8Array(2 * columns);
  if (!length) return found;
  const at = (i) => (bits === 8 ? view.getInt8(HEADER_BYTES + i) * 256 : view.getInt16(HEADER_BYTES + 2 * i, true));
  const lows = new Float32Array(columns);
  const highs = new Float32Array(columns);
  let most = 1;
  for (let column = 0; column < columns; column++) {
    const from = Math.floor((column * length) / columns);
    const to = Math.max(from + 1, Math.floor(((column + 1) * length) / columns));
    for (let i = from; i < to; i++) {
      lows[column] = Math.min(lows[column], at(2 * i));
      highs[column] = Math.max(highs[column], at(2 * i + 1));
    }
    most = Math.max(most, -lows[column], highs[column]);
  }
  for (let column = 0; column < columns; column++) {
    found[2 * column] = Math.round((lows[column] / most) * 127);
    found[2 * column + 1] = Math.round((highs[column] / most) * 127);
  }
  return found;
}

/** The same file with 8 bits a value, as Peaks draws it; one that has 8 already stays as it is. */
export function asEightBit(buffer) {
  const view = new DataView(buffer);
  const flags = view.getUint32(4, true);
  if (flags & IS_8_BIT) return buffer;
  const values = (buffer.byteLength - HEADER_BYTES) >> 1;
  const smaller = new ArrayBuffer(HEADER_BYTES + values);
  new Uint8Array(smaller).set(new Uint8Array(buffer, 0, HEADER_BYTES));
  new DataView(smaller).setUint32(4, flags | IS_8_BIT, true);
  const found = new Int8Array(smaller, HEADER_BYTES);
  for (let i = 0; i < values; i++) found[i] = view.getInt16(HEADER_BYTES + 2 * i, true) >> 8;
  return smaller;
}

/** How many seconds one pair stands for. */
export function secondsPerPair(buffer) {
  const view = new DataView(buffer);
  return view.getInt32(12, true) / view.getInt32(8, true);
}

/** How many seconds are drawn: the sound's length, up to one pair more. */
export const drawnLength = (buffer) => secondsPerPair(buffer) * new DataView(buffer).getUint32(16, true);

/** How many samples one pair stands for. */
export const samplesPerPair = (buffer) => new DataView(buffer).getInt32(12, true);
