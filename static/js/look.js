// How a photo is looked at before the network is asked: the same as ml/images.py,
// ml/region.py, ml/quality.py and ml/colour.py, step by step, so that the browser and
// the server answer alike. tests/browser/test_parity.py compares them pixel by pixel.
//
// A picture is { width, height, data }, data RGBA in 0..255 as canvas gives it.

const KEPT_SIDE = 384;
const MAX_KEPT_PIXELS = 4_000_000;
const MIN_SIDE = 64;

/** Round as Python does: halves to the even number. */
function round(number) {
  const low = Math.floor(number);
  if (number - low !== 0.5) return Math.round(number);
  return low % 2 ? low + 1 : low;
}

function clamp(value, least, most) {
  return Math.min(Math.max(value, least), most);
}

/** Mirror a position at the picture's edges, the edge itself once (reflect 101). */
function mirrored(at, length) {
  if (length === 1) return 0;
  const period = 2 * (length - 1);
  const inside = Math.abs(at) % period;
  return inside < length ? inside : period - inside;
}

// Size

/** Return the means of whole blocks of factor x factor pixels. */
export function reduce(picture, factor) {
  if (factor <= 1) return picture;
  const width = Math.ceil(picture.width / factor);
  const height = Math.ceil(picture.height / factor);
  const data = new Uint8ClampedArray(width * height * 4);
  for (let y = 0; y < height; y++) {
    const bottom = Math.min((y + 1) * factor, picture.height);
    for (let x = 0; x < width; x++) {
      const right = Math.min((x + 1) * factor, picture.width);
      let red = 0;
      let green = 0;
      let blue = 0;
      for (let row = y * factor; row < bottom; row++) {
        let at = (row * picture.width + x * factor) * 4;
        for (let column = x * factor; column < right; column++, at += 4) {
          red += picture.data[at];
          green += picture.data[at + 1];
          blue += picture.data[at + 2];
        }
      }
      const count = (bottom - y * factor) * (right - x * factor);
      const to = (y * width + x) * 4;
      data[to] = mean(red, count);
      data[to + 1] = mean(green, count);
      data[to + 2] = mean(blue, count);
      data[to + 3] = 255;
    }
  }
  return { width, height, data };
}

/** Divide as Pillow does: by a whole multiplier, which is at times a hair too small. */
function mean(sum, count) {
  const multiplier = Math.floor(2 ** 32 / (256 * count));
  return Math.floor(((sum + (count >> 1)) * multiplier) / 2 ** 24);
}

/** Return a photo no larger than is needed, as ml.images.open_image keeps it. */
export function kept(picture, isJpeg) {
  let image = picture;
  if (isJpeg) {
    const scale = Math.max(1, Math.min(image.width, image.height) / KEPT_SIDE);
    const wide = Math.floor(image.width / Math.trunc(image.width / scale));
    const high = Math.floor(image.height / Math.trunc(image.height / scale));
    const least = Math.min(wide, high);
    image = reduce(image, [8, 4, 2, 1].find((one) => least >= one) ?? 1);
  }
  const short = Math.min(image.width, image.height);
  const area = Math.sqrt((image.width * image.height) / MAX_KEPT_PIXELS);
  const factor = Math.max(Math.floor(short / KEPT_SIDE), Math.ceil(area));
  return reduce(image, Math.min(factor, Math.max(1, Math.floor(short / MIN_SIDE))));
}

/** Return a copy of at most 320 pixels a side; see ml.images.small_copy. */
export function smallCopy(picture, longest = 320) {
  const scale = longest / Math.max(picture.width, picture.height);
  if (scale >= 1) return picture;
  const width = Math.max(1, round(picture.width * scale));
  const height = Math.max(1, round(picture.height * scale));
  return linear(reduce(picture, Math.floor(1 / scale)), width, height);
}

