// An answer that was found on this device, put into the page's words.

import { Recogniser, available, isKept } from "./device.js";
import { answer as decide, suggest, unknownScore } from "./rules.js";

const DYES = { motif: "green", either: "yellow", unknown: "black" };

const source = document.getElementById("live-words");
export const words = source?.dataset ?? {};
const names = new Map(
  [...document.querySelectorAll("#known [data-label]")].map((item) => [
    item.dataset.label,
    { name: item.textContent.trim(), url: item.dataset.url },
  ]),
);

/** Return what an answer says, as nodes: its motifs as links, or why there is none. */
export function sentence({ kind, labels, reason }) {
  const known = labels.map((label) => names.get(label)).filter(Boolean);
  if (kind === "unknown" || known.length < labels.length) {
    return [words[reason] ?? words.low_scores];
  }
  const nodes = kind === "motif" ? [] : [`${words.either} `];
  known.forEach(({ name, url }, at) => {
    const link = Object.assign(document.createElement("a"), { href: url, lang: "bjn" });
    link.textContent = name;
    if (at) nodes.push(at === known.length - 1 ? words.or : ", ");
    nodes.push(link);
  });
  return nodes;
}

/** Write the best motifs' scores, and that of none, into a list of four rows. */
export function writeScores(list, scores, model) {
  const rows = [
    ...suggest(scores, model).map(([label, score]) => [names.get(label)?.name, score]),
    [words.none, unknownScore(scores, model)],
  ];
  rows.forEach(([name, score], at) => {
    const [title, value, bar] = list.children[at].children;
    if (title.textContent !== name) title.textContent = name ?? "";
    value.textContent = score.toFixed(2);
    bar.firstElementChild.setAttribute("width", `${Math.round(100 * score)}%`);
  });
}

let recogniser = null;
let model = null;

/** Answer photos of one cloth without the server, as a section to show.
 *
 * Null where the recogniser is not on this device or cannot read the photos.
 */
export async function answerHere(files) {
  const places = document.getElementById("local")?.dataset;
  if (!places) return null;
  try {
    model ??= await available(places);
    if (!model || !(await isKept(model))) return null;
    recogniser ??= await Recogniser.start(places, model);
    const looks = [];
    for (const file of files) {
      const picture = await createImageBitmap(file, {
        imageOrientation: "from-image",
        colorSpaceConversion: "none",
      });
      looks.push(await recogniser.look(picture, file.type === "image/jpeg"));
    }
    return section(looks);
  } catch {
    return null;
  }
}

function section(looks) {
  const usable = looks.filter((one) => one.quality.usable);
  const asked = usable.length ? usable : looks;
  const scores = {};
  for (const label of model.labels) {
    scores[label] = asked.reduce((sum, one) => sum + one.scores[label], 0) / asked.length;
  }
  const answer = decide(scores, model, usable.length > 0);
  const made = document.createElement("section");
  made.className = "answer";
  made.dataset.kind = answer.kind;
  made.dataset.dye = DYES[answer.kind];
  const title = document.createElement("h2");
  title.className = "answer-title";
  title.append(...sentence(answer));
  const note = document.createElement("p");
  note.className = "answer-message";
  note.textContent = words.here;
  const list = document.querySelector("[data-live=scores]").cloneNode(true);
  list.removeAttribute("data-live");
  writeScores(list, scores, model);
  const version = document.createElement("p");
  version.className = "note";
  version.textContent = `${model.version}, ${model.sha256.slice(0, 12)}`;
  made.append(title, note, list, version);
  return made;
}
