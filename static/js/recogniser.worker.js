// The recogniser in the browser, in a thread of its own: photos in, answers out.
//
// Messages in:  { id, do: "load", runtime, modules }
//               { id, do: "open", model, bytes }
//               { id, do: "look", picture: ImageBitmap, isJpeg }
// Messages out: { id, ok } or { id, error }
//
// A classic worker, because the runtime loads its own script with importScripts, which
// module workers lack; modules of ours are imported dynamically.

let litert = null;
let network = null;
let model = null;
let looking = null;
let rules = null;

async function load({ runtime, modules }) {
  [litert, looking, rules] = await Promise.all([
    import(`${runtime}index.js`),
    import(modules.look),
    import(modules.rules),
  ]);
  const silent = () => {};
  // The runtime would look for its WebAssembly beside this file.
  self.Module = {
    locateFile: (name) => `${runtime}${name}`,
    print: silent,
    printErr: silent,
  };
  // It looks for a graphics card, which is not used here, and warns when it finds none.
  const { error, warn } = console;
  Object.assign(console, { error: silent, warn: silent });
  try {
    await litert.loadLiteRt(runtime);
  } finally {
    Object.assign(console, { error, warn });
  }
}

async function open({ model: wanted, bytes }) {
  const found = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const sha256 = Array.from(found, (one) => one.toString(16).padStart(2, "0")).join("");
  if (sha256 !== wanted.sha256) throw new Error("digest");
  network = await litert.loadAndCompile(new Uint8Array(bytes), { accelerator: "wasm" });
  model = wanted;
  return { sha256 };
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

async function look({ picture, isJpeg }) {
  const started = performance.now();
  const photo = looking.kept(pixelsOf(picture), isJpeg);
  if (Math.min(photo.width, photo.height) < 64) throw new Error("too_small");
  const seen = looking.look(photo, model.input);
  const runs = [];
  for (const square of seen.squares) runs.push(await run(square));
  const scores = {};
  model.labels.forEach((label, at) => {
    scores[label] = runs.reduce((sum, one) => sum + one.scores[at], 0) / runs.length;
  });
  const suggestions = rules.suggest(scores, model);
  const best = model.labels.indexOf(suggestions[0][0]);
  return {
    scores,
    suggestions,
    unknown_score: rules.unknownScore(scores, model),
    answer: rules.answer(scores, model, seen.quality.usable),
    quality: seen.quality,
    region: seen.region,
    map: heat(runs[0].map, best),
    map_box: seen.boxes[0],
    elapsed_ms: performance.now() - started,
  };
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

const DOINGS = { load, open, look };
let last = Promise.resolve();

self.addEventListener("message", ({ data }) => {
  // One after the other: two runs would share the runtime's memory.
  last = last.then(async () => {
    try {
      self.postMessage({ id: data.id, ok: await DOINGS[data.do](data) });
    } catch (error) {
      self.postMessage({ id: data.id, error: String(error?.message ?? error) });
    }
  });
});
