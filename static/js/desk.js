// The curator's desk: keys for what the buttons do, and a photo that can be looked into.
// Every deed is a form of the page; without this file the buttons do the same.

import { proposeNames } from "./names.js";
import { look } from "./stage.js";

const desk = document.getElementById("desk");
const stage = document.getElementById("stage");
const view = stage ? look(stage) : null;
const STORED = "desk-keys";
let busy = false;

// A second press while the answer is on its way would judge a photo not seen yet.
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (busy) event.preventDefault();
    busy = true;
    desk.setAttribute("aria-busy", "true");
  });
}
// Coming back by the browser's own button, the page is as it was left.
window.addEventListener("pageshow", () => {
  busy = false;
  desk.removeAttribute("aria-busy");
});

for (const field of desk.querySelectorAll(".name-field")) {
  proposeNames(field, desk.dataset.names, desk.dataset.nothing);
}

const panels = [...desk.querySelectorAll(".panel")];
for (const panel of panels) {
  panel.addEventListener("toggle", () => {
    if (!panel.open) return;
    for (const other of panels) if (other !== panel) other.open = false;
  });
}

function openPanel(panel) {
  panel.open = !panel.open;
  const first = panel.querySelector("input[type=text]") ?? panel.querySelector("summary");
  (panel.open ? first : panel.querySelector("summary")).focus();
}

const keysOn = document.getElementById("keys-on");
keysOn.closest("[hidden]").hidden = false;
keysOn.checked = localStorage.getItem(STORED) !== "off";
keysOn.addEventListener("change", () => {
  localStorage.setItem(STORED, keysOn.checked ? "on" : "off");
});

function isTyping(target) {
  return target.matches("input:not([type=radio], [type=checkbox]), textarea, select");
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    const open = panels.find((panel) => panel.open);
    if (open && !event.defaultPrevented) openPanel(open);
    return;
  }
  if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return;
  if (!keysOn.checked || isTyping(event.target) || busy) return;
  if (act(event.key, event.shiftKey)) event.preventDefault();
});

/** Do what a key stands for; return whether it stands for anything here. */
function act(key, shift) {
  if (shift && key.startsWith("Arrow")) return view?.move(key) ?? false;
  const open = panels.find((panel) => panel.open);
  const numbered = open?.querySelector(`[data-number="${CSS.escape(key)}"]`);
  if (numbered) {
    numbered.click();
    return true;
  }
  const words = open?.querySelector("textarea");
  if (key === "0" && words) {
    words.focus();
    return true;
  }
  if (key === "=") key = "+";
  const name = CSS.escape(key.length === 1 ? key.toLowerCase() : key);
  const control = desk.querySelector(`[data-key="${name}"], [data-key-next="${name}"]`);
  if (!control || control.disabled) return false;
  if (control.matches("summary")) openPanel(control.parentElement);
  else if (control.tagName === "A") follow(control);
  else control.click();
  return true;
}

function follow(link) {
  busy = true;
  location.assign(link.href);
}
