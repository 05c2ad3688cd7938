// The live camera: frames are recognised on this device and never leave it.

import { Recogniser, isKept, remove } from "./device.js";
import { localModel, sentence, words, writeScores } from "./local.js";
import { answer as decide } from "./rules.js";
import { Settled } from "./settle.js";

const SLOW_MS = 1000; // a device that needs longer for a frame is told so
const FAR = 0.45; // share of the picture from which on the cloth fills it
const MEGABYTE = 1024 * 1024;

const panel = document.getElementById("live");
const places = document.getElementById("local").dataset;
const part = (name) => panel.querySelector(`[data-live="${name}"]`);
let model = null;
let recogniser = null;
let starting = null;
let stream = null;
let settled = null;
let isBusy = false;
let isFrozen = false;
let run = 0;

function show(state) {
  panel.dataset.state = state;
  for (const one of panel.querySelectorAll("[data-when]")) {
    one.hidden = !one.dataset.when.split(" ").includes(state);
  }
}

function complain(sentence) {
  part("complaint").textContent = sentence;
  show("refused");
}

/** Start the recogniser, once; asked again, the same start is waited for. */
function startRecogniser() {
  starting ??= Recogniser.start(places, model, (share) => {
    part("loaded").value = share;
  }).then(
    (started) => (recogniser = started),
    (error) => {
      starting = null;
      throw error;
    },
  );
  return starting;
}

async function start() {
  const mine = ++run;
  show("loading");
  // The camera opens, and asks whether it may, while the recogniser starts.
  const isOpen = openCamera(mine, { facingMode: { ideal: "environment" } });
  try {
    await startRecogniser();
  } catch {
    close();
    return mine === run && complain(words.noRecogniser);
  }
  if (await isOpen) watch(mine);
}

async function change(camera) {
  const mine = ++run;
  if (await openCamera(mine, camera)) watch(mine);
}

/** Open a camera and show it; return whether it is still wanted. */
async function openCamera(mine, camera) {
  close();
  let opened;
  try {
    opened = await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: { ...camera, width: { ideal: 1920 }, height: { ideal: 1080 } },
    });
  } catch (error) {
    if (mine !== run) return false;
    run += 1;
    const isRefused = error.name === "NotAllowedError" || error.name === "SecurityError";
    complain(isRefused ? words.refused : words.noCamera);
    return false;
  }
  if (mine !== run) {
    for (const track of opened.getTracks()) track.stop();
    return false;
  }
  stream = opened;
  const [track] = stream.getVideoTracks();
  track.addEventListener("ended", () => mine === run && complain(words.noCamera));
  const video = part("video");
  // Only the preview of a front camera is mirrored; the frame that is looked at is not.
  video.classList.toggle("is-mirrored", track.getSettings().facingMode === "user");
  video.srcObject = stream;
  await video.play();
  await listCameras(track.getSettings().deviceId);
  return mine === run;
}

function watch(mine) {
  settled = new Settled((scores, isUsable) => decide(scores, model, isUsable));
  isFrozen = false;
  show("live");
  next(mine);
}

async function listCameras(chosen) {
  const devices = await navigator.mediaDevices.enumerateDevices();
  const cameras = devices.filter(({ kind }) => kind === "videoinput");
  const picker = part("cameras");
  picker.replaceChildren(
    ...cameras.map((one, at) => new Option(one.label || `${at + 1}`, one.deviceId)),
  );
  picker.value = chosen;
  part("picker").hidden = cameras.length < 2;
}

function close() {
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = null;
}

function stop() {
  run += 1;
  close();
  show("ready");
  part("open").focus();
}

/** Look at frames as they come, the newest whenever the last has been answered. */
function next(mine) {
  const video = part("video");
  let isNew = false;
  const isOver = () => mine !== run || isFrozen;
  const lookAtNewest = async () => {
    if (isOver() || isBusy || !isNew || !video.videoWidth) return;
    isBusy = true;
    // Those that came while one was looked at are dropped: there is only the newest.
    isNew = false;
    try {
      take(await recogniser.look(await createImageBitmap(video)), mine);
    } catch {
      if (mine === run) complain(words.noRecogniser);
    } finally {
      isBusy = false;
    }
    lookAtNewest();
  };
  const onFrame = () => {
    if (isOver()) return;
    isNew = true;
    wait();
    lookAtNewest();
  };
  const wait = () => {
    if (video.requestVideoFrameCallback) video.requestVideoFrameCallback(onFrame);
    else requestAnimationFrame(onFrame);
  };
  wait();
}

function take(seen, mine) {
  if (mine !== run || isFrozen) return;
  const hasChanged = settled.take(seen.scores, seen.quality.usable);
  panel.dataset.frames = Number(panel.dataset.frames ?? 0) + 1;
  panel.dataset.elapsed = Math.round(seen.elapsed_ms);
  coach(seen);
  writeScores(part("scores"), settled.scores, model);
  if (hasChanged) announce(settled.answer);
}

function coach(seen) {
  const [reason] = seen.quality.reasons;
  const isFar = !seen.region.isWhole && seen.region.share < FAR;
  const isSlow = seen.elapsed_ms > SLOW_MS;
  const hint = reason ? words[reason] : isFar ? words.far : isSlow ? words.slow : "";
  if (part("coach").textContent !== hint) part("coach").textContent = hint;
}

/** Say the settled answer, and only it: a reader is not told of every frame. */
function announce(answer) {
  part("answer").replaceChildren(...sentence(answer));
}

function freeze() {
  isFrozen = true;
  part("video").pause();
  show("frozen");
  part("resume").focus();
}

async function resume() {
  await part("video").play();
  isFrozen = false;
  settled.forget();
  show("live");
  next(run);
  part("freeze").focus();
}

/** Hand the frame on screen, as large as the camera gives it, to the page as a photo. */
async function keep() {
  const video = part("video");
  const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
  canvas.getContext("2d").drawImage(video, 0, 0);
  const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.92 });
  stop();
  const file = new File([blob], "camera.jpg", { type: "image/jpeg" });
  document.dispatchEvent(new CustomEvent("photo-taken", { detail: [file] }));
}

async function prepare() {
  if (!navigator.mediaDevices?.getUserMedia) return;
  model = await localModel();
  if (!model) return;
  const bytes = model.bytes + Number(places.runtimeBytes);
  const refresh = async () => {
    const isHere = await isKept(model);
    part("size").textContent = isHere
      ? words.kept
      : words.size.replace("{size}", (bytes / MEGABYTE).toFixed(1));
    part("remove").hidden = !isHere;
  };
  await refresh();
  part("open").addEventListener("click", start);
  part("stop").addEventListener("click", async () => {
    stop();
    await refresh();
  });
  part("again").addEventListener("click", start);
  part("freeze").addEventListener("click", freeze);
  part("resume").addEventListener("click", resume);
  part("keep").addEventListener("click", keep);
  part("cameras").addEventListener("change", ({ target }) =>
    change({ deviceId: { exact: target.value } }),
  );
  part("remove").addEventListener("click", async () => {
    recogniser?.stop();
    recogniser = null;
    starting = null;
    await remove();
    await refresh();
  });
  // A camera that nobody looks at is switched off.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden && stream) stop();
  });
  panel.hidden = false;
  show("ready");
  // Who has used it before finds it ready; nothing is fetched for who has not.
  if (await isKept(model)) await startRecogniser().catch(() => {});
}

prepare();
