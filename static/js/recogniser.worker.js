// The recogniser in the browser, in a thread of its own: photos in, answers out.
//
// Messages in:  { id, do: "load", runtime, modules }
//               { id, do: "open", model, cache }
//               { id, do: "warm" }
//               { id, do: "know", near } (rows of static/js/memory.js, which claim photos too)
//               { id, do: "distance", embeddings } of photos of one cloth
//               { id, do: "keep", model, runtime, cache, as }
//               { id, do: "look", picture: ImageBitmap, isJpeg, isFrame,
//                 isClose }
// Messages out: { id, progress }, and then { id, ok } or { id, error }
//
// A classic worker, because the runtime loads its own script with importScripts, which
// module workers lack; modules of ours are imported dynamically.

const WARM = 2; // looks after which the code is quick
const LEAST_SCORE = 1e-9; // of a square, where squares are pooled: none has a veto

let litert = null;
let network = null;
let model = null;
let looking = null;
let rules = null;
let comparing = null;
let coach = null;
let memory = null;
let near = [];

async function load({ runtime, modules }) {
  // The runtime would look for its WebAssembly beside this file.
  const silent = () => {};
  self.Module = {
    locateFile: (name) => `${runtime}${name}`,
    print: silent,
    printErr: silent,
  };
  const ours = Promise.all(
    [modules.look, modules.rules, modules.memory, modules.coach].map((x) => import(x)),
  );
  ours.catch(silent);
  litert = await import(`${runtime}index.js`);
  // It looks for a graphics card, which is not used here, and warns when it finds none.
  const { error, warn } = console;
  Object.assign(console, { error: silent, warn: silent });
  try {
    await litert.loadLiteRt(runtime);
  } finally {
    Object.assign(console, { error, warn });
  }
  [looking, rules, comparing, coach] = await ours;
}

/** Return the model's files, from this device or the site. */
async function fetched({ id, model: wanted, cache }) {
  const files = wanted.memory ? [wanted, wanted.memory] : [wanted];
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  let come = 0;
  const onBytes = (count) => {
    come += count;
    self.postMessage({ id, progress: come / total });
  };
  return Promise.all(files.map((file) => bytesOf(file, cache, onBytes)));
}

/** Return a file's bytes once they fit its digest. */
async function bytesOf(wanted, cache, onBytes) {
  const kept = cache ? await (await caches.open(cache)).match(wanted.url) : null;
  const whole = kept ? await kept.arrayBuffer() : await download(wanted, onBytes);
  const found = new Uint8Array(await crypto.subtle.digest("SHA-256", whole));
  const sha256 = Array.from(found, (one) => one.toString(16).padStart(2, "0")).join("");
  if (sha256 !== wanted.sha256) {
    // What does not fit must not be found again.
    if (kept) await (await caches.open(cache)).delete(wanted.url);
    throw new Error("digest");
  }
  if (cache && !kept) {
    await (await caches.open(cache)).put(wanted.url, new Response(whole.slice(0)));
  }
  return whole;
}

async function download(wanted, onBytes) {
  const response = await fetch(wanted.url).catch(() => null);
  if (!response?.ok) throw new Error("network");
  const whole = new Uint8Array(wanted.bytes);
  let bytes = 0;
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read().catch(() => ({ done: true }));
    if (done) break;
    if (bytes + value.length > whole.length) throw new Error("digest");
    whole.set(value, bytes);
    bytes += value.length;
    onBytes(value.length);
  }
  if (bytes < whole.length) throw new Error("network");
  return whole.buffer;
}

async function open({ model: wanted }, [whole, compared]) {
  network = await litert.loadAndCompile(new Uint8Array(whole), { accelerator: "wasm" });
  memory = compared ? comparing.read(compared, wanted.memory) : null;
  near = [];
  model = wanted;
}

/** Let photos of new motifs claim what is like them. */
function know(known) {
  near = known.near ? [known.near] : [];
}

/** Return how far photos of one cloth are from every motif, or null. */
function distance({ embeddings }) {
  if (!memory) return null;
  const mean = comparing.unitMean(embeddings);
  return 1 - Math.max(...comparing.claims(memory, mean, near));
}

/** Look at nothing, so that the first picture does not wait for code to be compiled. */
async function warm() {
  const picture = new ImageData(640, 480);
  picture.data.forEach((_, at) => (picture.data[at] = (at * at) >> 7));
  for (let at = 0; at < WARM; at++) await lookAt(picture, { isFrame: true });
}