/** Resize without antialiasing, for steps below 2, in OpenCV's whole numbers. */
function linear(picture, width, height) {
  const data = new Uint8ClampedArray(width * height * 4).fill(255);
  const across = steps(picture.width, width);
  const down = steps(picture.height, height);
  for (let y = 0; y < height; y++) {
    const [top, bottom, under, over] = down[y];
    for (let x = 0; x < width; x++) {
      const [left, right, after, before] = across[x];
      for (let channel = 0; channel < 3; channel++) {
        const value = (row, column) =>
          picture.data[(row * picture.width + column) * 4 + channel];
        const above = value(top, left) * before + value(top, right) * after;
        const below = value(bottom, left) * before + value(bottom, right) * after;
        data[(y * width + x) * 4 + channel] =
          (((over * (above >> 4)) >> 16) + ((under * (below >> 4)) >> 16) + 2) >> 2;
      }
    }
  }
  return { width, height, data };
}

/** Return per pixel the two that it lies between and their shares in 2048ths. */
function steps(from, to) {
  return Array.from({ length: to }, (_, at) => {
    const place = clamp(Math.fround(((at + 0.5) * from) / to - 0.5), 0, from - 1);
    const first = Math.floor(place);
    const share = place - first;
    const next = Math.min(first + 1, from - 1);
    return [first, next, round(share * 2048), round((1 - share) * 2048)];
  });
}

// The squares that the network sees

/** Return { x, y, width, height } of a view in pixels of the picture. */
export function square(picture, region, view) {
  const left = region ? region.x * picture.width : 0;
  const top = region ? region.y * picture.height : 0;
  const wide = region ? region.width * picture.width : picture.width;
  const high = region ? region.height * picture.height : picture.height;
  const side = Math.max(1, Math.min(wide, high) * view.fraction);
  const x = clamp(left + (wide - side) * view.x, 0, Math.max(0, picture.width - side));
  const y = clamp(top + (high - side) * view.y, 0, Math.max(0, picture.height - side));
  return {
    x,
    y,
    width: Math.min(x + side, picture.width) - x,
    height: Math.min(y + side, picture.height) - y,
  };
}

/** Return a box of a picture as (size, size, 3) floats in 0..255, antialiased once.
 *
 * The bilinear filter widens as it reduces and both passes round, as in Pillow.
 */
export function resample(picture, box, size) {
  const across = weights(picture.width, box.x, box.width, size);
  const down = weights(picture.height, box.y, box.height, size);
  const top = down[0].first;
  const bottom = down[size - 1].first + down[size - 1].shares.length;
  const rows = new Uint8ClampedArray((bottom - top) * size * 3);
  for (let y = top; y < bottom; y++) {
    for (let x = 0; x < size; x++) {
      const { first, shares } = across[x];
      let red = 0;
      let green = 0;
      let blue = 0;
      let at = (y * picture.width + first) * 4;
      for (let n = 0; n < shares.length; n++, at += 4) {
        red += picture.data[at] * shares[n];
        green += picture.data[at + 1] * shares[n];
        blue += picture.data[at + 2] * shares[n];
      }
      const to = ((y - top) * size + x) * 3;
      rows[to] = Math.floor(red + 0.5);
      rows[to + 1] = Math.floor(green + 0.5);
      rows[to + 2] = Math.floor(blue + 0.5);
    }
  }
  const pixels = new Float32Array(size * size * 3);
  for (let y = 0; y < size; y++) {
    const { first, shares } = down[y];
    for (let at = 0; at < size * 3; at++) {
      let sum = 0;
      for (let n = 0; n < shares.length; n++) {
        sum += rows[(first - top + n) * size * 3 + at] * shares[n];
      }
      pixels[y * size * 3 + at] = clamp(Math.floor(sum + 0.5), 0, 255);
    }
  }
  return pixels;
}

