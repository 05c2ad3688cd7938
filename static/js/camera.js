// The live camera: frames are recognised on this device and never leave it.

import { keptModel, recogniser, remove } from "./device.js";
import { forgetModel, localModel, newMotifs, places, sentence, sizeSentence, words, writeScores } from "./local.js";
import { extended, mix, newScores } from "./prototypes.js";
import { answer as decide } from "./rules.js";
import { Settled } from "./settle.js";

const SLOW_MS = 1000; // a device that needs longer for a frame is told so
const CLOSE = 24; // of so many frames one is looked at closely, for motifs of few photos
const SHARE = 0.2; // of each new frame in how often something could be better
const HINTS = ["far", "several"];
const BEHIND = { facingMode: { ideal: "environment" } };
const COMPLAINTS = {
  NotAllowedError: words.refused,
  SecurityError: words.refused,
  NotReadableError: words.busy,
  AbortError: words.busy,
};

const panel = document.getElementById("live");
const part = (name) => panel.querySelector(`[data-live="${name}"]`);
let looking = null; // the recogniser, once it is ready
let known = null; // the motifs that its network never learned
let model = null; // with these among its labels
let added = null; // their scores, once a frame was looked at closely
let framesSinceClose = 0;
let stream = null;
let settled = null;
let frames = 0;
let hinted = {}; // how often each hint held of late, 0..1
let isBusy = false;
let isFrozen = false;
let run = 0; // counts beginnings: what belongs to an earlier one is over

function show(state) {
  panel.dataset.state = state;
  for (const one of panel.querySelectorAll("[data-when]")) {
    one.hidden = !one.dataset.when.split(" ").includes(state);
  }
}

function complain(sentence) {
  run += 1;
  close();
  part("complaint").textContent = sentence;
  show("refused");
}

/** Start the recogniser; asked again, the same start is waited for. */
async function startRecogniser() {
  looking = await recogniser(places, localModel(), (share) => {
    part("loaded").value = share;
  });
  known = await newMotifs(looking);
  model = extended(looking.model, known);
  return looking;
}

async function start() {
  const mine = ++run;
  show("loading");
  // The camera opens, and asks whether it may, while the recogniser starts.
  const isStarted = startRecogniser().catch(() => {
    looking = null;
    forgetModel();
  });
  const isOpen = await openCamera(mine, BEHIND);
  await isStarted;
  if (isOpen && mine === run) watch(mine);
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
    if (mine === run) complain(COMPLAINTS[error.name] ?? words.noCamera);
    return false;
  }
  if (mine !== run) {
    for (const track of opened.getTracks()) track.stop();
    return false;
  }
  stream = opened;
  const [track] = stream.getVideoTracks();
  track.addEventListener("ended", () => opened === stream && complain(words.gone));
  const video = part("video");
  // Only the preview of a front camera is mirrored; the frame that is looked at is not.
  video.classList.toggle("is-mirrored", track.getSettings().facingMode === "user");
  video.srcObject = stream;
  await video.play().catch(() => {});
  return mine === run;
}

function watch(mine) {
  isFrozen = false;
  show("live");
  inSight();
  listCameras();
  part("scores").hidden = !looking;
  if (looking) return watchAnew(mine);
  // Without a recogniser the camera still takes pictures, for the server.
  part("answer").textContent = words.noRecogniser;
}

function watchAnew(mine) {
  settled = new Settled((scores, ...rest) => decide(scores, model, ...rest));
  added = null;
  part("answer").textContent = words.looking;
  hinted = Object.fromEntries(HINTS.map((hint) => [hint, 0]));
  next(mine);
}

/** Bring picture and answer into view: on a phone they lie below the fold. */
function inSight() {
  const body = panel.querySelector(".live-body");
  const { top, bottom } = body.getBoundingClientRect();
  if (top < 0 || bottom > window.innerHeight) body.scrollIntoView({ block: "start" });
}

