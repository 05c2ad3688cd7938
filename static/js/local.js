// An answer that was found on this device, put into the page's words.

import { available, keptModel, recogniser } from "./device.js";
import { draw, swatch } from "./overlay.js";
import { extended, forgetOthers, mix, newScores, prototypesFor } from "./prototypes.js";
import { answer as decide, suggest, unknownScore } from "./rules.js";

const DYES = { motif: "green", either: "yellow", unknown: "black" };
const NAMES = "{motifs}";
const MEGABYTE = 1024 * 1024;

export const words = document.getElementById("live-words")?.dataset ?? {};
const facts = JSON.parse(document.getElementById("local-facts")?.textContent ?? "null");
const motifs = facts?.motifs ?? {};

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function link(motif, attributes = {}) {
  const about = { href: motif.url, lang: "bjn", ...attributes };
  return element("a", about, motif.name);
}

/** Return an answer that names only motifs of the catalogue, and each once. */
function inCatalogue(answer) {
  const slugs = new Set(answer.labels.map((label) => motifs[label]?.slug));
  if (!slugs.has(undefined) && slugs.size === answer.labels.length) return answer;
  return { kind: "unknown", labels: [], reason: "low_scores" };
}

/** Return what an answer says, as nodes: its motifs as links, or why there is none. */
export function sentence(answer) {
  const { kind, labels, reason } = inCatalogue(answer);
  if (kind === "unknown") return [words[reason] ?? words.low_scores];
  const nodes = kind === "motif" ? [] : [`${words.either} `];
  labels.forEach((label, at) => {
    if (at) nodes.push(at === labels.length - 1 ? words.or : ", ");
    nodes.push(link(motifs[label]));
  });
  return nodes;
}

/** Write the best motifs' scores, and that of none, into a list of four rows. */
export function writeScores(list, scores, model) {
  const rows = [
    ...suggest(scores, model).map(([label, score]) => [motifs[label]?.name, score]),
    [words.none, unknownScore(scores, model)],
  ];
  rows.forEach(([name, score], at) => {
    const [title, value, bar] = list.children[at].children;
    if (title.textContent !== name) title.textContent = name ?? "";
    value.textContent = written(score);
    bar.firstElementChild.setAttribute("width", `${Math.round(100 * score)}%`);
  });
}

export const places = document.getElementById("local")?.dataset ?? null;
let asking = null;

/** Return the model that this device can answer with, or null. */
export async function localModel() {
  if (!places || !facts) return null;
  asking ??= available(places);
  const model = await asking;
  // Without an answer it is asked again the next time.
  if (!model) asking = null;
  return model;
}

/** Ask the site again which model it has: the one that it named cannot be had. */
export function forgetModel() {
  asking = null;
}

// Asked for while the page is still being read.
localModel();
if (facts) forgetOthers(facts.prototypes);

/** Say what is on the device already, or how much would be fetched; null for never. */
export async function sizeSentence() {
  const [model, kept] = [await localModel(), places && (await keptModel(places))];
  if (!model && !kept) return null;
  if (!model || model.sha256 === kept?.sha256) return words.kept;
  const bytes = model.bytes + (model.memory?.bytes ?? 0) + Number(places.runtimeBytes);
  return words.size.replace("{size}", (bytes / MEGABYTE).toFixed(1));
}

/** Answer photos of one cloth without the server: { section, overlay }.
 *
 * Null where the recogniser is not on this device, and may not be fetched now, or cannot
 * read the photos.
 */
export async function answerHere(files, { note, mayFetch = false, onProgress }) {
  if (!places || !facts) return null;
  try {
    if (!mayFetch && !(await keptModel(places))) return null;
    const finding = mayFetch ? localModel() : null;
    const looking = await recogniser(places, finding, onProgress);
    const known = await newMotifs(looking);
    const looks = [];
    for (const file of files) {
      const picture = await createImageBitmap(file, {
        imageOrientation: "from-image",
        colorSpaceConversion: "none",
      });
      const isJpeg = file.type === "image/jpeg";
      const how = { isJpeg, isClose: Boolean(known) };
      looks.push(await looking.look(picture, how));
    }
    const asked = looks.filter((one) => one.quality.usable);
    const distance = await looking.distance(asked.length ? asked : looks);
    const made = section(looks, note, looking.model, known, distance);
    return { section: made, overlay: overlay(looks) };
  } catch {
    forgetModel();
    return null;
  }
}

