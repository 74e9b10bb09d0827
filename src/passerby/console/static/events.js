// Server-sent events.

/**
 * Listen to events of jobs and of their artifacts, until the page is left.
 * @param {{job?: (facts: object) => void, artifact?: (status: object) => void}} listeners
 */
export function listen(listeners) {
  const source = new EventSource("/console/events");
  for (const [kind, listener] of Object.entries(listeners)) {
    source.addEventListener(kind, (event) => listener(JSON.parse(event.data)));
  }
  // A refused connection is not tried again: the session has ended.
  source.addEventListener("error", () => source.readyState === EventSource.CLOSED && location.reload());
  // A page that the browser keeps for "back" must not keep its connection.
  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", (event) => event.persisted && location.reload());
}
