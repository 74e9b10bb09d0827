// @ts-check
/**
 * Zones and lines of a job: kept at the server, and counted as soon as they change.
 */

import { send } from "./csrf.js";

const PAUSE_MS = 250;

/**
 * @typedef {object} Place
 * @property {"zone" | "line"} kind
 * @property {string} name
 * @property {number[][]} points x, y of each corner; of a line, its start and its end
 * @property {string} [anchor] the point of a box that counts, unless it is that of all
 */

/** Events: `places` (what there is), `counts` (what happened there), `trouble`. */
export class Places extends EventTarget {
  /** @param {string} base address of the job's page */
  constructor(base) {
    super();
    this.base = base;
    /** @type {Place[]} */
    this.list = [];
    /** @type {Record<string, any>} what else is kept: the anchor of all places, and more */
    this.rest = {};
    /** @type {any} */
    this.summary = { zones: [], lines: [] };
    this.trouble = "";
    /** @type {number | undefined} */
    this.timer = undefined;
    this.version = 0;
  }

  async load() {
    const stored = await send("GET", `${this.base}/places`);
    const { zones = [], lines = [], ...rest } = stored;
    this.rest = rest;
    this.list = [
      ...zones.map((/** @type {any} */ { points, ...zone }) => ({ kind: "zone", points, ...zone })),
      ...lines.map((/** @type {any} */ { from, to, ...line }) => ({
        kind: "line",
        points: [from, to],
        ...line,
      })),
    ];
    this.dispatchEvent(new Event("places"));
    if (this.list.length) await this.count();
  }

  /**
   * @param {"zone" | "line"} kind
   * @param {number[][]} points
   */
  add(kind, points) {
    this.list.push({ kind, name: this.freeName(kind), points: points.map(rounded) });
    this.changed();
  }

  /** @param {number} number */
  remove(number) {
    this.list.splice(number, 1);
    this.changed();
  }

  /**
   * @param {number} number
   * @param {number} corner
   * @param {number[]} point
   */
  move(number, corner, point) {
    this.list[number].points[corner] = rounded(point);
    this.changed();
  }

  /**
   * @param {number} number
   * @param {string} name
   */
  rename(number, name) {
    this.list[number].name = name;
    this.changed();
  }

  /** @param {string} anchor the point of a box that counts, where a place has none of its own */
  countBy(anchor) {
    this.rest.anchor = anchor;
    this.changed();
  }

  /** Say that something is another way now: shown at once, kept and counted soon. */
  changed() {
    this.dispatchEvent(new Event("places"));
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.keep(), PAUSE_MS);
  }

  async keep() {
    try {
      await send("PUT", `${this.base}/places`, this.written());
      await this.count();
    } catch (error) {
      this.complain(/** @type {Error} */ (error).message);
    }
  }

  async count() {
    this.version += 1;
    const asked = this.version;
    const summary = await send("POST", `${this.base}/summary`, this.written());
    if (asked !== this.version) return;
    this.summary = summary;
    this.complain("");
    this.dispatchEvent(new Event("counts"));
  }

  /** @param {string} trouble */
  complain(trouble) {
    this.trouble = trouble;
    this.dispatchEvent(new Event("trouble"));
  }

  /** @returns {{zones: object[], lines: object[], anchor?: string}} in the form that the server reads */
  written() {
    const zones = this.list.filter(({ kind }) => kind === "zone");
    const lines = this.list.filter(({ kind }) => kind === "line");
    return {
      ...this.rest,
      zones: zones.map(({ kind, ...zone }) => zone),
      lines: lines.map(({ kind, points: [from, to], ...line }) => ({ ...line, from, to })),
    };
  }

  /**
   * What was counted at a place, if it was.
   * @param {Place} place
   */
  result({ kind, name }) {
    const found = kind === "zone" ? this.summary.zones : this.summary.lines;
    return found.find((/** @type {{name: string}} */ each) => each.name === name);
  }

  /** @param {"zone" | "line"} kind */
  freeName(kind) {
    const names = new Set(this.list.map(({ name }) => name));
    const word = kind === "zone" ? "Zone" : "Line";
    let number = 1;
    while (names.has(`${word} ${number}`)) number += 1;
    return `${word} ${number}`;
  }
}

/** @param {number[]} point */
function rounded(point) {
  return point.map((value) => Math.round(value * 10) / 10);
}
