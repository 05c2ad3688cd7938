// The token without which the server takes no form.

/** Ask for a page afresh and return the token in its form, with the cookie it goes with.
 *
 * A page that was kept on this device has a token, but the cookie may be gone.
 */
export async function freshToken(page) {
  const response = await fetch(page, { cache: "no-store" });
  const found = new DOMParser().parseFromString(await response.text(), "text/html");
  return found.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
}
