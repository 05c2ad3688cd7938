// What can be done with an answer: say that it is wrong, or share it.

import { discard, keep, send, sendWaiting, waiting } from "./outbox.js";

const panel = document.getElementById("after");
const said = document.getElementById("after-said");
const words = document.getElementById("after-words").dataset;
const forms = { report: document.getElementById("report"), share: document.getElementById("share") };
const openers = [...panel.querySelectorAll("[data-after]")];
const outbox = document.getElementById("outbox");
const outboxPart = (name) => outbox.querySelector(`[data-outbox=${name}]`);

let filesOf = async () => [];

function show(chosen) {
  for (const opener of openers) {
    const isOpen = opener.dataset.after === chosen;
    opener.setAttribute("aria-expanded", String(isOpen));
    forms[opener.dataset.after].hidden = !isOpen;
  }
}

function say(...nodes) {
  said.replaceChildren(...nodes);
}

function paragraph(text) {
  const made = document.createElement("p");
  made.className = "notice";
  made.textContent = text;
  return made;
}

/** Offer it for the answer on screen; `files` gives the photos that were looked at. */
export function offer({ section, files }) {
  filesOf = files;
  say();
  show(null);
  panel.hidden = false;
  for (const earlier of forms.report.querySelectorAll("[data-named]")) earlier.remove();
  const pattern = forms.report.querySelector("[data-suggested]");
  for (const name of section.querySelectorAll(".score-name[data-slug]")) {
    const choice = pattern.cloneNode(true);
    choice.hidden = false;
    choice.removeAttribute("data-suggested");
    choice.setAttribute("data-named", "");
    choice.querySelector("input").value = name.dataset.slug;
    choice.querySelector("span").textContent = name.textContent;
    pattern.before(choice);
  }
  forms.report.reset();
}

export function withdrawOffer() {
  panel.hidden = true;
  say();
  show(null);
}

for (const opener of openers) {
  opener.addEventListener("click", () => {
    const isOpen = opener.getAttribute("aria-expanded") === "true";
    say();
    show(isOpen ? null : opener.dataset.after);
  });
}

const other = forms.report.elements.namedItem("other");
other.addEventListener("change", () => {
  forms.report.querySelector("[value=other]").checked = true;
});

function working(form, isWorking) {
  for (const button of form.querySelectorAll("button")) button.disabled = isWorking;
  if (isWorking) say(paragraph(words.sending));
}

async function shown(response) {
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const section = page.querySelector("section");
  if (!section) return say(paragraph(words.failed));
  say(document.adoptNode(section));
  if (response.ok) show(null);
  section.focus();
}

forms.report.addEventListener("submit", async (event) => {
  event.preventDefault();
  const given = new FormData(forms.report, event.submitter);
  if (given.get("shows") === "other") {
    if (!given.get("other")) return say(paragraph(words.choose));
    given.set("shows", given.get("other"));
  }
  given.delete("other");
  // Chosen once, so that a report that is sent again is known.
  given.set("report_id", crypto.randomUUID());
  working(forms.report, true);
  const report = {
    id: given.get("report_id"),
    address: new URL(forms.report.action).pathname,
    fields: [...given],
    files: await filesOf(),
  };
  try {
    await shown(await send(report));
  } catch {
    await keepForLater(report);
  } finally {
    working(forms.report, false);
  }
});

async function keepForLater(report) {
  try {
    await keep(report);
    show(null);
    say(paragraph(words.kept));
    await showOutbox();
    // A device that is in some network is not told when that leads somewhere again.
    if (navigator.onLine && Date.now() >= notBefore) tryLater();
  } catch {
    say(paragraph(words.failed));
  }
}

forms.share.addEventListener("submit", async (event) => {
  event.preventDefault();
  const fields = [...new FormData(forms.share, event.submitter)];
  working(forms.share, true);
  try {
    const address = new URL(forms.share.action).pathname;
    await shown(await send({ address, fields, files: await filesOf() }));
  } catch {
    say(paragraph(words.failed));
  } finally {
    working(forms.share, false);
  }
});

said.addEventListener("click", async ({ target }) => {
  if (!target.matches("[data-pass]")) return;
  const address = said.querySelector("[data-address]");
  const url = address.value;
  try {
    if (navigator.share && matchMedia("(pointer: coarse)").matches) {
      await navigator.share({ url });
      return;
    }
    await navigator.clipboard.writeText(url);
    target.textContent = target.dataset.done;
  } catch {
    address.select();
  }
});

// Reports that wait

const FIRST_MS = 15_000;
const MOST_MS = 5 * 60_000;
const BUSY_MS = 15 * 60_000;
const VISIT_MS = 2 * 60 * 60_000;
let again = null; // the one timer
let delay = FIRST_MS;
let notBefore = 0; // the server wants none of it earlier

/** Show what waits; return how many. */
async function showOutbox() {
  const reports = await waiting().catch(() => []);
  outboxPart("discard").hidden = !reports.length;
  outboxPart("link").hidden = true;
  outbox.hidden = !reports.length;
  outboxPart("text").textContent = `${outbox.dataset.waiting} ${reports.length}`;
  return reports.length;
}

/** Try again by oneself: less and less often, for photos cost whoever pays by megabyte. */
function tryLater(least = 0) {
  clearTimeout(again);
  const wait = Math.max(least, delay);
  delay = Math.min(2 * delay, MOST_MS);
  again = setTimeout(empty, wait);
}

/** What the server refuses waits as long as it says; a defect, until the next visit. */
function hold(wait) {
  clearTimeout(again);
  notBefore = Date.now() + wait;
  if (wait < VISIT_MS) tryLater(wait);
}

async function empty() {
  const sent = await sendWaiting();
  if (!sent) return;
  const { answer, trouble, waitMs } = sent;
  const isEmpty = !(await showOutbox());
  if (answer) delay = FIRST_MS;
  if (trouble === "refused") hold(Infinity);
  else if (trouble === "busy") hold(waitMs ?? BUSY_MS);
  // A network that has just come back may fail the first try.
  else if (trouble && !isEmpty && navigator.onLine) tryLater();
  if (!answer) return;
  const page = new DOMParser().parseFromString(answer, "text/html");
  const link = page.querySelector("section a");
  const title = page.querySelector("section.answer-error h2");
  outbox.hidden = false;
  outboxPart("text").textContent = title ? title.textContent : outbox.dataset.sent;
  if (link && !title) {
    outboxPart("link").href = link.getAttribute("href");
    outboxPart("link").hidden = false;
  }
}

outboxPart("discard").addEventListener("click", async () => {
  await discard();
  await showOutbox();
});
window.addEventListener("online", () => {
  if (Date.now() < notBefore) return;
  delay = FIRST_MS;
  empty();
});
empty();
