// @ts-check
/**
 * `<count-chart>`: how many people were in the picture over time; a click goes there.
 *
 * Holds a `.plot` and a `.words` that says the same in a sentence.
 */

import { watch } from "./clock.js";
import { send } from "./csrf.js";
import { drawing } from "./markup.js";

/** @typedef {import("./job-view.js").JobView} JobView */
/** @typedef {{step_ms: number, start_ms: number, persons: number[]}} Counts */

const WIDTH = 1000;
const HEIGHT = 180;
const TOP = 10;
const LEVELS = 4;

class CountChart extends HTMLElement {
  /** @param {JobView} view */
  async show(view) {
    if (this.isShown) return;
    this.isShown = true;
    try {
      this.counts = /** @type {Counts} */ (await send("GET", `${view.base}/counts`));
    } catch (error) {
      this.isShown = false;
      throw error;
    }
    this.jobView = view;
    this.plot();
    this.say();
    view.addEventListener("time", () => this.movePlayhead());
  }

  plot() {
    const { endMs } = /** @type {JobView} */ (this.jobView);
    const { persons, start_ms, step_ms } = /** @type {Counts} */ (this.counts);
    const most = niceMost(Math.max(1, ...persons));
    const x = (/** @type {number} */ ms) => (WIDTH * ms) / Math.max(1, endMs);
    const y = (/** @type {number} */ count) => HEIGHT - ((HEIGHT - TOP) * count) / most;
    const steps = persons.map((count, at) => {
      const [from, to] = [start_ms + at * step_ms, start_ms + (at + 1) * step_ms];
      return `L${x(from)} ${y(count)}L${x(to)} ${y(count)}`;
    });
    const end = x(start_ms + persons.length * step_ms);
    const line = `M${x(start_ms)} ${HEIGHT}${steps.join("")}L${end} ${HEIGHT}`;
    this.playhead = drawing("line", { class: "now", y1: 0, y2: HEIGHT });
    const svg = drawing(
      "svg",
      { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" },
      ...grid(most, y),
      drawing("path", { class: "area", d: `${line}Z` }),
      this.playhead,
    );
    svg.addEventListener("click", (event) => this.seek(/** @type {MouseEvent} */ (event), svg));
    this.querySelector(".plot")?.replaceChildren(svg);
    const axis = /** @type {HTMLElement} */ (this.querySelector(".axis"));
    axis.replaceChildren(`0`, document.createElement("i"), `${most}`);
    this.movePlayhead();
  }

  /**
   * @param {MouseEvent} event
   * @param {Element} svg
   */
  seek(event, svg) {
    const view = /** @type {JobView} */ (this.jobView);
    const box = svg.getBoundingClientRect();
    view.seek(((event.clientX - box.left) / box.width) * view.endMs);
  }

  movePlayhead() {
    const { timestampMs, endMs } = /** @type {JobView} */ (this.jobView);
    const x = String((WIDTH * timestampMs) / Math.max(1, endMs));
    this.playhead?.setAttribute("x1", x);
    this.playhead?.setAttribute("x2", x);
  }

  say() {
    const { persons, start_ms, step_ms } = /** @type {Counts} */ (this.counts);
    const most = Math.max(0, ...persons);
    const at = start_ms + persons.indexOf(most) * step_ms;
    const mean = persons.reduce((sum, count) => sum + count, 0) / Math.max(1, persons.length);
    const words = /** @type {HTMLElement} */ (this.querySelector(".words"));
    words.textContent = persons.length
      ? `Up to ${most} at once, first at ${watch(at, 0)}; ${mean.toFixed(1)} on average.`
      : "Nobody was seen.";
  }
}

/**
 * @param {number} most
 * @param {(count: number) => number} y
 */
function grid(most, y) {
  return Array.from({ length: LEVELS }, (_, step) => {
    const level = y((most * (step + 1)) / LEVELS);
    return drawing("line", { class: "level", x1: 0, x2: WIDTH, y1: level, y2: level });
  });
}

/**
 * The next number that four levels divide evenly.
 * @param {number} most
 */
function niceMost(most) {
  return LEVELS * Math.ceil(most / LEVELS);
}

customElements.define("count-chart", CountChart);
