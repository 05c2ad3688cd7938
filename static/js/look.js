// How a photo is looked at before the network is asked: the same as ml/predict.py's
// `look`, so that the browser and the server answer alike. tests/browser/test_parity.py
// compares the steps pixel by pixel.

import { resample, smallCopy, square } from "./pixels.js";
import { checkQuality } from "./quality.js";
import { findRegion } from "./region.js";

export { dominant } from "./colour.js";
export { kept, resample, smallCopy, square } from "./pixels.js";
export { checkQuality } from "./quality.js";
export { findRegion } from "./region.js";

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

const CORNERS = [0, 1].flatMap((x) => [0, 1].map((y) => ({ fraction: 0.5, x, y })));

/** Return what is looked at besides the usual squares where a few photos are all that is
 * known: the corners, and the usual ones mirrored. See ml.predict.Predictor.embed. */
export function closer(picture, { region, squares }, input) {
  const corners = CORNERS.map((view) =>
    resample(picture, square(picture, input.region ? region : null, view), input.size),
  );
  return [...corners, ...squares.map((one) => mirrored(one, input.size))];
}

function mirrored(pixels, size) {
  return pixels.map((_, at) => {
    const x = Math.floor(at / 3) % size;
    return pixels[at + 3 * (size - 1 - 2 * x)];
  });
}