/** Return the motifs that the model never learned, which `looking` then knows, or null. */
export async function newMotifs(looking) {
  const known = await prototypesFor(facts.prototypes, looking.model);
  await looking.know(known);
  return known;
}

function overlay(looks) {
  const [{ region, map, map_box: box }] = looks;
  const { side, values } = map;
  const rows = Array.from({ length: side }, (_, at) =>
    values.slice(at * side, (at + 1) * side),
  );
  const heat = values.some((value) => value > 0) ? { ...box, values: rows } : null;
  return draw({ region, heat });
}

function section(looks, note, network, known, distance) {
  const usable = looks.filter((one) => one.quality.usable);
  const asked = usable.length ? usable : looks;
  const model = extended(network, known);
  let scores = {};
  for (const label of network.labels) {
    scores[label] = asked.reduce((sum, one) => sum + one.scores[label], 0) / asked.length;
  }
  if (known) scores = mix(scores, newScores(asked.map(({ close }) => close), known));
  const answer = inCatalogue(decide(scores, model, usable.length > 0, distance));
  const elapsed = looks.reduce((sum, one) => sum + one.elapsed_ms, 0);
  const named = answer.labels.map((label) => motifs[label]);
  const about = { class: "answer", "data-kind": answer.kind, "data-dye": DYES[answer.kind] };
  return element(
    "section",
    about,
    element("h2", { class: "answer-title" }, title(answer.kind, named)),
    element("p", { class: "answer-message" }, message(answer.reason, named)),
    ...(usable.length ? [] : looks[0].quality.reasons).map((reason) =>
      element("p", { class: "answer-message" }, facts.quality[reason] ?? reason),
    ),
    ...asked[0].hints
      .filter((hint) => asked.every(({ hints }) => hints.includes(hint)))
      .map((hint) => element("p", { class: "answer-message" }, facts.hints[hint])),
    ...(answer.kind === "motif" ? [one(answer.labels[0])] : []),
    ...(answer.kind === "either" ? several(answer.labels) : []),
    ...record(answer, scores, model),
    weighed(scores, model, known),
    ...(facts.server_only && !known ? [element("p", { class: "note" }, facts.server_only)] : []),
    element("p", { class: "note" }, note),
    element("dl", { class: "answer-facts" }, ...colours(asked[0].colours), by(elapsed, model)),
  );
}

function title(kind, named) {
  if (kind === "motif") return element("span", { lang: "bjn" }, named[0].name);
  if (kind === "unknown") return facts.words.unknown;
  const counts = { 2: facts.words.two, 3: facts.words.three };
  return counts[named.length] ?? facts.words.perhaps;
}

function message(reason, named) {
  const text = facts.messages[reason] ?? facts.messages.low_scores;
  const names = named.map(({ name }) => name);
  const last = names.pop() ?? "";
  return text.replace(NAMES, names.length ? names.join(", ") + words.or + last : last);
}

/** Return what experts said when this model said this: classifier.track_record's words. */
function record({ labels: [first] }, scores, model) {
  const kept = facts.record;
  // A model that this device kept from earlier has another record.
  if (!first || kept?.sha256 !== model.sha256) return [];
  const band = kept.bands.filter((start) => scores[first] >= start).length - 1;
  const found = kept.motifs[first]?.[band];
  if (!found) return [];
  const [agreed, cases, low, high] = found;
  const figures = { agreed, cases, low, high, motifs: motifs[first].name };
  const text = facts.words.record.replace(/\{(\w+)\}/g, (_, name) => figures[name]);
  return [element("p", { class: "note answer-record" }, text)];
}

/** Write a score as the page's language does. */
function written(score) {
  const places = { minimumFractionDigits: 2, maximumFractionDigits: 2 };
  return score.toLocaleString(document.documentElement.lang, places);
}