/** Keep what is in use for the time without a network, and nothing older. */
async function keep({ model: wanted, runtime, cache: name, as }) {
  const cache = await caches.open(name);
  const used = performance
    .getEntriesByType("resource")
    .map((entry) => entry.name)
    .filter((address) => address.startsWith(runtime));
  const own = (path) => new URL(path, self.location).href;
  const wasted = new Set((await cache.keys()).map(({ url }) => url));
  const files = wanted.memory ? [wanted, wanted.memory] : [wanted];
  // Beside it lie new motifs' prototypes, which have their own ways.
  const isOfOthers = (address) => address.startsWith(own("/files/prototypes/"));
  for (const address of [...used, ...files.map(({ url }) => own(url))]) {
    wasted.delete(address);
  }
  for (const address of used) {
    if (!(await cache.match(address))) await cache.add(address);
  }
  // Last, so that whoever finds the description finds everything.
  await cache.put(as, Response.json({ ...wanted, runtime }));
  wasted.delete(own(as));
  for (const address of wasted) {
    if (!isOfOthers(address)) await cache.delete(address);
  }
}

/** Return the picture's pixels; what is transparent becomes white. */
function pixelsOf(picture) {
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillStyle = "#fff";
  context.fillRect(0, 0, picture.width, picture.height);
  context.drawImage(picture, 0, 0);
  picture.close();
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

async function run(square) {
  const { size } = model.input;
  const given = new litert.Tensor(square, [1, size, size, 3]);
  const outputs = await network.run({ [network.getInputDetails()[0].name]: given });
  const values = {};
  for (const [name, tensor] of Object.entries(outputs)) {
    values[name] = new Float32Array(await tensor.data());
    // The runtime's memory is freed by hand.
    tensor.delete();
  }
  given.delete();
  return values;
}

function look({ picture, ...how }) {
  return lookAt(pixelsOf(picture), how);
}

async function lookAt(
  pixels,
  { isJpeg = false, isFrame = false, isClose = false },
) {
  const started = performance.now();
  const photo = looking.kept(pixels, isJpeg);
  if (Math.min(photo.width, photo.height) < 64) throw new Error("too_small");
  const seen = looking.look(photo, model.input);
  const runs = [];
  for (const square of seen.squares) runs.push(await run(square));
  const scores = named(runs);
  const embedding = meanOf(runs);
  const far = distance({ embeddings: [embedding] });
  const suggestions = rules.suggest(scores, model);
  const best = model.labels.indexOf(suggestions[0][0]);
  return {
    scores,
    suggestions,
    unknown_score: rules.unknownScore(scores, model),
    answer: rules.answer(scores, model, seen.quality.usable, far),
    embedding,
    distance: far,
    quality: seen.quality,
    region: seen.region,
    close: isClose ? await closely(photo, seen, runs) : null,
    hints: seen.quality.usable ? coach.hints(seen.region, runs[0].map, model) : [],
    // Nobody reads the colours of a moving picture.
    colours: isFrame ? [] : looking.dominant(seen.small, seen.region),
    map: heat(runs[0].map, best),
    map_box: seen.boxes[0],
    elapsed_ms: performance.now() - started,
  };
}

/** Return every label's score, the geometric mean of the squares'; ml.calibrate's `pool`. */
function named(runs) {
  const log = (one, at) => Math.log(Math.max(one.scores[at], LEAST_SCORE)) / runs.length;
  const means = model.labels.map((_, at) =>
    Math.exp(runs.reduce((sum, one) => sum + log(one, at), 0)),
  );
  const whole = means.reduce((sum, mean) => sum + mean, 0);
  return Object.fromEntries(model.labels.map((label, at) => [label, means[at] / whole]));
}

/** Return a photo's embedding for prototypes, of unit length; ml.predict's `embed`. */
async function closely(photo, seen, usual) {
  const runs = [...usual];
  for (const one of looking.closer(photo, seen, model.input)) runs.push(await run(one));
  return comparing.unitMean(runs.map(({ embedding }) => embedding));
}

function meanOf(runs) {
  const sum = new Float64Array(runs[0].embedding.length);
  for (const { embedding } of runs) embedding.forEach((value, at) => (sum[at] += value));
  return sum.map((value) => value / runs.length);
}

/** Return what spoke for a label at each place, { side, values } with values 0..1. */
function heat(map, label) {
  const places = map.length / model.labels.length;
  const values = Array.from({ length: places }, (_, at) =>
    Math.max(0, map[at * model.labels.length + label]),
  );
  const top = Math.max(...values);
  return {
    side: Math.round(Math.sqrt(places)),
    values: values.map((one) => (top > 0 ? one / top : 0)),
  };
}

const DOINGS = { load, open, warm, know, distance, look };
let last = Promise.resolve();

async function answer({ id }, doing) {
  try {
    self.postMessage({ id, ok: await doing() });
  } catch (error) {
    self.postMessage({ id, error: String(error?.message ?? error) });
  }
}

self.addEventListener("message", ({ data }) => {
  if (data.do === "keep") return answer(data, () => keep(data));
  // The model is on its way while the runtime starts.
  const files = data.do === "open" ? fetched(data) : null;
  files?.catch(() => {});
  // One after the other: two runs would share the runtime's memory.
  last = last.then(() => answer(data, async () => DOINGS[data.do](data, await files)));
});