function weights(length, start, side, size) {
  const scale = side / size;
  const wide = Math.max(scale, 1);
  return Array.from({ length: size }, (_, at) => {
    const centre = start + (at + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - wide + 0.5));
    const last = Math.min(length, Math.trunc(centre + wide + 0.5));
    const shares = [];
    let total = 0;
    for (let n = first; n < last; n++) {
      const share = Math.max(0, 1 - Math.abs((n - centre + 0.5) / wide));
      shares.push(share);
      total += share;
    }
    return { first, shares: shares.map((share) => share / total) };
  });
}

// Where the cloth is: ml/region.py

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
  for (let at = 0; at < width * height; at++) {
    const colour = lab(data[at * 4], data[at * 4 + 1], data[at * 4 + 2]);
    colours.set(colour, at * 3);
  }
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
  const data = new Uint8ClampedArray(width * height * 4).fill(255);
  const taps = [1, 4, 6, 4, 1];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let channel = 0; channel < 3; channel++) {
        let sum = 0;
        for (let down = -2; down <= 2; down++) {
          const row = mirrored(2 * y + down, picture.height) * picture.width;
          let line = 0;
          for (let across = -2; across <= 2; across++) {
            const column = mirrored(2 * x + across, picture.width);
            line += taps[across + 2] * picture.data[(row + column) * 4 + channel];
          }
          sum += taps[down + 2] * line;
        }
        data[(y * width + x) * 4 + channel] = (sum + 128) >> 8;
      }
    }
  }
  return { width, height, data };
}

/** Return CIELAB (D65) of an sRGB colour. */
function lab(red, green, blue) {
  const [r, g, b] = [red, green, blue].map((level) => {
    const share = level / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  const bent = (t) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
  const x = bent((0.412453 * r + 0.35758 * g + 0.180423 * b) / 0.950456);
  const light = 0.212671 * r + 0.71516 * g + 0.072169 * b;
  const y = bent(light);
  const z = bent((0.019334 * r + 0.119193 * g + 0.950227 * b) / 1.088754);
  const lightness = light > 0.008856 ? 116 * y - 16 : 903.3 * light;
  return [lightness, 500 * (x - y), 200 * (y - z)];
}

function apart(colours, at, [light, a, b]) {
  return Math.hypot(
    colours[at * 3] - light,
    colours[at * 3 + 1] - a,
    colours[at * 3 + 2] - b,
  );
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

// Whether the photo will do: ml/quality.py

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
  const coarse = meanDifference(
    grey,
    blurred(grey, width, height, new Array(21).fill(1 / 21)),
  );
  return coarse > ROUNDING ? Math.max(0, fine - ROUNDING) / coarse : 0;
}

function blurred(values, width, height, taps) {
  const reach = taps.length >> 1;
  const across = new Float32Array(values.length);
  const out = new Float32Array(values.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let n = -reach; n <= reach; n++) {
        sum += taps[n + reach] * values[y * width + mirrored(x + n, width)];
      }
      across[y * width + x] = sum;
    }
  }
  for (let y = 0; y < height; y++) {
    for (let n = -reach; n <= reach; n++) {
      const row = mirrored(y + n, height) * width;
      const tap = taps[n + reach];
      for (let x = 0; x < width; x++) out[y * width + x] += tap * across[row + x];
    }
  }
  return out;
}

function meanDifference(one, other) {
  let sum = 0;
  for (let at = 0; at < one.length; at++) sum += Math.abs(one[at] - other[at]);
  return sum / one.length;
}

/** Look at a photo the way that a model wants it looked at; see ml.predict.look. */
export function look(picture, input) {
  const small = smallCopy(picture);
  const region = findRegion(small);
  const boxes = input.views.map((view) =>
    square(picture, input.region ? region : null, view),
  );
  return {
    quality: checkQuality(picture, small),
    region,
    squares: boxes.map((box) => resample(picture, box, input.size)),
    boxes: boxes.map((box) => ({
      x: box.x / picture.width,
      y: box.y / picture.height,
      width: box.width / picture.width,
      height: box.height / picture.height,
    })),
    small,
  };
}
