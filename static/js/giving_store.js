// Photos on their way wait here, on this device, so that a page that is loaded again goes
// on with them: a browser hands a chosen file to one page only.

const NAME = "langgundi-giving";
const STORE = "photos";
const KEPT_MS = 2 * 24 * 60 * 60 * 1000;
const PATIENCE_MS = 3000;

function open() {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, 1);
    asked.addEventListener("upgradeneeded", () => {
      asked.result.createObjectStore(STORE, { keyPath: "id" });
    });
    asked.addEventListener("success", () => resolve(asked.result));
    asked.addEventListener("error", () => reject(asked.error));
  });
}

async function within(mode, work) {
  const database = await open();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, mode);
      const asked = work(transaction.objectStore(STORE));
      transaction.addEventListener("complete", () => resolve(asked.result));
      transaction.addEventListener("error", () => reject(transaction.error));
      transaction.addEventListener("abort", () => reject(transaction.error));
    });
  } finally {
    database.close();
  }
}

const idOf = (draft, client) => `${draft}/${client}`;

/** As `within`, but not for long: a store that hangs must keep no photo back. */
function soonWithin(mode, work) {
  const late = (_, reject) => setTimeout(() => reject(new Error("late")), PATIENCE_MS);
  return Promise.race([within(mode, work), new Promise(late)]);
}

/** Keep a photo of a draft. Without room for it, only loading again loses its way. */
export async function keep(draft, client, file) {
  const kept = { id: idOf(draft, client), draft, client, file, at: Date.now() };
  await soonWithin("readwrite", (store) => store.put(kept)).catch(() => {});
}

export async function forget(draft, client) {
  const id = idOf(draft, client);
  await soonWithin("readwrite", (store) => store.delete(id)).catch(() => {});
}

/** Return the photos of a draft that have not arrived: [{ client, file }]. */
export async function keptOf(draft) {
  const all = await soonWithin("readonly", (store) => store.getAll()).catch(() => []);
  for (const { draft: of, client, at } of all) {
    if (Date.now() - at > KEPT_MS) await forget(of, client);
  }
  return all.filter(({ draft: of, at }) => of === draft && Date.now() - at <= KEPT_MS);
}
