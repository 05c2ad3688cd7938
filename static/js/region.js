// Where the cloth is: ml/region.py, step by step.

import { mirrored, round } from "./pixels.js";

export const WHOLE = { x: 0, y: 0, width: 1, height: 1, share: 1, isWhole: true };
const MAX_CHROMA = 16;
const MAX_GRAIN = 8;
const MIN_DIFFERENCE = 16;
const MIN_PLAIN = 0.8;
const MIN_SHARE = 0.12;
const MAX_SHARE = 0.92;

export function findRegion(small) {
  const { width, height, data } = halved(small);
  const colours = new Float32Array(width * height * 3);
  lab(data, colours);
  const ground = background(colours, width, height);
  if (!ground) return WHOLE;
  let mask = new Uint8Array(width * height);
  for (let at = 0; at < mask.length; at++) {
    mask[at] = apart(colours, at, ground) > MIN_DIFFERENCE ? 1 : 0;
  }
  const reach = Math.max(3, round(Math.min(width, height) * 0.04)) | 1;
  mask = spread(shrunk(mask, width, height, 3), width, height, 3);
  mask = shrunk(spread(mask, width, height, reach), width, height, reach);
  const parts = outlines(mask, width, height);
  if (!parts.length) return WHOLE;
  const largest = Math.max(...parts.map((part) => part.area));
  const points = parts.filter((one) => one.area >= largest * 0.2).flatMap((one) => one.edge);
  const share = hullArea(points) / (width * height);
  if (share < MIN_SHARE || share > MAX_SHARE) return WHOLE;
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  const left = Math.min(...xs);
  const top = Math.min(...ys);
  return {
    x: left / width,
    y: top / height,
    width: (Math.max(...xs) - left + 1) / width,
    height: (Math.max(...ys) - top + 1) / height,
    share,
    isWhole: false,
  };
}

/** Return the picture at half its size, smoothed by a binomial of five pixels. */
function halved(picture) {
  const width = (picture.width + 1) >> 1;
  const height = (picture.height + 1) >> 1;
  const from = picture.data;
  // First across, then down: whole numbers, so that the order does not matter.
  const rows = new Uint16Array(picture.height * width * 3);
  const columns = Array.from({ length: width }, (_, x) => five(2 * x, picture.width, 4));
  for (let y = 0, to = 0; y < picture.height; y++) {
    const row = y * picture.width * 4;
    for (let x = 0; x < width; x++) {
      const [a, b, c, d, e] = columns[x];
      for (let n = row; n < row + 3; n++) {
        rows[to++] =
          from[n + a] + 4 * (from[n + b] + from[n + d]) + 6 * from[n + c] + from[n + e];
      }
    }
  }
  const data = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let y = 0; y < height; y++) {
    const [a, b, c, d, e] = five(2 * y, picture.height, width * 3);
    for (let x = 0; x < width; x++) {
      const to = (y * width + x) * 4;
      for (let n = 0; n < 3; n++) {
        const at = x * 3 + n;
        const sum =
          rows[at + a] + 4 * (rows[at + b] + rows[at + d]) + 6 * rows[at + c] + rows[at + e];
        data[to + n] = (sum + 128) >> 8;
      }
    }
  }
  return { width, height, data };
}

/** Return where the five around a position lie, mirrored at the edges. */
function five(middle, length, step) {
  return [-2, -1, 0, 1, 2].map((by) => mirrored(middle + by, length) * step);
}

const LIGHT = Float64Array.from({ length: 256 }, (_, level) => {
  const share = level / 255;
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
});

function bent(t) {
  return t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116;
}

/** Write CIELAB (D65) of every sRGB pixel. */
function lab(data, colours) {
  for (let at = 0, to = 0; at < data.length; at += 4, to += 3) {
    const r = LIGHT[data[at]];
    const g = LIGHT[data[at + 1]];
    const b = LIGHT[data[at + 2]];
    const light = 0.212671 * r + 0.71516 * g + 0.072169 * b;
    const x = bent((0.412453 * r + 0.35758 * g + 0.180423 * b) / 0.950456);
    const y = bent(light);
    const z = bent((0.019334 * r + 0.119193 * g + 0.950227 * b) / 1.088754);
    colours[to] = light > 0.008856 ? 116 * y - 16 : 903.3 * light;
    colours[to + 1] = 500 * (x - y);
    colours[to + 2] = 200 * (y - z);
  }
}

function apart(colours, at, ground) {
  const light = colours[at * 3] - ground[0];
  const a = colours[at * 3 + 1] - ground[1];
  const b = colours[at * 3 + 2] - ground[2];
  return Math.sqrt(light * light + a * a + b * b);
}

