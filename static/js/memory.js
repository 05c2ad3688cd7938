// What photos are compared with, as ml.portable packs it.
// tests/browser/test_memory.py holds the two side by side.

/** Return what a file holds: how many `axes` and `rows`, and of each layer how many
 * features and axes, is said beside it. */
export function read(content, { axes, rows, layers }) {
  const fixed = 2 * axes + 2 * rows;
  const features = (content.byteLength - 4 * fixed) / (8 + axes + rows);
  let at = 0;
  const take = (Kind, count) => {
    const found = new Kind(content, at, count);
    at += found.byteLength;
    return found;
  };
  return {
    features,
    layers,
    middle: take(Float32Array, features),
    spread: take(Float32Array, features),
    bends: take(Float32Array, axes),
    axisSteps: take(Float32Array, axes),
    steps: take(Float32Array, rows),
    offsets: take(Float32Array, rows),
    axes: take(Int8Array, axes * features),
    kernels: take(Int8Array, rows * features),
  };
}

/** Return rows from one on, to be compared with by another file's whitening. */
export function rowsFrom({ features, steps, offsets, kernels }, first) {
  return {
    steps: steps.slice(first),
    offsets: offsets.slice(first),
    kernels: kernels.slice(first * features),
  };
}

/** Return the mean of photos' embeddings, at unit length. */
export function unitMean(embeddings) {
  const sum = new Float64Array(embeddings[0].length);
  for (const one of embeddings) one.forEach((value, at) => (sum[at] += value));
  const length = Math.hypot(...sum);
  return sum.map((value) => value / length);
}

/** Return what each row, and each of `further` rows, claims of an embedding: for
 * prototypes it is their cosine. */
export function claims(memory, embedding, further = []) {
  const { middle, spread, bends, axisSteps, layers } = memory;
  const standard = embedding.map((value, at) => {
    const root = Math.sign(value) * Math.sqrt(Math.abs(value));
    return (root - middle[at]) / spread[at];
  });
  const along = products(memory.axes, axisSteps, standard);
  let from = 0;
  let axis = 0;
  for (const [features, axes] of layers) {
    let square = 0;
    for (let at = from; at < from + features; at++) square += standard[at] ** 2;
    for (const end = axis + axes; axis < end; axis++) square += bends[axis] * along[axis] ** 2;
    const length = Math.sqrt(Math.max(square, 1e-12) * layers.length);
    for (const end = from + features; from < end; from++) standard[from] /= length;
  }
  return [memory, ...further].flatMap(({ kernels, steps, offsets }) =>
    products(kernels, steps, standard).map((one, at) => one + offsets[at]),
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
