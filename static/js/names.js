// A field that proposes motifs as one types, in any spelling (the combobox pattern).

const PAUSE = 120;

/** Propose motifs below a field; the one chosen is sent by its slug.
 *
 * Without a choice, what was typed is sent, and the server says what it may mean.
 */
export function proposeNames(field, address, nothing) {
  const input = field.querySelector("input[type=text]");
  const list = field.querySelector(".proposals");
  const chosen = document.createElement("input");
  chosen.type = "hidden";
  chosen.name = input.dataset.slug;
  chosen.disabled = true;
  field.append(chosen);
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-controls", list.id);
  input.setAttribute("aria-expanded", "false");
  let timer = 0;
  let asked = 0;
  let at = -1;
  let isComing = false; // proposals for what was typed last are on their way
  let isWanted = false; // Enter was pressed meanwhile: the first of them is meant

  const options = () => [...list.querySelectorAll("[role=option]")];

  function close() {
    list.hidden = true;
    at = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function mark(place) {
    const rows = options();
    if (!rows.length) return;
    at = (place + rows.length) % rows.length;
    for (const [n, row] of rows.entries()) row.setAttribute("aria-selected", String(n === at));
    input.setAttribute("aria-activedescendant", rows[at].id);
    rows[at].scrollIntoView({ block: "nearest" });
  }

  /** What is on its way is wanted no more. */
  function settle() {
    clearTimeout(timer);
    asked += 1;
    isComing = false;
    isWanted = false;
  }

  function choose(row) {
    settle();
    input.value = row.dataset.name;
    chosen.value = row.dataset.slug;
    chosen.disabled = false;
    close();
  }

  function show(motifs) {
    list.replaceChildren(
      ...motifs.map((motif, n) => {
        const row = document.createElement("li");
        row.role = "option";
        row.id = `${list.id}-${n}`;
        row.dataset.slug = motif.slug;
        row.dataset.name = motif.name;
        row.append(motif.name);
        if (motif.gloss) {
          const gloss = document.createElement("span");
          gloss.textContent = motif.gloss;
          row.append(" ", gloss);
        }
        return row;
      }),
    );
    if (!motifs.length) {
      const row = document.createElement("li");
      row.role = "option";
      row.setAttribute("aria-disabled", "true");
      row.textContent = nothing;
      list.append(row);
    }
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    at = -1;
    if (motifs.length) mark(0);
  }

  async function ask() {
    const number = ++asked;
    const question = `${address}?q=${encodeURIComponent(input.value)}`;
    // Without an answer, what was typed is sent.
    const found = await fetch(question)
      .then((response) => (response.ok ? response.json() : null))
      .catch(() => null);
    if (number !== asked) return;
    isComing = false;
    if (!found) return close();
    show(found.motifs);
    if (isWanted && at >= 0) choose(options()[at]);
    else if (!input.matches(":focus")) close();
  }

  input.addEventListener("input", () => {
    chosen.disabled = true;
    settle();
    isComing = Boolean(input.value.trim());
    if (isComing) timer = setTimeout(ask, PAUSE);
    else close();
  });
  input.addEventListener("keydown", (event) => {
    const isOpen = !list.hidden;
    // Who moves in the list chooses from what it shows.
    if (isOpen && ["ArrowDown", "ArrowUp"].includes(event.key)) settle();
    if (event.key === "ArrowDown" && isOpen) mark(at + 1);
    else if (event.key === "ArrowUp" && isOpen) mark(at - 1);
    else if (event.key === "Escape" && isOpen) close();
    else if (event.key === "Enter" && isComing) isWanted = true;
    else if (event.key === "Enter" && isOpen && at >= 0) choose(options()[at]);
    else return;
    event.preventDefault();
  });
  list.addEventListener("pointerdown", (event) => {
    const row = event.target.closest("[data-slug]");
    event.preventDefault();
    if (row) choose(row);
  });
  input.addEventListener("blur", close);
}
