// The recogniser on this device: fetched once, kept by its digest, asked in a worker.

const CACHE = "langgundi-recogniser";
const PATIENCE_MS = 3000;

/** Whether this browser could recognise by itself. */
export function isAble() {
  return (
    typeof WebAssembly === "object" &&
    typeof Worker === "function" &&
    typeof OffscreenCanvas === "function" &&
    typeof createImageBitmap === "function" &&
    window.isSecureContext
  );
}

/** Return the model that the site has, if it can be used here, or null. */
export async function available(places) {
  if (!isAble()) return null;
  try {
    const response = await fetch(places.model);
    const model = response.ok ? await response.json() : null;
    return model?.local ? model : null;
  } catch {
    return null;
  }
}

/** Return the recogniser's cache, if there is one. */
async function cacheOf() {
  return "caches" in window && (await caches.has(CACHE)) ? caches.open(CACHE) : null;
}

/** Return a file that never changes, from this device or the site, or null.
 *
 * It is kept beside the recogniser where that is kept and there is room.
 */
export async function kept(address) {
  const cache = await cacheOf().catch(() => null);
  const here = await cache?.match(address).catch(() => null);
  const found = here ?? (await fetch(address).catch(() => null));
  const content = found?.ok ? await found.arrayBuffer().catch(() => null) : null;
  if (content && cache && !here) {
    await cache.put(address, new Response(content.slice(0))).catch(() => {});
  }
  return content;
}

/** Delete what is kept of a folder but for one file, or for none. */
export async function forgetBut(address, folder) {
  const cache = await cacheOf();
  for (const { url } of (await cache?.keys()) ?? []) {
    const { pathname } = new URL(url);
    if (pathname.startsWith(folder) && pathname !== address) await cache.delete(url);
  }
}

/** Return the model that is on this device with all that it takes, or null. */
export async function keptModel(places) {
  if (!isAble() || !("caches" in window)) return null;
  try {
    const found = await caches.match(places.model, { cacheName: CACHE });
    return found ? await found.json() : null;
  } catch {
    return null;
  }
}

// Told of by the event "recogniser-changed": it is kept on this device now, or removed.
let starting = null;
const listeners = new Set();

/** Return the page's one recogniser, started at the first call.
 *
 * `finding` is the wanted model or promises it. Where there is none, or it cannot be had,
 * the one that is kept on this device answers. `onProgress` is told the share that came.
 */
export async function recogniser(places, finding, onProgress = () => {}) {
  listeners.add(onProgress);
  try {
    const wanted = (await (starting && finding))?.sha256;
    const running = await starting?.catch(() => null);
    if (running?.isOver || (wanted && running && running.wanted !== wanted)) {
      running.stop();
      starting = null;
    }
    starting ??= start(places, finding);
    return await starting;
  } catch (error) {
    starting = null;
    throw error;
  } finally {
    listeners.delete(onProgress);
  }
}

async function start(places, finding) {
  const kept = await keptModel(places);
  try {
    return await Recogniser.start({ places, finding, kept });
  } catch (error) {
    if (!kept) throw error;
    // An older one that is here is better than none.
    const older = { ...places, runtime: kept.runtime };
    const started = await Recogniser.start({ places: older, finding: kept, kept });
    started.wanted = (await finding)?.sha256 ?? kept.sha256;
    return started;
  }
}

function tellProgress(share) {
  for (const listener of listeners) listener(share);
}

function tellChange() {
  document.dispatchEvent(new Event("recogniser-changed"));
}

/** Take the recogniser off the device. */
export async function remove() {
  const stopped = starting;
  starting = null;
  (await stopped?.catch(() => null))?.stop();
  if ("caches" in window) await caches.delete(CACHE);
  tellChange();
}

/** A recogniser that is ready: `look` answers one picture at a time. */
class Recogniser {
  /** The model that answers; its rules decide. */
  model = null;
  /** Digest of the model that was asked for; the network may have been away. */
  wanted = null;
  isOver = false;
  #worker;
  #waiting = new Map();
  #last = 0;
  #keep = () => {};

  static async start({ places, finding, kept }) {
    const made = new Recogniser(places.worker);
    const absolute = (address) => new URL(address, location.href).href;
    const runtime = absolute(places.runtime);
    try {
      // The runtime starts while the model is looked for and on its way.
      const modules = {
        look: absolute(places.look),
        rules: absolute(places.rules),
        memory: absolute(places.memory),
        coach: absolute(places.coach),
      };
      const loaded = made.#ask({ do: "load", runtime, modules });
      loaded.catch(() => {});
      const model = (await finding) ?? kept;
      if (!model) throw new Error("none");
      const how = { onProgress: tellProgress };
      const opened = made.#ask({ do: "open", model, cache: CACHE }, how);
      await Promise.all([loaded, opened]);
      made.model = model;
      made.wanted = model.sha256;
    } catch (error) {
      made.stop();
      throw error;
    }
    if (made.model.sha256 !== kept?.sha256 || runtime !== kept.runtime) {
      made.#keepLater({ model: made.model, runtime, cache: CACHE, as: places.model });
    }
    return made;
  }

  constructor(address) {
    this.#worker = new Worker(address);
    this.#worker.addEventListener("message", ({ data }) => {
      const waiting = this.#waiting.get(data.id);
      if ("progress" in data) return waiting?.onProgress(data.progress);
      this.#waiting.delete(data.id);
      if ("error" in data) waiting?.reject(new Error(data.error));
      else waiting?.resolve(data.ok);
    });
    this.#worker.addEventListener("error", () => this.stop());
  }

  #ask(message, { move = [], onProgress = () => {} } = {}) {
    return new Promise((resolve, reject) => {
      if (this.isOver) return reject(new Error("stopped"));
      const id = ++this.#last;
      this.#waiting.set(id, { resolve, reject, onProgress });
      this.#worker.postMessage({ ...message, id }, move);
    });
  }

  /** Keep it on the device after the first answer: whoever waits for that comes first. */
  #keepLater(what) {
    this.#keep = () => {
      this.#keep = () => {};
      this.#ask({ do: "keep", ...what }).then(tellChange, () => {});
    };
    setTimeout(() => this.#keep(), PATIENCE_MS);
  }

  /** Answer a picture, an ImageBitmap that is used up by it; `how` is what it is:
   * { isJpeg, isFrame }, and whether it is looked at closely, isClose. */
  async look(picture, how = {}) {
    const seen = await this.#ask({ do: "look", picture, ...how }, { move: [picture] });
    this.#keep();
    return seen;
  }

  /** Let new motifs' photos, as `prototypesFor` gives them, claim what is like them;
   * null for none. */
  know(known) {
    return this.#ask({ do: "know", near: known?.near });
  }

  /** Return how far photos of one cloth are from every motif, or null. */
  distance(looks) {
    return this.#ask({ do: "distance", embeddings: looks.map((one) => one.embedding) });
  }

  /** Get ready for the first picture while nobody waits for it. */
  warm() {
    return this.#ask({ do: "warm" });
  }

  stop() {
    this.isOver = true;
    this.#worker.terminate();
    for (const { reject } of this.#waiting.values()) reject(new Error("stopped"));
    this.#waiting.clear();
  }
}
