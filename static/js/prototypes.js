// Motifs that the network never learned, known by a few photos: ml/prototypes.py's `mix`.
// tests/browser/test_this_device.py holds the two side by side.

const reading = new Map();

/** Return prototypes that fit a model, read once, or null where they are not to be had. */
export async function prototypesFor(about, model) {
  if (!about || about.sha256 !== model.sha256) return null;
  if (!reading.has(about.url)) reading.set(about.url, read(about));
  const found = await reading.get(about.url);
  if (!found) reading.delete(about.url);
  return found;
}

async function read(about) {
  const response = await fetch(about.url).catch(() => null);
  const content = response?.ok ? await response.arrayBuffer().catch(() => null) : null;
  if (!content) return null;
  const { axes, labels } = about;
  // See ml.prototypes.Portable: floats, then a byte for each feature of each axis.
  const features = (content.byteLength - 8 * axes) / (8 + 4 * labels.length + axes);
  let at = 0;
  const floats = (count) => {
    const found = new Float32Array(content, at, count);
    at += 4 * count;
    return found;
  };
  return {
    ...about,
    features,
    middle: floats(features),
    spread: floats(features),
    kernels: floats(labels.length * features),
    bends: floats(axes),
    steps: floats(axes),
    bytes: new Int8Array(content, at, axes * features),
  };
}

function dot(rows, row, other) {
  let sum = 0;
  const from = row * other.length;
  for (let at = 0; at < other.length; at++) sum += rows[from + at] * other[at];
  return sum;
}

/** Return the model with the new motifs among its labels, for the rules. */
export function extended(model, known) {
  return { ...model, labels: [...model.labels, ...Object.keys(known.photos)] };
}

/** Return the network's scores with those of the new motifs among them.
 *
 * `embeddings` are of all photos of one cloth, looked at closely.
 */
export function mix(scores, embeddings, known) {
  const { features, middle, spread, kernels, bends, steps, bytes, labels } = known;
  const mean = new Float64Array(features);
  for (const one of embeddings) one.forEach((value, at) => (mean[at] += value));
  const length = Math.hypot(...mean);
  const standard = mean.map((value, at) => {
    const part = value / length;
    return (Math.sign(part) * Math.sqrt(Math.abs(part)) - middle[at]) / spread[at];
  });
  let square = dot(standard, 0, standard);
  bends.forEach((bend, axis) => {
    square += bend * (steps[axis] * dot(bytes, axis, standard)) ** 2;
  });
  const whitened = Math.sqrt(Math.max(square, 1e-12));
  const powers = labels.map((_, at) =>
    Math.exp((known.sharpness * dot(kernels, at, standard)) / whitened),
  );
  const total = powers.reduce((sum, one) => sum + one, 0);
  const share = (label) => powers[labels.indexOf(label)] / total;
  const added = Object.fromEntries(Object.keys(known.photos).map((x) => [x, share(x)]));
  const rest = 1 - Object.values(added).reduce((sum, one) => sum + one, 0);
  const kept = Object.entries(scores).map(([label, score]) => [label, score * rest]);
  return { ...Object.fromEntries(kept), ...added };
}