/** Return a motif's drawing; its picture as cloth may not be on this device. */
function cloth(label) {
  const drawn = document.querySelector(`[data-cloth="${CSS.escape(label ?? "")}"]`);
  if (drawn) return document.importNode(drawn.content, true);
  return element("span", { class: "cloth cloth-none" }, element("span", { class: "resist-rule" }));
}

function one(label) {
  const motif = motifs[label];
  const made = element("div", { class: "answer-motif" }, cloth(label));
  if (motif.gloss) made.append(element("p", { class: "card-gloss" }, motif.gloss));
  if (motif.summary) made.append(element("p", { class: "story" }, motif.summary));
  const read = facts.words.read.replace(NAMES, motif.name);
  const about = { class: "button button-main", href: motif.url };
  made.append(element("a", about, read));
  return made;
}

function several(labels) {
  const cards = labels.map((label) => {
    const { gloss } = motifs[label];
    return element(
      "li",
      { class: "card" },
      cloth(label),
      element("h3", { class: "card-name" }, link(motifs[label])),
      ...(gloss ? [element("p", { class: "card-gloss" }, gloss)] : []),
    );
  });
  const tells = facts.tells.filter((tell) =>
    tell.labels.every((label) => labels.includes(label)),
  );
  return [
    element("ul", { class: "answer-either" }, ...cards),
    ...tells.map(({ text, language }) =>
      element(
        "div",
        { class: "notice answer-tell" },
        element("p", { class: "legend" }, facts.words.apart),
        element("p", language ? { lang: language } : {}, text),
      ),
    ),
  ];
}

function weighed(scores, model, known) {
  const rows = suggest(scores, model)
    .filter(([label]) => motifs[label])
    .map(([label, score]) => {
      const motif = motifs[label];
      const name = link(motif, { class: "score-name", "data-slug": motif.slug });
      return row({}, cloth(label), name, score, known?.photos[label]);
    });
  const none = element("span", { class: "score-name" }, facts.words.none);
  const unknown = { class: "score-row score-unknown", "data-dye": "black" };
  return element(
    "div",
    { class: "answer-scores" },
    element("h3", {}, facts.words.weighed),
    element(
      "ul",
      { class: "scores" },
      ...rows,
      row(unknown, cloth(null), none, unknownScore(scores, model)),
    ),
    element("p", { class: "note" }, facts.words.scores),
  );
}

function provisional(photos) {
  return facts.words.provisional.replace("{count}", photos);
}

function row(about, picture, name, score, photos) {
  const fill = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  fill.setAttribute("class", "bar-fill");
  fill.setAttribute("width", `${Math.round(100 * score)}%`);
  fill.setAttribute("height", "16");
  return element(
    "li",
    { class: "score-row", ...about },
    element("div", { class: "score-cloth" }, picture),
    name,
    element("span", { class: "score-value" }, written(score)),
    ...(photos ? [element("span", { class: "note score-note" }, provisional(photos))] : []),
    element("div", { class: "bar", "aria-hidden": "true" }, fill),
  );
}

/** Return the colours of the cloth, without what it lies on, as the server shows them. */
function colours(dyes) {
  if (!dyes.length) return [];
  const rows = dyes.map(({ name, hex, share }) => {
    const patch = swatch(hex);
    const percent = element("span", { class: "number" }, `${Math.round(100 * share)}%`);
    return element("li", {}, patch, `${facts.dyes[name] ?? name} `, percent);
  });
  const list = element("dd", {}, element("ul", { class: "dyes" }, ...rows));
  return [element("div", {}, element("dt", {}, facts.words.colours), list)];
}

function by(elapsed, model) {
  const version = element("span", { class: "number" }, model.version);
  const digest = element("code", { title: `SHA-256 ${model.sha256}` }, model.sha256.slice(0, 12));
  const said = element("dd", {}, `${facts.words.device}, ${facts.words.version} `, version);
  said.append(", ", digest, `, ${Math.round(elapsed)} ms`);
  return element("div", {}, element("dt", {}, facts.words.by), said);
}
