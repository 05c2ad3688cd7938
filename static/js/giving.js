// Giving photos: a draft from the first word or photo on, each photo sent at once and in
// pieces, texts kept as they are typed. Without this file the form works as one request.

import { GivenPhoto, element, idOf } from "./giving_photo.js";
import { forget, keptOf } from "./giving_store.js";
import { freshToken } from "./token.js";

const form = document.getElementById("giving");
const words = document.getElementById("giving-words").dataset;
const list = document.getElementById("giving-photos");
const said = document.getElementById("giving-said");
const heard = document.getElementById("giving-heard");
const kept = document.getElementById("giving-kept");
const drop = document.getElementById("giving-drop");

const MAX_PHOTOS = Number(form.dataset.maxPhotos);
const MAX_BYTES = Number(form.dataset.maxBytes);
// One after the other: they keep the order they were chosen in, and on a slow network
// the first is safe before the second begins.
const AT_ONCE = 1;
const TYPING_MS = 800;
const FORBIDDEN = 403;
const PHOTO_NAME = /\.(jpe?g|png|webp|hei[cf])$/i;
const isSubmitted = "submitted" in form.dataset;

const found = document.getElementById("giving-addresses");
let addresses = found ? JSON.parse(found.textContent) : null;
let starting = null;
let photos = [];
let taking = 0; // chosen or kept, and not in the list yet
let sendLater = null;
let isAnswered = false; // the answer to the last press of a button stands

// Asking the server

const tokenField = form.elements.namedItem("csrfmiddlewaretoken");

async function renewToken() {
  const token = await freshToken(location.href).catch(() => "");
  if (token) tokenField.value = token;
}

async function post(address, body = new FormData()) {
  const ask = () =>
    fetch(address, { method: "POST", body, headers: { "X-CSRFToken": tokenField.value } });
  const response = await ask();
  if (response.status !== FORBIDDEN) return response;
  await renewToken();
  return ask();
}

function texts() {
  const given = new FormData(form);
  given.delete("photos");
  given.delete("csrfmiddlewaretoken");
  return given;
}

/** Return the draft's addresses; the first call makes the draft. */
function draft() {
  if (addresses) return Promise.resolve(addresses);
  starting ??= start().finally(() => (starting = null));
  return starting;
}

