// Photos that others are compared with, as ml.portable packs them.
// tests/browser/test_memory.py holds the two side by side.

/** Return what a file holds; `axes` and `rows` say how many there are of each. */
export function read(content, { axes, rows }) {
  const fixed = 2 * axes + rows;
  const features = (content.byteLength - 4 * fixed) / (8 + axes + rows);
  let at = 0;
  const take = (Kind, count) => {
    const found = new Kind(content, at, count);
    at += found.byteLength;
    return found;
  };
  return {
    features,
    middle: take(Float32Array, features),
    spread: take(Float32Array, features),
    bends: take(Float32Array, axes),
    axisSteps: take(Float32Array, axes),
    steps: take(Float32Array, rows),
    axes: take(Int8Array, axes * features),
    kernels: take(Int8Array, rows * features),
  };
}

/** Return rows from one on, to be compared with by another file's whitening. */
export function rowsFrom({ features, steps, kernels }, first) {
  return { steps: steps.slice(first), kernels: kernels.slice(first * features) };
}

/** Return the mean of photos' embeddings, at unit length. */
export function unitMean(embeddings) {
  const sum = new Float64Array(embeddings[0].length);
  for (const one of embeddings) one.forEach((value, at) => (sum[at] += value));
  const length = Math.hypot(...sum);
  return sum.map((value) => value / length);
}

/** Return the cosines of an embedding and each row, and each of `further` rows. */
export function similarities(memory, embedding, further = []) {
  const { middle, spread, bends, axisSteps } = memory;
  const standard = embedding.map((value, at) => {
    const root = Math.sign(value) * Math.sqrt(Math.abs(value));
    return (root - middle[at]) / spread[at];
  });
  let square = standard.reduce((sum, one) => sum + one * one, 0);
  products(memory.axes, axisSteps, standard).forEach((along, axis) => {
    square += bends[axis] * along * along;
  });
  const length = Math.sqrt(Math.max(square, 1e-12));
  return [memory, ...further].flatMap(({ kernels, steps }) =>
    products(kernels, steps, standard).map((one) => one / length),
  );
}

function products(rows, steps, vector) {
  const { length } = vector;
  return Array.from(steps, (step, row) => {
    let sum = 0;
    const from = row * length;
    for (let at = 0; at < length; at++) sum += rows[from + at] * vector[at];
    return step * sum;
  });
}