async function listCameras() {
  if (!stream) return;
  const devices = await navigator.mediaDevices.enumerateDevices();
  const cameras = devices.filter(({ kind }) => kind === "videoinput");
  const picker = part("cameras");
  picker.replaceChildren(
    ...cameras.map((one, at) => new Option(one.label || `${at + 1}`, one.deviceId)),
  );
  picker.value = stream?.getVideoTracks()[0].getSettings().deviceId ?? "";
  part("picker").hidden = cameras.length < 2;
}

function close() {
  const closed = stream;
  stream = null;
  for (const track of closed?.getTracks() ?? []) track.stop();
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
      const picture = await createImageBitmap(video);
      const isClose = Boolean(known) && (!added || framesSinceClose >= CLOSE);
      take(await looking.look(picture, { isFrame: true, isClose }), mine);
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
  // Asked of one frame in many; the last word holds until the next.
  framesSinceClose += 1;
  if (seen.close) {
    added = newScores([seen.close], known);
    framesSinceClose = 0;
  }
  const scores = mix(seen.scores, added ?? {});
  const hasChanged = settled.take(scores, seen.quality.usable, seen.distance);
  frames += 1;
  panel.dataset.frames = frames;
  panel.dataset.elapsed = Math.round(seen.elapsed_ms);
  coach(seen);
  writeScores(part("scores"), settled.scores, model);
  if (hasChanged) announce(settled.answer);
}

/** Say what would make a better picture: the worst of what is wrong, in one sentence. */
function coach({ quality, hints, close: closely, elapsed_ms: elapsed }) {
  for (const hint of HINTS) {
    hinted[hint] += SHARE * (Number(hints.includes(hint)) - hinted[hint]);
  }
  const isSlow = !closely && elapsed > SLOW_MS;
  const wrong =
    quality.reasons[0] ??
    HINTS.find((hint) => hinted[hint] > 0.5) ??
    (isSlow ? "slow" : null);
  const hint = words[wrong] ?? "";
  if (part("coach").textContent !== hint) part("coach").textContent = hint;
}

/** Say the settled answer, and only it: a reader is not told of every frame. */
function announce(answer) {
  part("answer").replaceChildren(...sentence(answer));
}

function freeze() {
  run += 1;
  isFrozen = true;
  part("video").pause();
  show("frozen");
  part("resume").focus();
}

async function resume() {
  const mine = ++run;
  await part("video").play().catch(() => {});
  if (mine !== run) return;
  watch(mine);
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

async function showSize() {
  const size = await sizeSentence();
  part("size").textContent = size ?? words.cannot;
  part("promise").hidden = !size;
  part("remove").hidden = !(await keptModel(places));
}

async function prepare() {
  part("open").addEventListener("click", start);
  part("stop").addEventListener("click", stop);
  part("again").addEventListener("click", start);
  part("freeze").addEventListener("click", freeze);
  part("resume").addEventListener("click", resume);
  part("keep").addEventListener("click", keep);
  part("cameras").addEventListener("change", ({ target }) =>
    change({ deviceId: { exact: target.value } }),
  );
  part("remove").addEventListener("click", async () => {
    looking = null;
    await remove();
  });
  // A camera that nobody looks at is switched off.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden && stream) stop();
  });
  const devices = navigator.mediaDevices;
  part("open").disabled = !devices?.getUserMedia;
  devices?.addEventListener("devicechange", listCameras);
  // Who has used it before finds it ready; nothing is fetched for who has not.
  const kept = await keptModel(places);
  if (kept) makeReady(kept);
  if (part("open").disabled) part("size").textContent = words.noMedia;
  else {
    document.addEventListener("recogniser-changed", showSize);
    await showSize();
  }
  panel.hidden = false;
  show("ready");
}

/** Start the kept model; a newer one is fetched when it is asked for, not before. */
async function makeReady(kept) {
  const ready = await recogniser(places, kept).catch(() => null);
  // Nothing has been looked at yet: the first picture would wait for code to compile.
  if (!stream) await ready?.warm().catch(() => {});
}

prepare();