async function start() {
  const response = await post(form.dataset.draft, texts());
  if (!response.ok) {
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const error = new Error(`draft: ${response.status}`);
    error.sentence = page.querySelector("main .lead")?.textContent.trim();
    throw error;
  }
  const { errors, ...made } = await response.json();
  addresses = made;
  // Loaded again, or opened in the other language, the page goes on with this draft.
  history.replaceState(null, "", addresses.edit);
  form.action = addresses.edit;
  for (const link of document.querySelectorAll("[data-language]")) {
    link.href = addresses.edit.replace(/^\/[a-z]+\//, `/${link.dataset.language}/`);
  }
  showKept(errors);
  return addresses;
}

// Texts are kept as they are typed

let typing = null;
let isKeeping = false;
let isNotKept = false;
let hasMore = false;

/** Say how the texts are kept, unless something that was asked for is being said. */
function sayKept(text) {
  isNotKept = text === words.notKept;
  if (!isAnswered) kept.textContent = text;
}

function showKept(errors) {
  const wrong = Object.values(errors ?? {});
  sayKept(wrong.length ? `${words.notValid} ${wrong.join(" ")}` : words.kept);
}

async function keepTexts() {
  clearTimeout(typing);
  if (isSubmitted) return;
  if (isKeeping) {
    hasMore = true;
    return;
  }
  isKeeping = true;
  hasMore = false;
  sayKept(words.keeping);
  try {
    const isNew = !addresses;
    await draft();
    if (!isNew) {
      const response = await post(addresses.save, texts());
      if (response.status !== 422 && !response.ok) throw new Error("not kept");
      showKept((await response.json()).errors);
    }
  } catch (error) {
    sayKept(error.sentence ?? words.notKept);
    typing = setTimeout(keepTexts, 15_000);
  }
  isKeeping = false;
  if (hasMore) keepTexts();
}

for (const kind of ["input", "change"]) {
  form.addEventListener(kind, ({ target }) => {
    if (target.type === "file") return;
    isAnswered = Boolean(sendLater);
    clearTimeout(typing);
    typing = setTimeout(keepTexts, TYPING_MS);
  });
}

// Photos

const giving = {
  list,
  draft,
  renewToken,
  token: () => tokenField.value,
  forget: (client) => addresses && forget(addresses.key, client),
  thumbnail: (photo) => addresses?.thumbnail.replace("/0/", `/${photo}/`),
  next,
  changed: showCount,
  arrived(photo) {
    heard.textContent = `${words.arrived}: ${photo.file.name}`;
    next();
  },
  removed(photo) {
    photos = photos.filter((other) => other !== photo);
    photo.row.remove();
    showCount();
    next();
    document.getElementById("giving-chooser").focus();
  },
  async removePhoto(id) {
    try {
      const response = await post(addresses.remove.replace("/0/", `/${id}/`));
      if (response.ok || response.status === 404) return "";
      return await response.text();
    } catch {
      return words.failed;
    }
  },
};

function count() {
  const failed = photos.filter(({ state }) => state === "failed").length;
  return list.children.length - failed;
}

function showCount() {
  if (!drop) return;
  const text = words.count.replace("{count}", count()).replace("{most}", MAX_PHOTOS);
  drop.dataset.count = count() ? text : "";
  drop.classList.toggle("is-full", count() >= MAX_PHOTOS);
}

/** Give the next photos their turn; when all have arrived, send what waits for them. */
function next() {
  const running = photos.filter(({ state }) => state === "sending").length;
  const waiting = photos.filter(({ state }) => state === "waiting");
  for (const photo of waiting.slice(0, AT_ONCE - running)) photo.send();
  if (sendLater && !taking && !photos.some(({ isUnderWay }) => isUnderWay)) {
    const button = sendLater;
    // What was refused while one waited is for its giver to see first.
    if (photos.some(({ state }) => state === "failed")) return holdBack();
    sendLater = null;
    kept.textContent = "";
    form.requestSubmit(button);
  }
}

/** What waited to be sent is pressed again, once its giver has seen what is not in it. */
function holdBack() {
  sendLater = null;
  kept.textContent = words.look;
}

const isPhoto = (file) => file.type.startsWith("image/") || PHOTO_NAME.test(file.name);

/** Nothing is sent while `work` puts photos in the list, nor without those it cannot. */
async function whileTaking(work) {
  taking += 1;
  try {
    await work();
  } catch {
    said.textContent = words.failed;
    if (sendLater) holdBack();
  } finally {
    taking -= 1;
    next();
  }
}

const take = (files) => whileTaking(() => addAll(files));

async function addAll(files) {
  said.textContent = "";
  for (const file of files) {
    const client = await idOf(file);
    if (photos.some((other) => other.client === client && other.state !== "failed")) {
      said.textContent = `${words.here} (${file.name})`;
      continue;
    }
    for (const failed of photos.filter((other) => other.client === client)) giving.removed(failed);
    const row = list.querySelector(`[data-client="${client}"]`);
    if (!row && count() >= MAX_PHOTOS) {
      said.textContent = words.tooMany;
      break;
    }
    add({ file, client, row });
  }
}

function add({ file, client, row = null }) {
  const address = row?.dataset.upload ?? null;
  const photo = new GivenPhoto({ file, client, row, address, giving });
  photos.push(photo);
  if (!isPhoto(file)) photo.refuse(words.notImage);
  else if (file.size > MAX_BYTES) photo.refuse(words.tooLarge);
  else next();
}

/** Photos that the server showed: removing one needs no new page. */
function adopt(row) {
  row.addEventListener("click", async (event) => {
    const button = event.target.closest("button[name=remove]");
    if (!button) return;
    event.preventDefault();
    const trouble = await giving.removePhoto(button.value);
    if (trouble) {
      said.textContent = trouble;
      return;
    }
    row.remove();
    showCount();
    document.getElementById("giving-chooser").focus();
  });
}

/** A part of a photo that only the server has: it can be chosen again, or forgotten. */
function offerToForget(row) {
  const remover = element("button", { class: "link-button", type: "button" }, words.remove);
  remover.addEventListener("click", async () => {
    const headers = { "Tus-Resumable": "1.0.0", "X-CSRFToken": tokenField.value };
    await fetch(row.dataset.upload, { method: "DELETE", headers }).catch(() => {});
    row.remove();
    showCount();
  });
  row.append(element("p", { class: "giving-actions" }, remover));
}

async function goOn() {
  for (const { client, file } of await keptOf(addresses.key)) {
    // It may have been chosen again meanwhile.
    if (photos.some((other) => other.client === client)) continue;
    add({ file, client, row: list.querySelector(`[data-client="${client}"]`) });
  }
  for (const row of list.querySelectorAll("[data-upload]")) offerToForget(row);
}

if (drop) {
  const camera = document.getElementById("giving-camera");
  const chooser = document.getElementById("giving-chooser");
  form.classList.add("has-script");
  drop.querySelector("[data-drag]").hidden = !matchMedia("(hover: hover)").matches;
  if (matchMedia("(pointer: coarse)").matches) {
    camera.hidden = false;
    drop.querySelector("[data-camera]").hidden = false;
  }
  for (const input of [chooser, camera]) {
    input.addEventListener("change", () => takeFrom(input));
  }
  const holdsFiles = ({ dataTransfer }) => [...(dataTransfer?.types ?? [])].includes("Files");
  document.addEventListener("dragover", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    drop.classList.add("is-over");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) drop.classList.remove("is-over");
  });
  document.addEventListener("drop", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    drop.classList.remove("is-over");
    take([...event.dataTransfer.files]);
  });
  document.addEventListener("paste", ({ clipboardData }) => {
    if (clipboardData?.files.length) take([...clipboardData.files]);
  });
  for (const row of list.querySelectorAll("[data-photo]")) adopt(row);
  if (addresses) whileTaking(goOn);
  // On a slow network people choose before this script has come.
  for (const input of [chooser, camera]) if (input.files.length) takeFrom(input);
}
for (const button of form.querySelectorAll("[data-without-script]")) button.hidden = true;
showCount();

function takeFrom(input) {
  const files = [...input.files];
  // They are sent by themselves, and the same file may be chosen again.
  input.value = "";
  take(files);
}

// Sending

form.addEventListener("submit", (event) => {
  clearTimeout(typing);
  const underWay = photos.filter(({ isUnderWay }) => isUnderWay);
  if (!taking && !underWay.length) return;
  event.preventDefault();
  sendLater = event.submitter;
  isAnswered = true;
  kept.textContent = words.later;
  for (const photo of underWay) {
    if (photo.state === "paused" || photo.state === "offline") photo.resume();
  }
});

window.addEventListener("online", () => {
  for (const photo of photos) if (photo.state === "offline") photo.resume();
  keepTextsIfWaiting();
});

function keepTextsIfWaiting() {
  if (isNotKept) keepTexts();
}
