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

  function choose(row) {
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
    const response = await fetch(`${address}?q=${encodeURIComponent(input.value)}`);
    if (!response.ok || number !== asked) return;
    show((await response.json()).motifs);
  }

  input.addEventListener("input", () => {
    chosen.disabled = true;
    clearTimeout(timer);
    asked += 1;
    if (!input.value.trim()) close();
    else timer = setTimeout(ask, PAUSE);
  });
  input.addEventListener("keydown", (event) => {
    const isOpen = !list.hidden;
    if (event.key === "ArrowDown" && isOpen) mark(at + 1);
    else if (event.key === "ArrowUp" && isOpen) mark(at - 1);
    else if (event.key === "Escape" && isOpen) close();
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
