// A training run's page: asks how far the run is until it is over, and draws what it
// has learned so far. Without this script the page shows the state at its loading.

const EVERY_MS = 2000;
const WIDTH = 600;
const HEIGHT = 220;
const CURVES = ["loss", "val_loss", "val_top_1"];

const place = (name) => document.getElementById(`run-${name}`);

function say(name, text) {
  const element = place(name);
  // A status that is written again is read out again.
  if (element.textContent !== text) element.textContent = text;
}

/** Return the points of a curve as an SVG path; losses share one scale, from 0. */
export function curve(epochs, name, most) {
  const known = epochs
    .map((epoch, at) => [at, epoch[name]])
    .filter(([, value]) => Number.isFinite(value));
  const step = WIDTH / Math.max(1, epochs.length - 1);
  return known
    .map(([at, value], first) => {
      const x = (at * step).toFixed(1);
      const y = (HEIGHT * (1 - Math.min(1, value / most))).toFixed(1);
      return `${first ? "L" : "M"}${x} ${y}`;
    })
    .join("");
}

function draw(epochs) {
  place("learning").hidden = epochs.length === 0;
  const losses = epochs.flatMap((one) => [one.loss, one.val_loss]);
  const most = Math.max(0.01, ...losses.filter(Number.isFinite));
  const paths = CURVES.map((name) => {
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("class", `run-curve-${name}`);
    path.setAttribute("d", curve(epochs, name, name === "val_top_1" ? 1 : most));
    return path;
  });
  place("curves").replaceChildren(...paths);
  const rows = epochs.map((one) => {
    const row = document.createElement("tr");
    const head = document.createElement("th");
    head.scope = "row";
    head.textContent = `${one.epoch} / ${one.of}`;
    row.append(head);
    for (const name of CURVES) row.insertCell().textContent = one[name] ?? "";
    return row;
  });
  place("epochs").replaceChildren(...rows);
}

function show(live) {
  for (const name of ["words", "step", "count", "left", "problem", "made"]) {
    say(name, live[name]);
  }
  place("left-line").hidden = !live.left;
  place("problem").hidden = !live.problem;
  place("made-line").hidden = !live.made;
  place("share").hidden = live.share === null;
  place("share").value = live.share ?? 0;
  if (place("cancel")) {
    place("cancel").hidden = !live.can_cancel;
    place("repeat").hidden = live.is_open;
  }
  draw(live.epochs);
  const log = place("log");
  const isAtEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 4;
  say("log", live.log);
  if (isAtEnd) log.scrollTop = log.scrollHeight;
}

async function watch(address) {
  let isOpen = true;
  while (isOpen) {
    await new Promise((go) => setTimeout(go, EVERY_MS));
    try {
      const answer = await fetch(address, { headers: { Accept: "application/json" } });
      if (!answer.ok || answer.redirected) continue;
      const live = await answer.json();
      show(live);
      isOpen = live.is_open;
    } catch {
      // The site is starting again, or the network is away: the run is not.
    }
  }
}

const run = document.getElementById("run");
draw(JSON.parse(place("data").textContent));
if (run.dataset.live) watch(run.dataset.live);
