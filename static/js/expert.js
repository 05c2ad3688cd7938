// The expert's screen by keys: a number or a letter says what the photo shows, then 1 to
// 3 how sure. The form's own fields carry the answer; without this file they are shown.

const root = document.querySelector("[data-expert]");
const form = root?.querySelector("[data-statement]");

// Parts that the recogniser's side makes; the server refuses them to who has not judged.
for (const place of document.querySelectorAll("[data-fragment]")) {
  fetch(`${place.dataset.fragment}?part=1`, { credentials: "same-origin" })
    .then((response) => (response.ok ? response.text() : Promise.reject(response.status)))
    .then((html) => (place.innerHTML = html))
    .catch(() => {}); // The link in its place still leads there.
}

if (root) {
  const statement = form ? makeStatement(form) : null;
  makeZoom();
  makeKeys(statement);
  for (const place of root.querySelectorAll("[data-following]")) {
    new Image().src = place.dataset.following;
  }
}

function makeStatement(form) {
  const fields = {
    outcome: [...form.elements.namedItem("outcome")],
    motif: form.elements.namedItem("motif"),
    second: form.elements.namedItem("second_motif"),
  };
  const quick = form.querySelector("[data-quick]");
  const words = form.querySelector("[data-chosen]");
  const sure = form.querySelector(".certainties");
  const finder = makeFinder(form.querySelector("#finder"), form.querySelector("#found"));
  const names = new Map(
    [...fields.motif.options].map((option) => [option.value, option.text.trim()]),
  );
  const fixed = {
    other_motif: words.dataset.other,
    not_cloth: words.dataset.cloth,
    cannot_tell: words.dataset.tell,
  };
  let said = { outcome: "", motifs: [], isWhich: false };
  let isSending = false;

  form.querySelector("[data-plain]").hidden = true;
  quick.hidden = false;
  // What is hidden cannot be pointed at when it is missing.
  for (const radio of fields.outcome) radio.required = false;
  const kept = fields.outcome.find((radio) => radio.checked)?.value;
  if (kept) {
    said.outcome = kept;
    said.motifs = [fields.motif.value, fields.second.value].filter(Boolean);
  }

  function isReady() {
    if (said.outcome === "motif") return said.motifs.length === 1;
    if (said.outcome === "two_motifs") return said.motifs.length === 2;
    return Boolean(said.outcome) && !said.isWhich;
  }

  function sentence() {
    const [first, second] = said.motifs.map((slug) => names.get(slug) ?? slug);
    if (said.outcome === "motif") return first;
    if (said.outcome === "two_motifs") {
      if (!first) return `${words.dataset.two}: …`;
      return second ? `${first} + ${second}` : `${first} + … ${words.dataset.next}`;
    }
    if (said.outcome === "printed") {
      if (first) return `${words.dataset.of} ${first}`;
      const more = said.isWhich ? ` ${words.dataset.which}` : "";
      return `${words.dataset.printed}.${more}`;
    }
    return fixed[said.outcome] ?? words.dataset.empty;
  }

  function show() {
    words.textContent = sentence();
    words.classList.toggle("is-chosen", Boolean(said.outcome));
    for (const button of quick.querySelectorAll("[data-motif]")) {
      const isChosen = said.motifs.includes(button.dataset.motif);
      button.setAttribute("aria-pressed", String(isChosen));
    }
    for (const button of quick.querySelectorAll("[data-outcome]")) {
      const isChosen = said.outcome === button.dataset.outcome;
      button.setAttribute("aria-pressed", String(isChosen));
    }
    for (const radio of fields.outcome) radio.checked = radio.value === said.outcome;
    fields.motif.value = said.motifs[0] ?? "";
    fields.second.value = said.motifs[1] ?? "";
    for (const button of sure.querySelectorAll("button")) {
      button.disabled = !isReady() || isSending;
      // Nobody is more or less sure of not being able to tell.
      button.hidden = said.outcome === "cannot_tell" && button.value !== "probable";
    }
    sure.classList.toggle("is-ready", isReady());
  }

  function answer(outcome) {
    said = { outcome, motifs: [], isWhich: outcome === "printed" };
    show();
  }

  function name(slug, text) {
    if (text && !names.has(slug)) return;
    if (said.outcome === "two_motifs" && said.motifs.length < 2) {
      if (!said.motifs.includes(slug)) said.motifs.push(slug);
    } else if (said.isWhich) {
      said.motifs = [slug];
      said.isWhich = false;
    } else {
      said = { outcome: "motif", motifs: [slug], isWhich: false };
    }
    show();
  }

  quick.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button?.dataset.outcome) answer(button.dataset.outcome);
    else if (button?.dataset.motif) name(button.dataset.motif);
  });
  finder.onPick = (slug, text) => {
    name(slug, text);
    finder.clear();
    form.querySelector("[data-certainty]:not([disabled])")?.closest("fieldset").focus();
  };
  form.addEventListener("submit", (event) => {
    if (isSending || !isReady()) {
      event.preventDefault();
      return;
    }
    isSending = true;
    // After the form has taken the pressed button's value along.
    setTimeout(show);
  });
  // Coming back with the browser's button shows the page as it was left.
  window.addEventListener("pageshow", () => {
    isSending = false;
    show();
  });
  show();

  function commit(certainty) {
    const button = sure.querySelector(`[value="${certainty}"]`);
    if (button && !button.disabled && !button.hidden) form.requestSubmit(button);
  }

  return {
    /** Take a key; say whether it meant something. */
    take(key) {
      if (key === "Enter") {
        if (said.isWhich) {
          said.isWhich = false;
          show();
        } else if (isReady()) {
          commit("probable");
        } else {
          return false;
        }
        return true;
      }
      if (key === "Escape") {
        answer("");
        return true;
      }
      if (/^[1-9]$/.test(key)) {
        const sureties = [...sure.querySelectorAll("button")];
        if (isReady()) {
          if (sureties[key - 1]) commit(sureties[key - 1].value);
        } else {
          const choice = quick.querySelectorAll("[data-motif]")[key - 1];
          if (choice) name(choice.dataset.motif);
        }
        return true;
      }
      if (key === "/") finder.input.focus();
      else if (key === "r") form.querySelector("#remarks").focus();
      else {
        const outcome = {
          t: "two_motifs",
          p: "printed",
          o: "other_motif",
          n: "not_cloth",
          c: "cannot_tell",
        }[key];
        if (!outcome) return false;
        answer(outcome);
      }
      return true;
    },
  };
}

