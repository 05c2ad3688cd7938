// Reports made without a network wait here, on this device, until there is one.

import { freshToken } from "./token.js";

const NAME = "langgundi-outbox";
const STORE = "reports";
const FORBIDDEN = 403;
const TOO_MANY = 429;

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

/** Keep a report: { id, address, fields: [[name, value]], files: [File] }. */
export function keep(report) {
  return within("readwrite", (store) => store.put(report));
}

export function waiting() {
  return within("readonly", (store) => store.getAll());
}

export function discard() {
  return within("readwrite", (store) => store.clear());
}

function drop(id) {
  return within("readwrite", (store) => store.delete(id));
}

/** Send a form, with a token of now: the page may be a kept one. */
export async function send({ address, fields, files }) {
  const page = new URL("../", new URL(address, location.href));
  const body = new FormData();
  body.append("csrfmiddlewaretoken", await freshToken(page));
  for (const [name, value] of fields) body.append(name, value);
  for (const file of files) body.append("image", file, file.name);
  return fetch(address, { method: "POST", body, headers: { "HX-Request": "true" } });
}

let isSending = false;

/** Send what waits. Returns null while that is being done already, else
 * { answer, trouble, waitMs }: the answer to the last one sent, or null; what kept the
 * others here, if anything: "network", "busy" or "refused"; and for how long the server
 * is busy, where it says so.
 */
export async function sendWaiting() {
  if (isSending) return null;
  isSending = true;
  let answer = null;
  try {
    for (const report of await waiting()) {
      const response = await send(report);
      if (response.status === TOO_MANY) {
        return { answer, trouble: "busy", waitMs: waitOf(response) };
      }
      // A defect there, or a token that it did not give: the report goes on waiting.
      if (response.status === FORBIDDEN || response.status >= 500) {
        return { answer, trouble: "refused" };
      }
      await drop(report.id);
      answer = await response.text();
    }
    return { answer, trouble: null };
  } catch {
    return { answer, trouble: "network" };
  } finally {
    isSending = false;
  }
}

function waitOf(response) {
  const seconds = Number(response.headers.get("Retry-After"));
  return seconds > 0 ? seconds * 1000 : undefined;
}
