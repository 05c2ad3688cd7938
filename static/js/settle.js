// Scores of a moving picture, made calm: they are averaged over time, and an answer is
// shown only when it has stayed the same for a moment.

const SHARE = 0.35; // of each new frame in the average
const STEADY = 4; // frames that must agree before the answer changes
const STEADY_FIRST = 2; // and before there is any: nothing can flicker yet
const CLEAR = ["recognised", "seed_model"]; // reasons of which one frame convinces

export class Settled {
  #decide;
  #scores = null;
  #distance = null;
  #candidate = "";
  #count = 0;
  answer = null;

  /** `decide(scores, isUsable, distance)` turns them into { kind, labels, reason }. */
  constructor(decide) {
    this.#decide = decide;
  }

  /** Take a frame's scores, and its distance from what is known if the model has one;
   * return whether the settled answer has changed. */
  take(scores, isUsable, distance = null) {
    this.#scores ??= { ...scores };
    for (const label of Object.keys(scores)) {
      this.#scores[label] += SHARE * (scores[label] - this.#scores[label]);
    }
    this.#distance ??= distance;
    this.#distance += SHARE * (distance - this.#distance);
    const said = this.#decide(this.#scores, isUsable, this.#distance);
    // In which order two close motifs come is no change of the answer.
    const name = [said.kind, said.reason, ...[...said.labels].sort()].join(" ");
    this.#count = name === this.#candidate ? this.#count + 1 : 1;
    this.#candidate = name;
    const shown = this.answer?.name;
    const first = CLEAR.includes(said.reason) ? 1 : STEADY_FIRST;
    const needed = this.answer ? STEADY : first;
    if (this.#count < needed || name === shown) return false;
    this.answer = { ...said, name };
    return true;
  }

  get scores() {
    return this.#scores;
  }

  forget() {
    this.#scores = null;
    this.#distance = null;
    this.#candidate = "";
    this.#count = 0;
    this.answer = null;
  }
}
