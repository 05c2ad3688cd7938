// What becomes of a photo's pixels before the network sees them: ml/images.py.
//
// A picture is { width, height, data }, data RGBA in 0..255 as canvas gives it.

const KEPT_SIDE = 384;
const MAX_KEPT_PIXELS = 4_000_000;
const MIN_SIDE = 64;

/** Round as Python does: halves to the even number. */
export function round(number) {
  const low = Math.floor(number);
  if (number - low !== 0.5) return Math.round(number);
  return low % 2 ? low + 1 : low;
}

function clamp(value, least, most) {
  return Math.min(Math.max(value, least), most);
}

/** Mirror a position at the picture's edges, the edge itself once (reflect 101). */
export function mirrored(at, length) {
  if (length === 1) return 0;
  const period = 2 * (length - 1);
  const inside = Math.abs(at) % period;
  return inside < length ? inside : period - inside;
}

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
  const from = picture.data;
  const data = new Uint8ClampedArray(width * height * 4).fill(255);
  const across = steps(picture.width, width);
  const down = steps(picture.height, height);
  for (let y = 0, to = 0; y < height; y++) {
    const [first, second, under, over] = down[y];
    const top = first * picture.width * 4;
    const bottom = second * picture.width * 4;
    for (let x = 0; x < width; x++, to += 4) {
      const [one, next, after, before] = across[x];
      const left = one * 4;
      const right = next * 4;
      for (let n = 0; n < 3; n++) {
        const above = from[top + left + n] * before + from[top + right + n] * after;
        const below = from[bottom + left + n] * before + from[bottom + right + n] * after;
        data[to + n] =
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
