// @ts-check
/**
 * `<person-gallery>`: everybody who was found, as pictures or as a table; a click follows.
 *
 * Holds a search field, a switch between the two, `.pictures` and `.table`. The table says in
 * words what the timeline draws.
 */

import { watch } from "./clock.js";
import { element } from "./markup.js";
import { colourOf } from "./palette.js";

/** @typedef {import("./job-view.js").JobView} JobView */
/** @typedef {import("./job-view.js").Person} Person */

const AT_ONCE = 60;

class PersonGallery extends HTMLElement {
  connectedCallback() {
    this.search = /** @type {HTMLInputElement} */ (this.querySelector("input[type=search]"));
    this.pictures = /** @type {HTMLElement} */ (this.querySelector(".pictures"));
    this.table = /** @type {HTMLTableElement} */ (this.querySelector("table"));
    this.more = /** @type {HTMLButtonElement} */ (this.querySelector("[data-do=more]"));
    this.none = /** @type {HTMLElement} */ (this.querySelector(".none"));
    this.shown = AT_ONCE;
    this.hasPictures = false;
  }

  /** @param {JobView} view */
  set view(view) {
    this.jobView = view;
    view.addEventListener("persons", () => this.fill());
    view.addEventListener("follow", () => this.markFollowed());
    this.search.addEventListener("input", () => {
      this.shown = AT_ONCE;
      this.fill();
    });
    this.addEventListener("click", (event) => this.click(event));
  }

  /** Say that there are portraits now. */
  havePictures() {
    this.hasPictures = true;
    this.fill();
  }

  /** @param {MouseEvent} event */
  click(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    const button = /** @type {HTMLElement | null} */ (target.closest("button"));
    const { person, show, do: what } = button?.dataset ?? {};
    if (person !== undefined) this.follow(Number(person));
    if (what === "more") {
      this.shown += AT_ONCE;
      this.fill();
    }
    if (show) this.showAs(show);
  }

  /** @param {string} form "pictures" or "table" */
  showAs(form) {
    this.pictures.hidden = form !== "pictures";
    this.table.hidden = form !== "table";
    for (const button of this.querySelectorAll("[data-show]"))
      button.setAttribute(
        "aria-pressed",
        String(/** @type {HTMLElement} */ (button).dataset.show === form),
      );
  }

  /** @param {number} number */
  follow(number) {
    const view = /** @type {JobView} */ (this.jobView);
    view.follow(number, view.byNumber.get(number)?.first_ms);
  }

  /** @returns {Person[]} whose number begins as the search does */
  wanted() {
    const digits = this.search.value.trim();
    return (this.jobView?.persons ?? []).filter(({ person }) => String(person).startsWith(digits));
  }

  fill() {
    const wanted = this.wanted();
    const shown = wanted.slice(0, this.shown);
    this.pictures.replaceChildren(...shown.map((person) => this.picture(person)));
    this.table.tBodies[0].replaceChildren(...shown.map((person) => this.row(person)));
    this.more.hidden = wanted.length <= this.shown;
    this.more.textContent = `Show more (${wanted.length - shown.length})`;
    this.none.hidden = wanted.length > 0;
    this.markFollowed();
  }

  /** @param {Person} person */
  picture({ person, first_ms, last_ms }) {
    const address = `${this.jobView?.base}/portraits/${person}.png`;
    const image = this.hasPictures
      ? element("img", { src: address, alt: "", loading: "lazy", width: 144, height: 256 })
      : element("span", { class: "blank", "aria-hidden": "true" });
    image.addEventListener("error", () => image.replaceWith(element("span", { class: "blank" })));
    const times = `${watch(first_ms, 0)} – ${watch(last_ms, 0)}`;
    const button = element(
      "button",
      { type: "button", "data-person": person, class: "person" },
      image,
      element("strong", {}, `Person ${person}`),
      element("span", { class: "soft small number" }, times),
    );
    button.style.setProperty("--person", colourOf(person));
    return element("li", {}, button);
  }

  /** @param {Person} person */
  row({ person, first_ms, last_ms, seen, filled, face }) {
    const button = element("button", { type: "button", "data-person": person }, `${person}`);
    button.style.setProperty("--person", colourOf(person));
    const cells = [
      watch(first_ms),
      watch(last_ms),
      seconds(seen),
      seconds(filled),
      seconds(face),
    ].map((text) => element("td", { class: "number" }, text));
    return element("tr", {}, element("th", { scope: "row" }, button), ...cells);
  }

  markFollowed() {
    for (const button of this.querySelectorAll("[data-person]")) {
      const number = Number(/** @type {HTMLElement} */ (button).dataset.person);
      button.setAttribute("aria-pressed", String(number === this.jobView?.followed));
    }
  }
}

/**
 * Sum of intervals.
 * @param {number[]} ends beginnings and ends in turn, milliseconds
 */
function seconds(ends) {
  const total = ends.reduce((sum, end, at) => sum + (at % 2 ? end : -end), 0);
  return ends.length ? `${(total / 1000).toFixed(1)} s` : "–";
}

customElements.define("person-gallery", PersonGallery);
