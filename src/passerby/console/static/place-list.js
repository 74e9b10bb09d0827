// @ts-check
/**
 * `<place-list>`: zones and lines with their names, corners as numbers, and what happened there.
 *
 * Holds `.places`, `.trouble`, and buttons `data-draw` (with the mouse) and `data-add` (in the
 * middle, to be moved with numbers).
 */

import { watch } from "./clock.js";
import { element } from "./markup.js";

/** @typedef {import("./job-view.js").JobView} JobView */
/** @typedef {import("./places.js").Places} Places */
/** @typedef {import("./places.js").Place} Place */

const LISTED = 200;

class PlaceList extends HTMLElement {
  /**
   * @param {JobView} view
   * @param {Places} places
   * @param {{begin: (kind: "zone" | "line") => void}} canvas
   */
  join(view, places, canvas) {
    this.jobView = view;
    this.places = places;
    places.addEventListener("places", () => this.fill());
    places.addEventListener("counts", () => this.showCounts());
    places.addEventListener("trouble", () => this.showTrouble());
    this.addEventListener("click", (event) => {
      const target = /** @type {HTMLElement} */ (event.target);
      const button = /** @type {HTMLElement | null} */ (target.closest("button"));
      const { draw, add, remove, person, at } = button?.dataset ?? {};
      if (draw) canvas.begin(/** @type {"zone" | "line"} */ (draw));
      if (add) places.add(/** @type {"zone" | "line"} */ (add), this.middle(add));
      if (remove !== undefined) places.remove(Number(remove));
      if (person !== undefined) view.follow(Number(person), Number(at));
    });
    this.addEventListener("change", (event) =>
      this.edit(/** @type {HTMLInputElement} */ (event.target)),
    );
  }

  /** @param {string} kind */
  middle(kind) {
    const { width, height } = /** @type {JobView} */ (this.jobView).facts;
    const [left, right, top, bottom] = [width / 3, (2 * width) / 3, height / 2, (9 * height) / 10];
    if (kind === "line") return [[width / 2, top], [width / 2, bottom]];
    return [[left, top], [right, top], [right, bottom], [left, bottom]];
  }

  /** @param {HTMLInputElement} input */
  edit(input) {
    const places = /** @type {Places} */ (this.places);
    const { place, corner, axis } = input.dataset;
    if (input.name === "anchor") places.countBy(input.value);
    if (place === undefined) return;
    if (corner === undefined) {
      places.rename(Number(place), input.value.trim());
      return;
    }
    const point = [...places.list[Number(place)].points[Number(corner)]];
    point[Number(axis)] = Number(input.value);
    places.move(Number(place), Number(corner), point);
  }

  /** Write the list anew, unless only numbers in it changed. */
  fill() {
    const list = /** @type {Places} */ (this.places).list;
    const form = list.map(({ kind, points }) => `${kind} ${points.length}`).join();
    if (form !== this.form) {
      this.form = form;
      const shown = /** @type {HTMLElement} */ (this.querySelector(".places"));
      shown.replaceChildren(...list.map((place, number) => this.entry(place, number)));
      this.showCounts();
    }
    for (const input of this.querySelectorAll("input[data-place]"))
      refresh(/** @type {HTMLInputElement} */ (input), list);
  }

  /**
   * @param {Place} place
   * @param {number} number
   */
  entry(place, number) {
    const word = place.kind === "zone" ? "zone" : "line";
    const name = element("input", {
      "aria-label": `Name of the ${word}`,
      "data-place": number,
      maxlength: 100,
      required: true,
    });
    const remove = element(
      "button",
      { type: "button", class: "quiet", "data-remove": number, "aria-label": `Remove ${place.name}` },
      "Remove",
    );
    const corners = place.points.map((_, corner) =>
      element("li", {}, coordinate(number, corner, 0), coordinate(number, corner, 1)),
    );
    return element(
      "li",
      { class: `place ${place.kind}` },
      element("div", { class: "head" }, element("i", { class: "sign" }), name, remove),
      element("div", { class: "counts", "aria-live": "polite" }),
      element("details", {}, element("summary", {}, "Corners"), element("ol", {}, ...corners)),
    );
  }

