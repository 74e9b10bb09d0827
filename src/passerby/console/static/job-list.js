// The list of jobs, updated while it is shown.

import { send } from "./csrf.js";
import { listen } from "./events.js";
import "./local-time.js";

class JobList extends HTMLElement {
  #newJobs = new Set();

  connectedCallback() {
    listen({ job: (facts) => this.#hear(facts) });
    this.addEventListener("submit", (event) => this.#cancel(event));
  }

  #row(id) {
    return this.querySelector(`tr[data-job="${id}"]`);
  }

  #hear(facts) {
    const row = this.#row(facts.id);
    if (row) this.#show(row, facts);
    else if (facts.open) this.#announce(facts.id);
  }

  #show(row, facts) {
    row.dataset.state = facts.state;
    for (const part of row.querySelectorAll("[data-part]")) setText(part, facts[part.dataset.part]);
    const bar = row.querySelector("progress");
    bar.hidden = facts.state !== "running";
    bar.value = facts.fraction;
    const cancel = row.querySelector("form");
    if (!cancel || cancel.hidden === !facts.open) return;
    if (cancel.contains(document.activeElement)) row.querySelector("a").focus();
    cancel.hidden = !facts.open;
  }

  #announce(id) {
    // Only the first page shows what is new; jobs on other pages are open, too.
    if (new URLSearchParams(location.search).size || this.#newJobs.has(id)) return;
    this.#newJobs.add(id);
    const link = document.createElement("a");
    link.href = "/console/";
    link.textContent = this.#newJobs.size === 1 ? "1 new job" : `${this.#newJobs.size} new jobs`;
    document.querySelector(".news").replaceChildren(link);
  }

  async #cancel(event) {
    event.preventDefault();
    const row = event.target.closest("tr");
    if (!(await confirmed(row.querySelector("a").textContent))) return;
    const detail = row.querySelector('[data-part="detail"]');
    try {
      const facts = await send("POST", event.target.getAttribute("action"));
      this.#show(row, facts);
      if (facts.open) setText(detail, "Cancelling…");
    } catch (error) {
      setText(detail, error.message);
    }
  }
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Ask in a dialog; whether the answer was yes. */
function confirmed(subject) {
  const dialog = document.querySelector("#confirm");
  dialog.querySelector('[data-part="subject"]').textContent = subject;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

customElements.define("job-list", JobList);
