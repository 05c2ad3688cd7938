// One photo on its way: a picture, a line of stitches that grows as it arrives, and what
// can be done with it. The protocol is tus; its library is the global `tus`.

/* global tus */

import { forget, keep } from "./giving_store.js";

const PIECE = 1024 * 1024;
const RETRY_MS = [0, 1000, 3000];
const WAIT_MS = 15_000;
const FORBIDDEN = 403;
const TOO_MANY = 429;
const words = document.getElementById("giving-words").dataset;
const library = [...document.scripts].find(({ src }) => src.includes("/tus/"))?.src;

/** Fetch the library again if a bad network has kept it from the page. */
function fetchLibrary() {
  if ("tus" in window) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const script = element("script", { src: library });
    script.addEventListener("load", resolve);
    script.addEventListener("error", reject);
    document.head.append(script);
  });
}

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

const megabytes = (bytes) =>
  (bytes / 1024 / 1024).toLocaleString(document.documentElement.lang, {
    minimumFractionDigits: 1,
    maximumFractionDigits: 1,
  });

/** Return the file's own id, so that choosing it again goes on where it stopped. */
export async function idOf(file) {
  let bytes;
  try {
    const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
    bytes = new Uint8Array(digest).slice(0, 16);
  } catch {
    // Without a secure context, the id is of this choice only.
    bytes = crypto.getRandomValues(new Uint8Array(16));
  }
  bytes[6] = (bytes[6] & 0x0f) | 0x80;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** A photo in the list. `state`: waiting, sending, paused, offline, done or failed. */
export class GivenPhoto {
  constructor({ file, client, address = null, row = null, giving }) {
    this.file = file;
    this.client = client;
    this.address = address;
    this.giving = giving;
    this.state = "waiting";
    this.photo = null;
    this.upload = null;
    this.timer = null;
    this.hasNewToken = false;
    this.#draw(row);
  }

  get isUnderWay() {
    return ["waiting", "sending", "paused", "offline"].includes(this.state);
  }

  #draw(row) {
    this.row = row ?? element("li");
    this.row.removeAttribute("data-upload");
    this.url = URL.createObjectURL(this.file);
    this.image = element("img", { src: this.url, alt: this.file.name });
    this.image.addEventListener("error", () => {
      // A HEIC, mostly: it can be seen once it has arrived.
      if (this.state !== "done") this.image.hidden = true;
    });
    this.text = element("p", { class: "giving-row-text" });
    this.fill = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    this.fill.setAttribute("class", "bar-fill");
    this.fill.setAttribute("width", "0%");
    this.fill.setAttribute("height", "16");
    this.bar = element("div", { class: "bar", "aria-hidden": "true" }, this.fill);
    const label = `${words.photo}: ${this.file.name}`;
    this.value = element("progress", { class: "visually-hidden", max: "100", "aria-label": label });
    this.value.value = 0;
    this.pauser = element("button", { class: "link-button", type: "button" });
    this.remover = element("button", { class: "link-button", type: "button" }, words.remove);
    this.remover.setAttribute("aria-label", `${words.remove}: ${this.file.name}`);
    this.pauser.addEventListener("click", () => this.#press());
    this.remover.addEventListener("click", () => this.remove());
    const actions = element("p", { class: "giving-actions" }, this.pauser, this.remover);
    this.row.replaceChildren(this.image, this.text, this.bar, this.value, actions);
    if (!row) this.giving.list.append(this.row);
    this.#show("waiting", words.waiting);
  }

  #show(state, text) {
    this.state = state;
    this.row.dataset.state = state;
    if (this.text.textContent !== text) this.text.textContent = text;
    const isOver = state === "done" || state === "failed";
    this.bar.hidden = isOver;
    this.value.hidden = isOver;
    // A file that is no photo is none the second time either.
    const again = state === "failed" && !text.includes(words.failed) ? "" : words.retry;
    const presses = { sending: words.pause, waiting: words.pause, paused: words.resume, done: "" };
    const press = presses[state] ?? again;
    this.pauser.hidden = !press;
    this.pauser.textContent = press;
    this.pauser.setAttribute("aria-label", `${press}: ${this.file.name}`);
    this.giving.changed();
  }

  #progress(come, all) {
    const percent = Math.round((100 * come) / all);
    this.fill.setAttribute("width", `${percent}%`);
    this.value.value = percent;
    const part = words.of.replace("{come}", megabytes(come)).replace("{all}", megabytes(all));
    this.#show("sending", come < all ? part : words.looking);
  }

  #press() {
    if (this.state === "sending" || this.state === "waiting") return this.pause();
    this.resume();
  }

  pause() {
    this.upload?.abort();
    clearTimeout(this.timer);
    this.#show("paused", words.paused);
    this.giving.next();
  }

  /** Wait for a turn again; the list gives it. */
  resume() {
    clearTimeout(this.timer);
    if (this.state === "done" || this.state === "sending") return;
    this.#show("waiting", words.waiting);
    this.giving.next();
  }

  /** Say for good why it cannot be added. */
  refuse(text) {
    this.#show("failed", `${this.file.name}: ${text}`);
    this.giving.next();
  }

  async send() {
    this.#show("sending", words.of.replace("{come}", megabytes(0)).replace("{all}", megabytes(this.file.size)));
    let addresses;
    try {
      await fetchLibrary();
      addresses = await this.giving.draft();
    } catch (error) {
      return this.#wait(error.sentence ?? words.offline);
    }
    await keep(addresses.key, this.client, this.file);
    // Meanwhile it may have been removed or paused.
    if (this.state !== "sending") return;
    this.upload = new tus.Upload(this.file, {
      endpoint: addresses.uploads,
      uploadUrl: this.address,
      metadata: { client_id: this.client },
      chunkSize: PIECE,
      retryDelays: RETRY_MS,
      storeFingerprintForResuming: false,
      onBeforeRequest: (request) => request.setHeader("X-CSRFToken", this.giving.token()),
      onUploadUrlAvailable: () => {
        this.address = this.upload.url;
      },
      onProgress: (come, all) => this.#progress(come, all),
      onError: (error) => this.#failed(error),
      onSuccess: ({ lastResponse }) => this.#arrived(lastResponse.getHeader("Photo-Id")),
    });
    this.upload.start();
  }

  async #failed(error) {
    const status = error.originalResponse?.getStatus() ?? 0;
    if (status === FORBIDDEN && !this.hasNewToken) {
      this.hasNewToken = true;
      await this.giving.renewToken();
      this.#show("waiting", words.waiting);
      return this.giving.next();
    }
    const body = error.originalResponse?.getBody() ?? "";
    const text = body && !body.startsWith("<") && body.length < 300 ? body : words.failed;
    if (status === TOO_MANY) return this.#wait(text);
    if (!status || status >= 500 || status === 409) return this.#wait(words.offline);
    await this.giving.forget(this.client);
    this.address = null;
    this.refuse(text);
  }

  /** Go on by itself later, or as soon as there is a network. */
  #wait(text) {
    this.#show("offline", text);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.resume(), WAIT_MS);
    this.giving.next();
  }

  async #arrived(photo) {
    await this.giving.forget(this.client);
    this.photo = photo;
    const twin = photo && this.giving.list.querySelector(`[data-photo="${photo}"]`);
    if (twin && twin !== this.row) twin.remove();
    if (photo) this.row.dataset.photo = photo;
    this.image.hidden = false;
    const address = photo && this.giving.thumbnail(photo);
    if (address) {
      this.image.src = address;
      this.image.addEventListener("load", () => URL.revokeObjectURL(this.url), { once: true });
    }
    this.#show("done", words.arrived);
    this.giving.arrived(this);
  }

  async remove() {
    clearTimeout(this.timer);
    if (this.photo) {
      const trouble = await this.giving.removePhoto(this.photo);
      if (trouble) return this.#show("done", trouble);
    } else {
      const { upload } = this;
      this.state = "removed";
      await this.giving.forget(this.client);
      // What has come of it goes with the draft's next sweep, if this does not arrive.
      await upload?.abort(Boolean(upload.url)).catch(() => {});
    }
    URL.revokeObjectURL(this.url);
    this.giving.removed(this);
  }
}