function makeFinder(input, list) {
  const finder = { input, onPick() {}, clear };
  let shown = [];
  let active = -1;
  let shownFor = "";
  let isWanted = false;
  let waiting = 0;

  function clear() {
    input.value = "";
    draw([], "");
    input.blur();
  }

  function draw(motifs, query) {
    shown = motifs;
    shownFor = query;
    active = motifs.length ? 0 : -1;
    list.replaceChildren(
      ...motifs.map((motif, place) => {
        const row = document.createElement("li");
        row.id = `found-${place}`;
        row.role = "option";
        const name = document.createElement("span");
        name.lang = "bjn";
        name.textContent = motif.preferred_name;
        row.append(name);
        const more = motif.matched_name || motif.gloss;
        if (more && more !== motif.preferred_name) {
          const other = document.createElement("small");
          other.textContent = more;
          row.append(" ", other);
        }
        // Not click: the field must not lose its focus before.
        row.addEventListener("pointerdown", (event) => {
          event.preventDefault();
          finder.onPick(motif.slug, motif.preferred_name);
        });
        return row;
      }),
    );
    if (query && !motifs.length) {
      const none = document.createElement("li");
      none.role = "option";
      none.ariaDisabled = "true";
      none.textContent = input.dataset.none;
      list.append(none);
    }
    list.hidden = !query;
    input.setAttribute("aria-expanded", String(Boolean(query)));
    point();
  }

  function point() {
    for (const [place, row] of [...list.children].entries()) {
      row.setAttribute("aria-selected", String(place === active));
    }
    if (active >= 0) input.setAttribute("aria-activedescendant", `found-${active}`);
    else input.removeAttribute("aria-activedescendant");
  }

  async function search() {
    const query = input.value.trim();
    if (!query) return draw([], "");
    const address = new URL(input.dataset.search, location.href);
    address.search = new URLSearchParams({
      q: query,
      page_size: "7",
      lang: document.documentElement.lang,
    });
    try {
      const response = await fetch(address);
      if (!response.ok) return;
      const found = await response.json();
      // What was typed since has an answer of its own on its way.
      if (query !== input.value.trim()) return;
      draw(found.results, query);
      if (isWanted) pick();
    } catch {
      // No network: the keys and the next letter still work.
    }
  }

  function pick() {
    // Enter before the answer is there: the first of what is coming.
    isWanted = shownFor !== input.value.trim();
    if (!isWanted && shown[active]) {
      finder.onPick(shown[active].slug, shown[active].preferred_name);
    }
  }

  input.addEventListener("input", () => {
    isWanted = false;
    clearTimeout(waiting);
    waiting = setTimeout(search, 120);
  });
  input.addEventListener("blur", () => (list.hidden = true));
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const step = event.key === "ArrowDown" ? 1 : -1;
      if (shown.length) active = (active + step + shown.length) % shown.length;
      point();
    } else if (event.key === "Enter") {
      if (input.value.trim()) pick();
    } else if (event.key === "Escape") {
      clear();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  });
  return finder;
}