  showCounts() {
    const places = /** @type {Places} */ (this.places);
    const shown = [...this.querySelectorAll(".counts")];
    places.list.forEach((place, number) => {
      const result = places.result(place);
      const content = place.kind === "zone" ? zoneCounts(result) : lineCounts(result);
      shown[number]?.replaceChildren(...(result ? content : []));
    });
    this.showAnchor();
  }

  /** Ask for the point of a box that counts where the foot seems not to suit, or is not it. */
  showAnchor() {
    const { summary, rest } = /** @type {Places} */ (this.places);
    const shown = /** @type {HTMLElement} */ (this.querySelector(".anchor"));
    const choice = /** @type {HTMLSelectElement} */ (shown.querySelector("select"));
    const hint = /** @type {HTMLElement} */ (shown.querySelector("output"));
    shown.hidden = !summary.hint && rest.anchor === undefined;
    choice.value = rest.anchor ?? "foot";
    hint.textContent = summary.hint ?? "";
  }

  showTrouble() {
    const shown = /** @type {HTMLElement} */ (this.querySelector(".trouble"));
    shown.textContent = this.places?.trouble ?? "";
    shown.hidden = !shown.textContent;
  }
}

/**
 * Have a field say what holds now, unless somebody writes in it.
 * @param {HTMLInputElement} input
 * @param {Place[]} list
 */
function refresh(input, list) {
  const { place, corner, axis } = input.dataset;
  const { name, points } = list[Number(place)];
  const value = corner === undefined ? name : String(points[Number(corner)][Number(axis)]);
  if (document.activeElement !== input || corner !== undefined) input.value = value;
}

/**
 * @param {number} place
 * @param {number} corner
 * @param {number} axis
 */
function coordinate(place, corner, axis) {
  return element("input", {
    type: "number",
    step: "any",
    "aria-label": `${axis ? "y" : "x"} of corner ${corner + 1}`,
    "data-place": place,
    "data-corner": corner,
    "data-axis": axis,
  });
}

/** @param {any} found */
function zoneCounts(found) {
  if (!found) return [];
  const figures = numbers({
    Entries: found.entries,
    Exits: found.exits,
    Persons: found.persons,
    "Most at once": found.most_at_once,
    "Mean stay": `${found.mean_dwell_s.toFixed(1)} s`,
  });
  const stays = found.stays.map((/** @type {any} */ { person, from_ms, to_ms }) =>
    jump(person, from_ms, `${watch(from_ms)} – ${watch(to_ms)}`),
  );
  return [figures, moments("Stays", stays)];
}

/** @param {any} found */
function lineCounts(found) {
  if (!found) return [];
  const figures = numbers({ Forward: found.forward, Backward: found.backward });
  const crossings = found.crossings.map((/** @type {any} */ { person, at_ms, direction }) =>
    jump(person, at_ms, `${watch(at_ms)} ${direction}`),
  );
  return [figures, moments("Crossings", crossings)];
}

/** @param {Record<string, string | number>} figures */
function numbers(figures) {
  const pairs = Object.entries(figures).map(([name, value]) =>
    element("div", {}, element("dt", {}, name), element("dd", {}, String(value))),
  );
  return element("dl", { class: "figures" }, ...pairs);
}

/**
 * @param {number} person
 * @param {number} at
 * @param {string} text
 */
function jump(person, at, text) {
  const words = `Person ${person} · ${text}`;
  return element("li", {}, element("button", { type: "button", "data-person": person, "data-at": Math.max(0, at) }, words));
}

/**
 * @param {string} title
 * @param {HTMLElement[]} items
 */
function moments(title, items) {
  const rest = items.length - LISTED;
  const more = rest > 0 ? [element("li", {}, `and ${rest} more`)] : [];
  const list = element("ul", { class: "moments" }, ...items.slice(0, LISTED), ...more);
  return element("details", {}, element("summary", {}, `${title} (${items.length})`), list);
}

customElements.define("place-list", PlaceList);
