// Motifs that the network never learned, known by a few photos: ml/prototypes.py's `mix`.
// tests/browser/test_this_device.py holds the two side by side.

import { forgetBut, kept } from "./device.js";
import { claims, read, rowsFrom, unitMean } from "./memory.js";

const FOLDER = "/files/prototypes/";
const reading = new Map();

/** Delete prototypes that the page does not name: photos in them were taken back. */
export function forgetOthers(about) {
  return forgetBut(about?.url, FOLDER).catch(() => {});
}

/** Return prototypes that fit a model, read once, or null where they are not to be had. */
export async function prototypesFor(about, model) {
  if (!about || about.sha256 !== model.sha256) return null;
  if (!reading.has(about.url)) reading.set(about.url, load(about).catch(() => null));
  const found = await reading.get(about.url);
  if (!found) reading.delete(about.url);
  return found;
}

async function load(about) {
  const content = await kept(about.url);
  if (!content) return null;
  const memory = read(content, about);
  // Behind the prototypes come the photos themselves, among what is near enough.
  return { ...about, memory, near: rowsFrom(memory, 2 * about.labels.length) };
}

/** Return the model with the new motifs among its labels, for the rules. */
export function extended(model, known) {
  return known ? { ...model, labels: [...model.labels, ...Object.keys(known.photos)] } : model;
}

/** Return the new motifs' scores.
 *
 * `embeddings` are of all photos of one cloth, looked at closely.
 */
export function newScores(embeddings, known) {
  const { labels, memory, photos, sharpness } = known;
  const cosines = claims(memory, unitMean(embeddings));
  // A prototype's row and, further on, what rounding took from it.
  const powers = labels.map((_, at) =>
    Math.exp(sharpness * (cosines[at] + cosines[at + labels.length])),
  );
  const total = powers.reduce((sum, one) => sum + one, 0);
  const share = (label) => powers[labels.indexOf(label)] / total;
  return Object.fromEntries(Object.keys(photos).map((label) => [label, share(label)]));
}

/** Return the network's scores, which make room for those of the new motifs. */
export function mix(scores, added) {
  const rest = 1 - Object.values(added).reduce((sum, one) => sum + one, 0);
  const left = Object.entries(scores).map(([label, score]) => [label, score * rest]);
  return { ...Object.fromEntries(left), ...added };
}
