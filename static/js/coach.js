// What would make a better photo, of what was seen in it: ml/coach.py.
// tests/browser/test_parity.py holds the two side by side.

const FAR = 0.45;
const SURE = 0.6;

/** Return what whoever takes the photo might do better: "far", "several".
 *
 * `places` is the network's map of the first view, row by row, the labels of a place
 * beside each other.
 */
export function hints(region, places, model) {
  const said = [];
  if (!region.isWhole && region.share < FAR) said.push("far");
  if (hasSeveral(places, model)) said.push("several");
  return said;
}

/** Whether opposite halves are each sure of another motif. */
function hasSeveral(places, model) {
  const side = Math.round(Math.sqrt(places.length / model.labels.length));
  const half = Math.floor(side / 2);
  const far = side - half;
  const opposite = [
    [(_, column) => column < half, (_, column) => column >= far],
    [(row) => row < half, (row) => row >= far],
  ];
  return opposite.some((halves) => {
    const [one, other] = halves.map((isIn) => sure(places, side, isIn, model));
    return one !== null && other !== null && one !== other;
  });
}

/** Return the motif that part of the map is sure of, or null. */
function sure(places, side, isIn, { labels, unknown_labels: unknown }) {
  const sums = labels.map(() => 0);
  let count = 0;
  for (let place = 0; place < side * side; place++) {
    if (!isIn(Math.floor(place / side), place % side)) continue;
    count += 1;
    labels.forEach((_, at) => (sums[at] += places[place * labels.length + at]));
  }
  const top = Math.max(...sums);
  const powers = sums.map((sum) => Math.exp((sum - top) / count));
  const total = powers.reduce((all, one) => all + one, 0);
  let best = null;
  labels.forEach((label, at) => {
    if (!unknown.includes(label) && (best === null || powers[at] > powers[best])) best = at;
  });
  return best !== null && powers[best] / total >= SURE ? labels[best] : null;
}
