// From scores to an answer, by the rules in the model's manifest: ml/predict.py's
// `suggest` and `answer`. tests/browser/test_parity.py holds them side by side.

const OTHER_CLOTH = "other-cloth";

function motifsOf(model) {
  return model.labels.filter((label) => !model.unknown_labels.includes(label));
}

/** Return the motifs with the best scores, as [label, score], best first. */
export function suggest(scores, model) {
  return motifsOf(model)
    .map((label) => [label, scores[label]])
    .sort((one, other) => other[1] - one[1])
    .slice(0, model.answer.most);
}

/** Return the sum of the scores of labels that are no motif. */
export function unknownScore(scores, model) {
  return model.unknown_labels.reduce((sum, label) => sum + scores[label], 0);
}

/** Whether a photo is too unlike everything known: ml.rejection's `Rule`.
 *
 * `distance` is to the nearest motif: 1 less what it claims of the photo.
 */
function isRejected(scores, distance, model) {
  const rule = model.answer.rejection;
  if (!rule) return false;
  const doubt = 1 - Math.max(...motifsOf(model).map((label) => scores[label]));
  const kept = Math.min(Math.max(doubt, 1e-6), 1 - 1e-6);
  const values = { distance_to_motifs: distance, doubt: Math.log(kept / (1 - kept)) };
  // An earlier model's rule, which is made of something else, rejects nothing.
  if (Object.keys(rule.parts).some((name) => !(name in values))) return false;
  const parts = Object.entries(rule.parts).map(
    ([name, [middle, spread]]) => (values[name] - middle) / spread,
  );
  return parts.reduce((sum, one) => sum + one, 0) / parts.length >= rule.threshold;
}

/** Decide what to say: { kind, labels, reason }. */
export function answer(scores, model, isUsable, distance = null) {
  const limits = model.answer.thresholds;
  const said = (kind, labels, reason) => ({ kind, labels, reason });
  if (!isUsable) return said("unknown", [], "unusable");
  if (model.unknown_labels.length && unknownScore(scores, model) >= limits.unknown) {
    const best = model.unknown_labels.reduce((one, other) =>
      scores[other] > scores[one] ? other : one,
    );
    return said("unknown", [], best === OTHER_CLOTH ? "other_cloth" : "not_cloth");
  }
  if (isRejected(scores, distance, model)) return said("unknown", [], "low_scores");
  const ranked = suggest(scores, model);
  const [best, score] = ranked[0];
  const runnerUp = ranked[1]?.[1] ?? 0;
  const isConformal = typeof limits.conformal === "number";
  let isClear = score >= limits.single && score - runnerUp >= limits.either_margin;
  if (isConformal) {
    const likely = motifsOf(model).filter((label) => scores[label] >= limits.conformal);
    if (likely.length < 1 || likely.length > Math.min(3, model.answer.most)) {
      return said("unknown", [], "low_scores");
    }
    isClear = isClear && likely.length === 1;
  }
  if (isClear && model.answer.single.includes(best)) {
    return said("motif", [best], "recognised");
  }
  if (ranked.length < 2) return said("unknown", [], "low_scores");
  let near;
  if (isConformal) {
    near = ranked.filter(([, one]) => one >= limits.conformal);
  } else if (ranked.reduce((sum, [, one]) => sum + one, 0) < limits.either) {
    return said("unknown", [], "low_scores");
  } else {
    near = ranked.filter(([, one]) => one >= score - limits.either_margin);
  }
  const offered = (near.length > 1 ? near : ranked.slice(0, 2)).map(([label]) => label);
  return said("either", offered, isClear ? "seed_model" : "close_scores");
}
