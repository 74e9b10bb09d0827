// @ts-check
/** `<job-state>`: progress of a job; the page is reloaded when the job ends. */

import { listen } from "./events.js";

class JobState extends HTMLElement {
  connectedCallback() {
    listen({ job: (/** @type {any} */ facts) => this.hear(facts) });
  }

  /** @param {{id: string, state: string, fraction: number, words: string, detail: string}} facts */
  hear({ id, state, fraction, words, detail }) {
    if (id !== this.dataset.job) return;
    if (!["queued", "running"].includes(state)) window.location.reload();
    const bar = /** @type {HTMLProgressElement} */ (this.querySelector("progress"));
    bar.value = fraction;
    const said = /** @type {HTMLElement} */ (this.querySelector("[role=status]"));
    said.textContent = detail || words;
  }
}

customElements.define("job-state", JobState);
