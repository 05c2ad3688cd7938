// The identify page: photos chosen, dragged, pasted or taken, and the answer to exactly
// those on screen. The server renders the answer; this file only asks for it.

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

let photos = []; // of { file, url }
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
    frame.replaceChildren(element("p", { class: "frame-none" }, words.noPreview));
  });
  frame.replaceChildren(image);
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

/** Ask the server, unless something newer is asked before it answers. */
function ask(method, address, body) {
  request?.abort();
  askAgain = () => ask(method, address, body);
  const asked = new XMLHttpRequest();
  const isCurrent = () => request === asked;
  request = asked;
  answer.replaceChildren();
  showState("working");
  showProgress(body ? words.sending : words.looking, body ? 0 : null);

  asked.open(method, address);
  asked.timeout = TIMEOUT_MS;
  asked.setRequestHeader("HX-Request", "true");
  asked.upload.addEventListener("progress", (event) => {
    if (!isCurrent() || !event.lengthComputable) return;
    const percent = Math.round((event.loaded / event.total) * 100);
    if (percent < 100) showProgress(words.sending, percent);
  });
  asked.upload.addEventListener("load", () => {
    if (isCurrent()) showProgress(words.looking, null);
  });
  asked.addEventListener("load", () => {
    if (!isCurrent()) return;
    request = null;
    const page = new DOMParser().parseFromString(asked.responseText, "text/html");
    const section = page.querySelector("section.answer");
    if (!section) return showError(words.broken, true);
    const region = section.querySelector("template[data-region]");
    // A region is of one photo; of several there is no telling which.
    if (region && photos.length < 2 && frame.querySelector("img")) {
      frame.append(document.importNode(region.content, true));
    }
    showAnswer(document.adoptNode(section));
  });
  for (const failure of ["error", "timeout"]) {
    asked.addEventListener(failure, () => {
      if (!isCurrent()) return;
      request = null;
      answerWithoutServer(failure);
    });
  }
  asked.send(body);
}

/** Answer on this device if it can, where the server cannot be reached. */
async function answerWithoutServer(failure) {
  const asked = photos.map(({ file }) => file);
  const { answerHere } = await import("./local.js");
  const section = asked.length ? await answerHere(asked) : null;
  // Something else may have been asked meanwhile.
  const isSame = asked.every((file, at) => photos[at]?.file === file);
  if (request || !isSame || asked.length !== photos.length) return;
  if (section) showAnswer(section);
  else showError(failure === "error" ? words.offline : words.broken, true);
}

/** Look at the photos on screen. */
function look() {
  if (!photos.length) return startAgain();
  markExample(null);
  showPicture(photos[0].url, words.preview);
  showThumbs();
  for (const adder of adders) adder.hidden = photos.length >= MAX_PHOTOS;
  const body = new FormData();
  const token = form.elements.namedItem("csrfmiddlewaretoken");
  if (token) body.append(token.name, token.value);
  for (const photo of photos) body.append("image", photo.file, photo.file.name);
  ask("POST", form.action, body);
}

function forgetPhotos() {
  for (const photo of photos) URL.revokeObjectURL(photo.url);
  photos = [];
  thumbs.replaceChildren();
}

function startAgain() {
  request?.abort();
  request = null;
  forgetPhotos();
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
    request?.abort();
    request = null;
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

for (const input of [chooser, camera]) {
  input.addEventListener("change", () => {
    clearRemarks();
    take(input.files, { toThese: isAdding });
    isAdding = false;
    // The same file may be chosen again.
    input.value = "";
  });
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
    markExample(link);
    showPicture(link.dataset.example, link.querySelector("img").alt);
    for (const adder of adders) adder.hidden = true;
    stage.scrollIntoView({ block: "start" });
    ask("GET", link.href, null);
  });
}