function makeZoom() {
  const view = root.querySelector("[data-stage]");
  const tool = root.querySelector("[data-zoom]");
  if (!view || !tool) return;
  tool.setAttribute("role", "button");
  tool.setAttribute("aria-pressed", "false");
  const turn = (event) => {
    event?.preventDefault();
    const box = view.getBoundingClientRect();
    const x = event?.clientX ? (event.clientX - box.left) / box.width : 0.5;
    const y = event?.clientY ? (event.clientY - box.top) / box.height : 0.5;
    const isLarge = view.classList.toggle("is-large");
    tool.setAttribute("aria-pressed", String(isLarge));
    view.scrollTo(
      x * view.scrollWidth - box.width / 2,
      y * view.scrollHeight - box.height / 2,
    );
  };
  tool.addEventListener("click", (event) => turn(event.detail ? null : event));
  tool.addEventListener("click", (event) => event.preventDefault());
  view.querySelector("img").addEventListener("click", turn);
}

function makeKeys(statement) {
  const KEY = "expert-keys";
  const box = root.querySelector("[data-keys-switch]");
  const change = root.querySelector("[data-change]");
  const wanted = box?.querySelector("input");
  for (const hint of root.querySelectorAll("[data-key]")) hint.hidden = false;
  if (box) {
    box.hidden = false;
    wanted.checked = localStorage.getItem(KEY) !== "off";
    const show = () => root.classList.toggle("without-keys", !wanted.checked);
    wanted.addEventListener("change", () => {
      localStorage.setItem(KEY, wanted.checked ? "on" : "off");
      show();
    });
    show();
  }

  function press(key) {
    const target = root.querySelector(`[data-press="${key}"]`);
    if (!target) return false;
    target.click();
    return true;
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (wanted && !wanted.checked) return;
    const { target, key } = event;
    if (target.matches("input:not([type=checkbox], [type=radio]), textarea, select")) {
      if (key === "Escape") target.blur();
      return;
    }
    // A control that has the focus does what Enter does there.
    if (key === "Enter" && target.closest("a, button, summary, label")) return;
    if (event.repeat) return;
    const isChanging = !change || change.open;
    const isTaken =
      (key === "z" && (root.querySelector("[data-zoom]")?.click() ?? true)) ||
      (isChanging && statement?.take(key)) ||
      press(key);
    if (isTaken) event.preventDefault();
  });
}
