// Which dyes a cloth shows: ml/colour.py, step by step.

import { round } from "./pixels.js";

const PALETTE = [
  "black",
  "grey",
  "white",
  "red",
  "brown",
  "orange",
  "yellow",
  "green",
  "blue",
  "purple",
  "pink",
];
const MIN_SHARE = 0.04;
const SIDE = 64;

/** Return the colours that cover most of the cloth, as [{ name, hex, share }]. */
export function dominant(small, region, most = 4) {
  const { width, height } = small;
  // The outline runs a little outside of the cloth; its edge is not asked.
  const edge = region.isWhole ? 0 : 0.03;
  const top = Math.trunc((region.y + edge * region.height) * height);
  const left = Math.trunc((region.x + edge * region.width) * width);
  const bottom = Math.trunc((region.y + (1 - edge) * region.height) * height);
  const right = Math.trunc((region.x + (1 - edge) * region.width) * width);
  const across = shares(left, Math.max(left + 1, right));
  const down = shares(top, Math.max(top + 1, bottom));
  const found = PALETTE.map((name) => ({ name, count: 0, sums: [0, 0, 0] }));
  for (const rows of down) {
    for (const columns of across) {
      const colour = mean(small, rows, columns);
      const dye = found[nameOf(colour)];
      dye.count += 1;
      for (let n = 0; n < 3; n++) dye.sums[n] += colour[n];
    }
  }
  return found
    .sort((one, other) => other.count - one.count)
    .slice(0, most)
    .filter(({ count }) => count / (SIDE * SIDE) >= MIN_SHARE)
    .map(({ name, count, sums }) => ({
      name,
      hex: `#${sums.map((sum) => hex(round(sum / count))).join("")}`,
      share: count / (SIDE * SIDE),
    }));
}

function hex(level) {
  return level.toString(16).padStart(2, "0");
}

/** Return per cell the pixels that it covers, as [position, share of the cell]. */
function shares(from, to) {
  const scale = (to - from) / SIDE;
  return Array.from({ length: SIDE }, (_, at) => {
    const start = from + at * scale;
    const end = Math.min(from + (at + 1) * scale, to);
    const covered = [];
    for (let n = Math.floor(start); n < end; n++) {
      const part = Math.min(n + 1, end) - Math.max(n, start);
      if (part > 1e-3) covered.push([n, part / (end - start)]);
    }
    return covered;
  });
}

function mean({ width, data }, rows, columns) {
  const sums = [0, 0, 0];
  for (const [y, high] of rows) {
    for (const [x, wide] of columns) {
      const at = (y * width + x) * 4;
      for (let n = 0; n < 3; n++) sums[n] += data[at + n] * high * wide;
    }
  }
  return sums.map(round);
}

const names = new Map();

/** Return the index in the palette of a colour's name, in steps of 8 of 256. */
function nameOf([red, green, blue]) {
  const key = ((red >> 3) << 10) | ((green >> 3) << 5) | (blue >> 3);
  if (!names.has(key)) names.set(key, PALETTE.indexOf(named(middle(key))));
  return names.get(key);
}

function middle(key) {
  return [key >> 10, (key >> 5) & 31, key & 31].map((step) => step * 8 + 4);
}

function named(colour) {
  const [hue, saturation, value] = hsv(colour);
  const chroma = saturation * value;
  const isDull = saturation < 0.16 || chroma < 0.09;
  const isReddish = hue < 50 || hue >= 340;
  if (value < 0.2) return "black";
  if (isDull) return value >= 0.72 ? "white" : value < 0.3 ? "black" : "grey";
  // Brown is dark or dull orange; pink is pale or bright red.
  if (hue >= 12 && hue < 50 && (value < 0.6 || chroma < 0.45)) return "brown";
  if (isReddish && hue < 12 && value < 0.45 && saturation < 0.6) return "brown";
  if ((hue < 12 || hue >= 300) && saturation < 0.55 && value >= 0.65) return "pink";
  if (hue >= 310 && hue < 340 && value >= 0.6) return "pink";
  if (hue < 14 || hue >= 340) return "red";
  if (hue < 38) return "orange";
  if (hue < 68) return "yellow";
  if (hue < 170) return "green";
  if (hue < 255) return "blue";
  return "purple";
}

/** Return hue in degrees, saturation and value in 0..1, in OpenCV's whole numbers. */
function hsv([red, green, blue]) {
  const value = Math.max(red, green, blue);
  const range = value - Math.min(red, green, blue);
  if (!range) return [0, 0, value / 255];
  const turned =
    value === red
      ? green - blue
      : value === green
        ? blue - red + 2 * range
        : red - green + 4 * range;
  const hue = (turned * round((256 << 12) / (6 * range)) + 2048) >> 12;
  const saturation = (range * round((255 << 12) / value) + 2048) >> 12;
  return [((hue + 256) % 256) * (360 / 256), saturation / 255, value / 255];
}
