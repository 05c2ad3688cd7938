// What every page does beyond HTML: the theme switch, the remembered language, and
// copying a citation. A page without this file only lacks these.

const YEAR = 60 * 60 * 24 * 365;
const root = document.documentElement;
const systemDark = window.matchMedia("(prefers-color-scheme: dark)");

function remember(name, value) {
  const age = value ? YEAR : 0;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${name}=${value}; Path=/; Max-Age=${age}; SameSite=Lax${secure}`;
}

function isDark() {
  const chosen = root.dataset.theme;
  return chosen ? chosen === "dark" : systemDark.matches;
}

for (const button of document.querySelectorAll(".theme-switch")) {
  const show = () => button.setAttribute("aria-pressed", String(isDark()));
  button.hidden = false;
  show();
  systemDark.addEventListener("change", show);
  button.addEventListener("click", () => {
    const wanted = isDark() ? "light" : "dark";
    const system = systemDark.matches ? "dark" : "light";
    // Agreeing with the system is no choice to remember: follow it again.
    if (wanted === system) {
      delete root.dataset.theme;
      remember("theme", "");
    } else {
      root.dataset.theme = wanted;
      remember("theme", wanted);
    }
    show();
  });
}

// The address carries the language; the cookie is for the next visit to "/".
for (const link of document.querySelectorAll("[data-language]")) {
  link.addEventListener("click", () => {
    remember("django_language", link.dataset.language);
    // Search as you type changes the address after the page was made.
    const page = new URL(link.href, location.href);
    page.search = location.search;
    page.hash = location.hash;
    link.href = page.href;
  });
}

for (const button of document.querySelectorAll("[data-copy]")) {
  const source = document.getElementById(button.dataset.copy);
  if (!source || !navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const label = button.textContent;
    await navigator.clipboard.writeText(source.textContent.trim().replace(/\s+/g, " "));
    button.textContent = button.dataset.done;
    window.setTimeout(() => (button.textContent = label), 2000);
  });
}

// Pages that were read stay readable without a network; see sw.js. What the reader does
// first comes first: the worker fetches a good deal while it installs itself.
const CALM_MS = 2000;
if ("serviceWorker" in navigator && window.isSecureContext) {
  window.addEventListener("load", () => {
    window.setTimeout(() => {
      navigator.serviceWorker.register("/sw.js").catch(() => {});
    }, CALM_MS);
  });
}
