// @ts-check
/**
 * Rows of the result around the moment that is watched, a few seconds at a time.
 *
 * A result of six hours does not fit into a page; what is about to be watched is fetched
 * ahead, and what was watched longest ago is forgotten.
 */

import { send } from "./csrf.js";

export const STRETCH_MS = 4000;
const KEPT_STRETCHES = 24;
const AHEAD_MS = 6000;
const RETRY_MS = 3000;

/**
 * @typedef {object} Rows rows of a stretch of time, as parallel arrays, by time, then by person
 * @property {Float64Array} time milliseconds
 * @property {Int32Array} frame numbers of frames, from 0
 * @property {Int32Array} person
 * @property {Float32Array} box four numbers a row, pixels; NaN where only the face was seen
 * @property {Uint8Array} detected 0 where the box was filled in
 * @property {Int32Array} face row of `faceBox` and `facePoints`, or -1
 * @property {Float32Array} faceBox four numbers a face
 * @property {Float32Array} facePoints ten numbers a face: x, y of each of five points
 */

/** @typedef {(rows: Rows, row: number) => void} Visit */

/** The rows that are here, and the way to have those that are not. */
export class Paths {
  /** @param {string} base address of the job's page */
  constructor(base) {
    this.base = base;
    /** @type {Map<number, Rows>} by number of the stretch, the one used last at the end */
    this.kept = new Map();
    /** @type {Map<number, Promise<void>>} */
    this.underWay = new Map();
    /** @type {Map<number, number>} when a stretch may be asked for again */
    this.refused = new Map();
  }

  /**
   * Have the rows of a time and of what follows soon.
   * @param {number} fromMs
   * @param {number} toMs
   * @returns {Promise<void>} kept once the rows from `fromMs` to `toMs` are here
   */
  async load(fromMs, toMs) {
    const wanted = stretches(fromMs, toMs);
    const soon = stretches(toMs, toMs + AHEAD_MS);
    const asked = wanted.map((number) => this.stretch(number));
    for (const number of soon) this.stretch(number);
    await Promise.all(asked);
  }

  /**
   * Whether all rows of a time are here.
   * @param {number} fromMs
   * @param {number} toMs
   */
  has(fromMs, toMs) {
    return stretches(fromMs, toMs).every((number) => this.kept.has(number));
  }

  /**
   * Visit the rows from one time to another, both included, as far as they are here.
   * @param {number} fromMs
   * @param {number} toMs
   * @param {Visit} visit
   */
  visit(fromMs, toMs, visit) {
    for (const number of stretches(fromMs, toMs)) {
      const rows = this.kept.get(number);
      if (rows) visitRows(rows, fromMs, toMs, visit);
    }
  }

  /**
   * @param {number} number
   * @returns {Promise<void>}
   */
  stretch(number) {
    const here = this.kept.get(number);
    if (here) {
      this.kept.delete(number);
      this.kept.set(number, here);
      return Promise.resolve();
    }
    if ((this.refused.get(number) ?? 0) > performance.now()) return Promise.resolve();
    const asked = this.underWay.get(number) ?? this.fetchStretch(number);
    this.underWay.set(number, asked);
    return asked;
  }

  /** @param {number} number */
  async fetchStretch(number) {
    const from = number * STRETCH_MS;
    const address = `${this.base}/paths?from_ms=${from}&to_ms=${from + STRETCH_MS - 1}`;
    try {
      this.kept.set(number, rowsOf(await send("GET", address)));
      for (const oldest of this.kept.keys()) {
        if (this.kept.size <= KEPT_STRETCHES) break;
        this.kept.delete(oldest);
      }
    } catch {
      this.refused.set(number, performance.now() + RETRY_MS);
    } finally {
      this.underWay.delete(number);
    }
  }
}

/**
 * Numbers of the stretches that a time lies in.
 * @param {number} fromMs
 * @param {number} toMs
 */
function stretches(fromMs, toMs) {
  const first = Math.max(0, Math.floor(fromMs / STRETCH_MS));
  const count = Math.max(0, Math.floor(toMs / STRETCH_MS) - first + 1);
  return Array.from({ length: count }, (_, step) => first + step);
}

/**
 * Rows as the server sends them, as typed arrays.
 * @param {any} answer
 * @returns {Rows}
 */
export function rowsOf(answer) {
  return {
    time: Float64Array.from(answer.time),
    frame: Int32Array.from(answer.frame),
    person: Int32Array.from(answer.person),
    box: Float32Array.from(answer.box, (side) => side ?? NaN),
    detected: Uint8Array.from(answer.detected),
    face: Int32Array.from(answer.face),
    faceBox: Float32Array.from(answer.face_box),
    facePoints: Float32Array.from(answer.face_points),
  };
}

/**
 * @param {Rows} rows
 * @param {number} fromMs
 * @param {number} toMs
 * @param {Visit} visit
 */
function visitRows(rows, fromMs, toMs, visit) {
  for (let row = firstFrom(rows.time, fromMs); row < rows.time.length; row += 1) {
    if (rows.time[row] > toMs) return;
    visit(rows, row);
  }
}

/**
 * First position of a rising array whose value is at least `least`.
 * @param {Float64Array} values
 * @param {number} least
 */
export function firstFrom(values, least) {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] < least) low = middle + 1;
    else high = middle;
  }
  return low;
}
