// The identify page: photos chosen, dragged, pasted or taken, and the answer to exactly
// those on screen, from the server or, where the reader prefers it, from this device.

import { offer, withdrawOffer } from "./after.js";
import { Crop } from "./crop.js";
import { answerHere, sizeSentence, words as deviceWords } from "./local.js";
import { watchHeat } from "./overlay.js";

const stage = document.querySelector(".stage");
const form = document.getElementById("identify");
const words = document.getElementById("words").dataset;
const chooser = document.getElementById("photos");
const camera = document.getElementById("camera");
const drop = document.getElementById("drop");
const preview = document.getElementById("preview");
const frame = document.getElementById("frame");
const thumbs = document.getElementById("thumbs");
const actions = document.getElementById("preview-actions");
const adders = document.querySelectorAll("[data-add]");
const restart = document.getElementById("restart");
const sewing = document.getElementById("sewing");
const sewingWord = document.getElementById("sewing-word");
const sewingValue = document.getElementById("sewing-value");
const sewingBar = document.getElementById("sewing-bar");
const answer = document.getElementById("answer");
const examples = document.querySelectorAll("[data-example]");

const MAX_PHOTOS = Number(form.dataset.maxPhotos);
const MAX_BYTES = Number(form.dataset.maxBytes);
const TIMEOUT_MS = 60_000;
const PHOTO_NAME = /\.(jpe?g|png|webp|tiff?|hei[cf])$/i;

const where = document.getElementById("where");
const cropOpener = document.getElementById("crop-open");
const crop = new Crop({
  frame,
  controls: document.getElementById("crop"),
  opener: cropOpener,
  onChange: lookAgain,
});

let photos = []; // of { file, url }
let example = null; // the link of the example on screen
let asked = 0; // counts questions: only the last one's answer is shown
let request = null;
let askAgain = null;
let isAdding = false;

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(name, "");
    else if (value !== false) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

// What is on screen

function showState(state) {
  stage.dataset.state = state;
  const hasPicture = state === "working" || state === "answered";
  stage.classList.toggle("has-photos", hasPicture);
  preview.hidden = !hasPicture;
  actions.hidden = !hasPicture;
}

function showPicture(url, alt) {
  const image = element("img", { src: url, alt });
  image.addEventListener("error", () => {
    cropOpener.hidden = true;
    frame.replaceChildren(element("p", { class: "frame-none" }, words.noPreview));
  });
  frame.replaceChildren(image);
}

function showOverlay(content) {
  frame.querySelector(".overlay")?.remove();
  // What was found is in one photo; of several there is no telling which.
  if (!content || photos.length > 1 || !frame.querySelector("img")) return;
  const overlay = element("div", { class: "overlay" }, content);
  crop.place(overlay);
  frame.querySelector("img").after(overlay);
}

function showThumbs() {
  thumbs.replaceChildren();
  if (photos.length < 2) return;
  for (const photo of photos) {
    const image = element("img", { src: photo.url, alt: photo.file.name });
    const remove = element("button", { type: "button" }, "×");
    remove.setAttribute("aria-label", `${words.remove}: ${photo.file.name}`);
    remove.addEventListener("click", () => {
      URL.revokeObjectURL(photo.url);
      photos = photos.filter((other) => other !== photo);
      look();
    });
    thumbs.append(element("li", {}, image, remove));
  }
}

function showAnswer(content, state = "answered") {
  sewing.hidden = true;
  answer.replaceChildren(content);
  showState(state);
  if (photos.length && content.dataset.kind !== "error") {
    offer({ section: content, files: filesOnScreen });
  }
  answer.focus({ preventScroll: true });
  const top = answer.getBoundingClientRect().top;
  if (top > window.innerHeight * 0.7 || top < 0) {
    answer.scrollIntoView({ block: "start" });
  }
}

/** Say what went wrong: with the picture it is about, or beside the empty stage. */
function showError(sentence, canRetry = false) {
  const section = element(
    "section",
    { class: "answer answer-error", "data-dye": "red", "data-kind": "error" },
    element("h2", { class: "answer-title" }, sentence),
  );
  if (canRetry) {
    const again = element("button", { class: "button", type: "button" }, words.retry);
    again.addEventListener("click", askAgain);
    section.append(again);
  }
  showAnswer(section, frame.hasChildNodes() ? "answered" : "refused");
}

function showProgress(word, percent) {
  const isWaiting = percent === null;
  if (sewingWord.textContent !== word) sewingWord.textContent = word;
  sewing.hidden = false;
  sewing.classList.toggle("is-waiting", isWaiting);
  if (isWaiting) sewingValue.removeAttribute("value");
  else sewingValue.value = percent;
  sewingBar.setAttribute("width", `${isWaiting ? 100 : percent}%`);
}

