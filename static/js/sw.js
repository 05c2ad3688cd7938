// What makes the site work without a network. The server puts VERSION before this file,
// so a change of pages, model or runtime makes a new worker, and old caches go.
//
// Kept: files whose address names their content; pages that the server says anybody may
// keep (the header Langgundi-Offline, never with a session); what the model is. Nothing
// that is personal, nothing that was sent.

/* global VERSION, START_PAGES, OFFLINE_PAGE, MODEL */

const SITE = `langgundi-site-${VERSION}`;
const RECOGNISER = "langgundi-recogniser";
const IMPATIENCE_MS = 4000;

const hasDigest = (path) =>
  path.startsWith("/static/") && /\.[0-9a-f]{12}\.[a-z0-9]+$/.test(path);
const isOfRecogniser = (path) => path.startsWith("/files/runtime/");
const isModel = (path) => path === MODEL;

self.addEventListener("install", (event) => {
  event.waitUntil(prepare().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(clear().then(() => self.clients.claim()));
});

/** Keep the start pages and all that they are made of, asked for as a stranger would. */
async function prepare() {
  const cache = await caches.open(SITE);
  const seen = new Set([...START_PAGES, OFFLINE_PAGE, MODEL]);
  const waiting = [...seen];
  while (waiting.length) {
    const batch = waiting.splice(0);
    const found = await Promise.all(batch.map((address) => keep(cache, address)));
    for (const part of found.flat()) {
      if (seen.has(part)) continue;
      seen.add(part);
      waiting.push(part);
    }
  }
}

/** Keep a file; return the addresses of the static files that it names. */
async function keep(cache, address) {
  const response = await fetch(address, { credentials: "omit" });
  if (!response.ok) return [];
  await cache.put(address, response.clone());
  const type = response.headers.get("Content-Type") ?? "";
  if (!/html|css|javascript/.test(type)) return [];
  const text = await response.text();
  // Only what this site itself would fetch: not what it names to others, as a whole URL.
  const named = [...text.matchAll(/["'(](\/static\/[^"'\s)]+)/g)].map(([, path]) => path);
  // What scripts import and style sheets show is named by where it lies beside them.
  const beside = [
    ...text.matchAll(/(?:from |import\()["'](\.[^"']+)["']/g),
    ...text.matchAll(/url\(["']?(\.[^"')]+)["']?\)/g),
  ].map(([, path]) => new URL(path, new URL(address, self.location)).pathname);
  return [...named, ...(type.includes("html") ? [] : beside)];
}

async function clear() {
  for (const name of await caches.keys()) {
    if (name !== SITE && name !== RECOGNISER) await caches.delete(name);
  }
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== self.location.origin) return;
  const { pathname } = address;
  if (hasDigest(pathname)) event.respondWith(keptFirst(request));
  else if (isOfRecogniser(pathname)) event.respondWith(keptOrFetched(request));
  else if (request.mode === "navigate" || isModel(pathname)) {
    event.respondWith(networkFirst(request, event));
  } else if (pathname.startsWith("/static/")) {
    event.respondWith(networkFirst(request, event));
  }
});

async function keptFirst(request) {
  const cache = await caches.open(SITE);
  const found = await cache.match(request);
  if (found) return found;
  const response = await fetch(request);
  if (response.ok) await cache.put(request, response.clone());
  return response;
}

/** Return what the recogniser's worker has kept; it alone writes there. */
async function keptOrFetched(request) {
  return (await caches.match(request, { cacheName: RECOGNISER })) ?? fetch(request);
}

async function networkFirst(request, event) {
  const cache = await caches.open(SITE);
  const kept = async () =>
    // Offline the model is the one that is here, which may be older than the site's.
    (isModel(new URL(request.url).pathname) &&
      (await caches.match(request, { cacheName: RECOGNISER }))) ||
    cache.match(request, { ignoreVary: true });
  const asked = fetch(request).then(async (response) => {
    if (mayKeep(request, response)) await cache.put(request, response.clone());
    return response;
  });
  // A slow answer is still kept for the next time.
  event.waitUntil(asked.catch(() => {}));
  try {
    return await Promise.race([asked, impatient(kept)]);
  } catch {
    const found = await kept();
    if (found) return found;
    if (request.mode !== "navigate") return Response.error();
    return (await cache.match(OFFLINE_PAGE)) ?? Response.error();
  }
}

/** Return what is kept once the network has taken too long, if anything is. */
async function impatient(kept) {
  await new Promise((resolve) => setTimeout(resolve, IMPATIENCE_MS));
  const found = await kept();
  return found ?? new Promise(() => {});
}

function mayKeep(request, response) {
  if (!response.ok || response.redirected) return false;
  const { pathname, search } = new URL(request.url);
  if (isModel(pathname) || pathname.startsWith("/static/")) return true;
  return !search && response.headers.has("Langgundi-Offline");
}
