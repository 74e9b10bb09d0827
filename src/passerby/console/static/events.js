// What the server tells as it happens.

/**
 * Listen to jobs and to what is made of their videos, until the page is left.
 * @param {{job?: (facts: object) => void, making?: (standing: object) => void}} heard
 */
export function listen(heard) {
  const source = new EventSource("/console/events");
  for (const [kind, hear] of Object.entries(heard)) {
    source.addEventListener(kind, (event) => hear(JSON.parse(event.data)));
  }
  // What the server refuses is not tried again: the session has ended.
  source.addEventListener("error", () => source.readyState === EventSource.CLOSED && location.reload());
  // A page that the browser keeps for "back" must not keep its connection.
  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", (event) => event.persisted && location.reload());
}