function background(colours, width, height) {
  const strip = Math.max(2, round(Math.min(width, height) * 0.03));
  const border = [];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      // A corner is in two strips and counts twice.
      const times = (y < strip) + (y >= height - strip) + (x < strip) + (x >= width - strip);
      for (let n = 0; n < times; n++) border.push(y * width + x);
    }
  }
  const colour = [0, 1, 2].map((n) => median(border.map((at) => colours[at * 3 + n])));
  const alike = border.filter((at) => apart(colours, at, colour) < MAX_GRAIN).length;
  const isColoured = Math.hypot(colour[1], colour[2]) > MAX_CHROMA;
  return alike / border.length < MIN_PLAIN || isColoured ? null : colour;
}

function median(values) {
  const sorted = Float32Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Return how far a round brush reaches to the side in each of its rows. */
function brush(side) {
  const reach = side >> 1;
  return Array.from({ length: side }, (_, row) => {
    const down = row - reach;
    const wide = round(reach * Math.sqrt((reach * reach - down * down) / (reach * reach)));
    return [down, wide];
  });
}

function brushed(mask, width, height, side, wanted) {
  const rows = brush(side);
  const out = new Uint8Array(mask.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let isMet = false;
      for (const [down, wide] of rows) {
        const row = y + down;
        if (row < 0 || row >= height) continue;
        const last = Math.min(x + wide, width - 1);
        for (let column = Math.max(x - wide, 0); column <= last && !isMet; column++) {
          isMet = mask[row * width + column] === wanted;
        }
        if (isMet) break;
      }
      out[y * width + x] = isMet ? wanted : 1 - wanted;
    }
  }
  return out;
}

function spread(mask, width, height, side) {
  return brushed(mask, width, height, side, 1);
}

function shrunk(mask, width, height, side) {
  return brushed(mask, width, height, side, 0);
}

/** Return every part of the mask with its outline's pixels and the area they enclose. */
function outlines(mask, width, height) {
  const part = new Int32Array(mask.length);
  const outside = filled(mask, width, height);
  const parts = [];
  for (let start = 0; start < mask.length; start++) {
    if (!mask[start] || part[start]) continue;
    const number = parts.length + 1;
    const waiting = [start];
    const edge = [];
    let pixels = 0;
    part[start] = number;
    while (waiting.length) {
      const at = waiting.pop();
      const x = at % width;
      const y = (at - x) / width;
      pixels += 1;
      let isEdge = x === 0 || y === 0 || x === width - 1 || y === height - 1;
      for (let down = -1; down <= 1; down++) {
        for (let across = -1; across <= 1; across++) {
          const column = x + across;
          const row = y + down;
          if (column < 0 || row < 0 || column >= width || row >= height) continue;
          const next = row * width + column;
          if (outside[next]) isEdge ||= across === 0 || down === 0;
          else if (!part[next]) {
            // Holes belong to the part around them.
            part[next] = number;
            waiting.push(next);
          }
        }
      }
      if (isEdge) edge.push([x, y]);
    }
    // The outline runs through its pixels' middles (Pick's theorem).
    parts.push({ edge, area: Math.max(0, pixels - edge.length / 2 - 1) });
  }
  return parts;
}

/** Return what lies outside of every part: the ground that reaches the border. */
function filled(mask, width, height) {
  const outside = new Uint8Array(mask.length);
  const waiting = [];
  const visit = (at) => {
    if (mask[at] || outside[at]) return;
    outside[at] = 1;
    waiting.push(at);
  };
  for (let x = 0; x < width; x++) {
    visit(x);
    visit((height - 1) * width + x);
  }
  for (let y = 0; y < height; y++) {
    visit(y * width);
    visit(y * width + width - 1);
  }
  while (waiting.length) {
    const at = waiting.pop();
    const x = at % width;
    if (x > 0) visit(at - 1);
    if (x < width - 1) visit(at + 1);
    if (at >= width) visit(at - width);
    if (at < mask.length - width) visit(at + width);
  }
  return outside;
}

function hullArea(points) {
  const sorted = [...points].sort((one, other) => one[0] - other[0] || one[1] - other[1]);
  const cross = (o, a, b) => (a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0]);
  const half = (some) => {
    const chain = [];
    for (const point of some) {
      while (chain.length > 1 && cross(chain.at(-2), chain.at(-1), point) <= 0) chain.pop();
      chain.push(point);
    }
    return chain.slice(0, -1);
  };
  const hull = [...half(sorted), ...half(sorted.reverse())];
  let twice = 0;
  hull.forEach(([x, y], at) => {
    const [nextX, nextY] = hull[(at + 1) % hull.length];
    twice += x * nextY - nextX * y;
  });
  return Math.abs(twice) / 2;
}