function markExample(chosen) {
  for (const link of examples) {
    if (link === chosen) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

// Asking

/** Begin a question: nothing earlier may answer any more. */
function begin(again) {
  request?.abort();
  request = null;
  askAgain = again;
  answer.replaceChildren();
  showOverlay(null);
  withdrawOffer();
  showState("working");
  asked += 1;
  return asked;
}

/** Return the photos on screen as they are to be looked at. */
async function filesOnScreen() {
  if (example) {
    const response = await fetch(example.dataset.example);
    const blob = await response.blob();
    return [new File([blob], "example", { type: blob.type })];
  }
  const files = photos.map(({ file }) => file);
  const picture = frame.querySelector("img");
  if (files.length === 1 && picture && !crop.isWhole) {
    files[0] = await crop.cut(picture, files[0]);
  }
  return files;
}

/** Look at what is on screen, where the reader wants it looked at. */
async function lookAgain() {
  if (!photos.length && !example) return;
  return isLocal() ? askHere() : askServer();
}

/** Ask the API, which gives this page its answer as HTML. */
async function askServer() {
  const mine = begin(lookAgain);
  showProgress(words.sending, 0);
  const files = await filesOnScreen().catch(() => []);
  if (mine !== asked) return;
  if (!files.length) return showError(words.offline, true);
  const body = new FormData();
  for (const file of files) body.append("image", file, file.name);
  const sent = new XMLHttpRequest();
  request = sent;
  sent.open("POST", form.dataset.api);
  sent.timeout = TIMEOUT_MS;
  sent.setRequestHeader("Accept", "text/html");
  sent.setRequestHeader("Accept-Language", document.documentElement.lang);
  sent.upload.addEventListener("progress", (event) => {
    if (mine !== asked || !event.lengthComputable) return;
    const percent = Math.round((event.loaded / event.total) * 100);
    if (percent < 100) showProgress(words.sending, percent);
  });
  sent.upload.addEventListener("load", () => {
    if (mine === asked) showProgress(words.looking, null);
  });
  sent.addEventListener("load", () => {
    if (mine !== asked) return;
    request = null;
    const page = new DOMParser().parseFromString(sent.responseText, "text/html");
    const section = page.querySelector("section.answer");
    if (!section) return showError(words.broken, true);
    const overlay = section.querySelector("template[data-overlay]");
    showOverlay(overlay && document.importNode(overlay.content, true));
    showAnswer(document.adoptNode(section));
  });
  for (const failure of ["error", "timeout"]) {
    sent.addEventListener(failure, () => {
      if (mine === asked) answerWithoutServer(mine, failure);
    });
  }
  sent.send(body);
}

/** Answer on this device if it can, where the server cannot be reached. */
async function answerWithoutServer(mine, failure) {
  const files = await filesOnScreen().catch(() => []);
  const found = files.length ? await answerHere(files, { note: deviceWords.here }) : null;
  if (mine !== asked) return;
  if (!found) return showError(failure === "error" ? words.offline : words.broken, true);
  showOverlay(found.overlay);
  showAnswer(found.section);
}

/** Answer on this device and nowhere else: no photo leaves it. */
async function askHere() {
  const mine = begin(lookAgain);
  showProgress(words.looking, null);
  const files = await filesOnScreen().catch(() => []);
  const found = await answerHere(files, {
    note: deviceWords.private,
    mayFetch: true,
    onProgress: (share) => {
      if (mine === asked) showProgress(words.fetching, Math.round(100 * share));
    },
  });
  if (mine !== asked) return;
  if (found) {
    showOverlay(found.overlay);
    return showAnswer(found.section);
  }
  showError(words.notHere);
  where.hidden = false;
  const instead = element("button", { class: "button", type: "button" }, words.askServer);
  instead.addEventListener("click", () => {
    where.querySelector("[value=server]").checked = true;
    lookAgain();
  });
  answer.querySelector("section").append(instead);
}

function isLocal() {
  return where.querySelector("[value=device]").checked;
}

/** Look at the photos on screen, from the start. */
function look() {
  if (!photos.length) return startAgain();
  example = null;
  markExample(null);
  crop.forget();
  showPicture(photos[0].url, words.preview);
  showThumbs();
  cropOpener.hidden = photos.length > 1;
  for (const adder of adders) adder.hidden = photos.length >= MAX_PHOTOS;
  lookAgain();
}

function forgetPhotos() {
  for (const photo of photos) URL.revokeObjectURL(photo.url);
  photos = [];
  thumbs.replaceChildren();
}

function startAgain() {
  begin(null);
  forgetPhotos();
  crop.forget();
  example = null;
  markExample(null);
  sewing.hidden = true;
  frame.replaceChildren();
  answer.replaceChildren();
  showState("empty");
  chooser.focus();
}

function take(files, { toThese = false } = {}) {
  const given = [...files];
  if (!given.length) return;
  if (!toThese) forgetPhotos();
  const refused =
    (given.find((file) => !isPhoto(file)) && words.notImage) ||
    (weight([...photos.map(({ file }) => file), ...given]) > MAX_BYTES && words.tooLarge);
  if (refused) {
    begin(null);
    example = null;
    if (!photos.length) frame.replaceChildren();
    return showError(refused);
  }
  const room = MAX_PHOTOS - photos.length;
  for (const file of given.slice(0, room)) {
    photos.push({ file, url: URL.createObjectURL(file) });
  }
  look();
  if (given.length > room) {
    thumbs.after(element("p", { class: "note too-many", role: "status" }, words.tooMany));
  }
}

function weight(files) {
  return files.reduce((bytes, file) => bytes + file.size, 0);
}

function isPhoto(file) {
  // Some systems give HEIC no type at all.
  return file.type.startsWith("image/") || PHOTO_NAME.test(file.name);
}

// Ways in

stage.classList.add("has-script");
document.querySelector(".drop-hint").hidden = !window.matchMedia("(hover: hover)").matches;
if (window.matchMedia("(pointer: coarse)").matches) {
  camera.hidden = false;
  document.querySelector(".drop-camera").hidden = false;
}
if (frame.querySelector("img")) showState("answered");

function takeFrom(input) {
  clearRemarks();
  take(input.files, { toThese: isAdding });
  isAdding = false;
  // The same file may be chosen again.
  input.value = "";
}

for (const input of [chooser, camera]) {
  input.addEventListener("change", () => takeFrom(input));
}
form.addEventListener("submit", (event) => event.preventDefault());
restart.addEventListener("click", () => {
  clearRemarks();
  startAgain();
});
for (const adder of adders) adder.addEventListener("click", () => (isAdding = true));
drop.addEventListener("click", () => (isAdding = false));
chooser.addEventListener("cancel", () => (isAdding = false));

function clearRemarks() {
  for (const remark of document.querySelectorAll(".too-many")) remark.remove();
}

function holdsFiles(event) {
  return [...(event.dataTransfer?.types ?? [])].includes("Files");
}
function markOver(isOver) {
  drop.classList.toggle("is-over", isOver);
  preview.classList.toggle("is-over", isOver);
}
document.addEventListener("dragover", (event) => {
  if (!holdsFiles(event)) return;
  // Also beside the target: a photo that misses must not replace the page.
  event.preventDefault();
  markOver(true);
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) markOver(false);
});
document.addEventListener("drop", (event) => {
  if (!holdsFiles(event)) return;
  event.preventDefault();
  markOver(false);
  clearRemarks();
  take(event.dataTransfer.files);
});
document.addEventListener("photo-taken", (event) => {
  clearRemarks();
  take(event.detail);
  stage.scrollIntoView({ block: "start" });
});
document.addEventListener("paste", (event) => {
  const files = event.clipboardData?.files;
  if (!files?.length) return;
  event.preventDefault();
  clearRemarks();
  take(files);
});

for (const link of examples) {
  link.addEventListener("click", (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    clearRemarks();
    forgetPhotos();
    crop.forget();
    example = link;
    markExample(link);
    showPicture(link.dataset.example, link.querySelector("img").alt);
    for (const adder of adders) adder.hidden = true;
    cropOpener.hidden = true;
    stage.scrollIntoView({ block: "start" });
    lookAgain();
  });
}

// Who looks: the choice is remembered on this device

const CHOICE = "langgundi-where";

try {
  // Before anything is given: whoever chose their device must not wait to be heeded.
  const isDevice = localStorage.getItem(CHOICE) === "device";
  where.querySelector("[value=device]").checked = isDevice;
} catch {
  // Without storage the choice lasts as long as the page.
}

async function offerThisDevice() {
  const size = await sizeSentence();
  where.querySelector("[data-where-size]").textContent = size ?? "";
  where.hidden = !size;
}
document.addEventListener("recogniser-changed", offerThisDevice);
where.addEventListener("change", ({ target }) => {
  try {
    localStorage.setItem(CHOICE, target.value);
  } catch {
    // As above.
  }
});

watchHeat(frame);
offerThisDevice();
// On a slow network people choose before this script has come.
for (const input of [chooser, camera]) if (input.files.length) takeFrom(input);
