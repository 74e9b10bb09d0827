// @ts-check
/**
 * `<download-list>`: a form for each format; a file that does not exist yet is made first.
 *
 * Each `form` is named by its `data-format`, and holds a `button`, a `progress` and an `output`.
 */

import { statusText, waitForArtifact } from "./artifacts.js";

class DownloadList extends HTMLElement {
  /** @param {string} base address of the job's page */
  join(base) {
    this.addEventListener("submit", (event) => {
      event.preventDefault();
      this.fetch(base, /** @type {HTMLFormElement} */ (event.target));
    });
    this.addEventListener("change", (event) => {
      const form = /** @type {HTMLElement} */ (event.target).closest("form");
      if (form) this.showChoices(form);
    });
    for (const form of this.querySelectorAll("form")) this.showChoices(form);
  }

  /** @param {HTMLFormElement} form */
  showChoices(form) {
    const who = /** @type {HTMLSelectElement | null} */ (form.elements.namedItem("who"));
    const persons = /** @type {HTMLElement | null} */ (form.querySelector(".persons"));
    if (who && persons) persons.hidden = !["all-but", "only"].includes(who.value);
  }

  /**
   * @param {string} base
   * @param {HTMLFormElement} form
   */
  async fetch(base, form) {
    const button = /** @type {HTMLButtonElement} */ (form.querySelector("button"));
    const bar = /** @type {HTMLProgressElement} */ (form.querySelector("progress"));
    const said = /** @type {HTMLOutputElement} */ (form.querySelector("output"));
    button.disabled = true;
    said.className = "soft small";
    try {
      const address = `${base}/export/${form.dataset.format}?${query(form)}`;
      await waitForArtifact(address, (status) => {
        bar.hidden = status.stage === "ready";
        bar.value = status.fraction;
        said.textContent = status.stage === "ready" ? "" : statusText(status);
      });
      window.location.assign(address);
    } catch (error) {
      said.textContent = /** @type {Error} */ (error).message;
      said.className = "trouble small";
    } finally {
      bar.hidden = true;
      button.disabled = false;
    }
  }
}

/**
 * Choices of a form as the server reads them; persons are all numbers in the field.
 * @param {HTMLFormElement} form
 */
function query(form) {
  const chosen = new URLSearchParams();
  const given = new FormData(form);
  const who = given.get("who");
  if (who === null) return "";
  chosen.set("who", String(who));
  if (who === "all-but" || who === "only") {
    for (const number of String(given.get("persons")).match(/\d+/g) ?? [])
      chosen.append("person", number);
  }
  return chosen.toString();
}

customElements.define("download-list", DownloadList);
