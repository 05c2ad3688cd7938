// The recogniser on this device: fetched once, kept by its digest, asked in a worker.

const CACHE = "langgundi-recogniser";
const PATIENCE_MS = 2000;

/** What is needed to recognise on this device, or null where it cannot be done. */
export async function available(places) {
  const isAble =
    typeof WebAssembly === "object" &&
    typeof Worker === "function" &&
    typeof OffscreenCanvas === "function" &&
    typeof createImageBitmap === "function" &&
    window.isSecureContext;
  if (!isAble) return null;
  try {
    const response = await fetch(places.model);
    const model = response.ok ? await response.json() : null;
    return model?.local ? model : null;
  } catch {
    return null;
  }
}

/** Return the model's bytes, from this device if they are here, and keep them. */
async function fetchModel(model, onProgress) {
  const kept = "caches" in window ? await caches.open(CACHE) : null;
  const found = await kept?.match(model.url);
  if (found) return found.arrayBuffer();
  const response = await fetch(model.url);
  if (!response.ok) throw new Error(`model ${response.status}`);
  const parts = [];
  let bytes = 0;
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    bytes += value.length;
    onProgress(bytes / model.bytes);
  }
  const whole = await new Blob(parts).arrayBuffer();
  // An older model is of no use any more.
  for (const request of (await kept?.keys()) ?? []) await kept.delete(request);
  await kept?.put(model.url, new Response(whole));
  return whole;
}

/** Whether this model is on the device already. */
export async function isKept(model) {
  if (!("caches" in window)) return false;
  return Boolean(await caches.match(model.url, { cacheName: CACHE }));
}

/** Take the model off the device. */
export async function remove() {
  if ("caches" in window) await caches.delete(CACHE);
}

/** Wait a moment for the service worker, which keeps the runtime for flight mode. */
async function kept() {
  const { serviceWorker } = navigator;
  if (!serviceWorker || serviceWorker.controller) return;
  await new Promise((resolve) => {
    serviceWorker.addEventListener("controllerchange", resolve, { once: true });
    setTimeout(resolve, PATIENCE_MS);
  });
}

/** A recogniser that is ready: `look` answers one picture at a time. */
export class Recogniser {
  #worker;
  #waiting = new Map();
  #last = 0;

  static async start(places, model, onProgress = () => {}) {
    await kept();
    const made = new Recogniser(places.worker);
    try {
      const absolute = (address) => new URL(address, location.href).href;
      const modules = { look: absolute(places.look), rules: absolute(places.rules) };
      const runtime = absolute(places.runtime);
      // The runtime starts while the model is on its way.
      const [bytes] = await Promise.all([
        fetchModel(model, onProgress),
        made.#ask({ do: "load", runtime, modules }),
      ]);
      await made.#ask({ do: "open", model, bytes }, [bytes]);
    } catch (error) {
      made.stop();
      // What does not fit its digest must not be found again.
      await remove();
      throw error;
    }
    return made;
  }

  constructor(address) {
    this.#worker = new Worker(address);
    this.#worker.addEventListener("message", ({ data }) => {
      const waiting = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      if ("error" in data) waiting?.reject(new Error(data.error));
      else waiting?.resolve(data.ok);
    });
    this.#worker.addEventListener("error", () => {
      for (const { reject } of this.#waiting.values()) reject(new Error("worker"));
      this.#waiting.clear();
    });
  }

  #ask(message, move = []) {
    return new Promise((resolve, reject) => {
      const id = ++this.#last;
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ ...message, id }, move);
    });
  }

  /** Answer a picture, an ImageBitmap that is used up by it. */
  look(picture, isJpeg = false) {
    return this.#ask({ do: "look", picture, isJpeg }, [picture]);
  }

  stop() {
    this.#worker.terminate();
    for (const { reject } of this.#waiting.values()) reject(new Error("stopped"));
    this.#waiting.clear();
  }
}
