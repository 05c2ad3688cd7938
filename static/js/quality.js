// Whether a photo will do: ml/quality.py, step by step.

import { mirrored } from "./pixels.js";

const MIN_SHORT_SIDE = 112;
const MIN_SHARPNESS = 0.07;
const ROUNDING = 0.3;
const MIN_BRIGHTNESS = 0.12;
const MAX_BLOWN_OUT = 0.9;

export function checkQuality(picture, small) {
  const { width, height, data } = small;
  const grey = new Float32Array(width * height);
  const counts = new Uint32Array(256);
  for (let at = 0; at < grey.length; at++) {
    const [red, green, blue] = [data[at * 4], data[at * 4 + 1], data[at * 4 + 2]];
    grey[at] = (red * 4899 + green * 9617 + blue * 1868 + 8192) >> 14;
    counts[grey[at]] += 1;
  }
  let sum = 0;
  let brightness = 255;
  let below = 1;
  for (let level = 255, total = grey.length; level >= 0; level--) {
    if (total / grey.length >= 0.95) brightness = level;
    if (level === 249) below = total / grey.length;
    total -= counts[level];
    sum += counts[level];
  }
  const blownOut = sum ? 1 - below : 0;
  const sharpness = sharpnessOf(grey, width, height);
  const shortSide = Math.min(picture.width, picture.height);
  const reasons = [];
  if (shortSide < MIN_SHORT_SIDE) reasons.push("too_small");
  if (brightness / 255 < MIN_BRIGHTNESS) reasons.push("dark");
  else if (blownOut > MAX_BLOWN_OUT) reasons.push("blown_out");
  else if (sharpness < MIN_SHARPNESS) reasons.push("blurred");
  return {
    usable: !reasons.length,
    reasons,
    sharpness,
    brightness: brightness / 255,
    blownOut,
  };
}

function sharpnessOf(grey, width, height) {
  const bell = Array.from({ length: 9 }, (_, at) => Math.exp(-((at - 4) ** 2) / 2));
  const total = bell.reduce((sum, one) => sum + one, 0);
  const fine = meanDifference(
    grey,
    blurred(grey, width, height, bell.map((one) => one / total)),
  );
  const coarse = meanDifference(grey, averaged(grey, width, height, 21));
  return coarse > ROUNDING ? Math.max(0, fine - ROUNDING) / coarse : 0;
}

/** Return a picture smoothed by taps that are the same either way. */
function blurred(values, width, height, taps) {
  const reach = taps.length >> 1;
  const across = new Float32Array(values.length);
  const out = new Float32Array(values.length);
  const line = new Float32Array(width + 2 * reach);
  for (let y = 0; y < height; y++) {
    padded(values, y * width, width, reach, line);
    for (let x = 0; x < width; x++) {
      let sum = taps[reach] * line[x + reach];
      for (let n = 0; n < reach; n++) sum += taps[n] * (line[x + n] + line[x + 2 * reach - n]);
      across[y * width + x] = sum;
    }
  }
  for (let y = 0; y < height; y++) {
    for (let n = -reach; n <= reach; n++) {
      const row = mirrored(y + n, height) * width;
      const tap = taps[n + reach];
      for (let x = 0, to = y * width; x < width; x++, to++) out[to] += tap * across[row + x];
    }
  }
  return out;
}

function padded(values, start, width, reach, line) {
  for (let x = -reach; x < width + reach; x++) {
    const inside = x < 0 || x >= width ? mirrored(x, width) : x;
    line[x + reach] = values[start + inside];
  }
}

/** Return the means of side x side pixels, by sums that move along. */
function averaged(values, width, height, side) {
  const reach = side >> 1;
  const across = new Float64Array(values.length);
  const out = new Float32Array(values.length);
  const line = new Float64Array(width + 2 * reach);
  for (let y = 0; y < height; y++) {
    padded(values, y * width, width, reach, line);
    let sum = 0;
    for (let n = 0; n < 2 * reach; n++) sum += line[n];
    for (let x = 0; x < width; x++) {
      sum += line[x + 2 * reach];
      across[y * width + x] = sum;
      sum -= line[x];
    }
  }
  const sums = new Float64Array(width);
  const add = (y, sign) => {
    const row = mirrored(y, height) * width;
    for (let x = 0; x < width; x++) sums[x] += sign * across[row + x];
  };
  for (let y = -reach; y < reach; y++) add(y, 1);
  for (let y = 0; y < height; y++) {
    add(y + reach, 1);
    for (let x = 0; x < width; x++) out[y * width + x] = sums[x] / (side * side);
    add(y - reach, -1);
  }
  return out;
}

function meanDifference(one, other) {
  let sum = 0;
  for (let at = 0; at < one.length; at++) sum += Math.abs(one[at] - other[at]);
  return sum / one.length;
}
