// The CSRF token, and requests that carry it.

const token = document.querySelector('meta[name="csrf-token"]')?.content ?? "";

/** Headers of the session's CSRF token. */
export const csrfHeaders = () => ({ "X-CSRF-Token": token });

/**
 * Send a request that changes something, and read its JSON answer.
 * @throws {Error} with the server's sentence where it refuses.
 */
export async function send(method, url, value) {
  const headers = { ...csrfHeaders(), "Content-Type": "application/json", Accept: "application/json" };
  const body = value === undefined ? undefined : JSON.stringify(value);
  const answer = await fetch(url, { method, headers, body });
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(told.error ?? `The server answered ${answer.status}.`);
  return told;
}
