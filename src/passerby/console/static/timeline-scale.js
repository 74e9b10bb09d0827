// @ts-check
/** Which part of the video a timeline shows: times to pixels and back, zoom and pan. */

const LEAST_SPAN_MS = 500;
const TICKS_MS = [
  100, 200, 500, 1000, 2000, 5000, 10000, 30000, 60000, 120000, 300000, 600000, 1800000, 3600000,
];
const TICK_DISTANCE = 90;

export class TimelineScale {
  /** @param {number} durationMs */
  constructor(durationMs) {
    this.durationMs = Math.max(1, durationMs);
    this.fromMs = 0;
    this.spanMs = this.durationMs;
    this.width = 1;
  }

  /** @param {number} timestampMs */
  x(timestampMs) {
    return ((timestampMs - this.fromMs) / this.spanMs) * this.width;
  }

  /** @param {number} x */
  time(x) {
    return this.fromMs + (x / this.width) * this.spanMs;
  }

  /**
   * @param {number} factor above 1 to see less time, larger
   * @param {number} aroundMs stays where it is
   */
  zoom(factor, aroundMs) {
    const span = clamp(this.spanMs / factor, LEAST_SPAN_MS, this.durationMs);
    const share = (aroundMs - this.fromMs) / this.spanMs;
    this.spanMs = span;
    this.moveTo(aroundMs - share * span);
  }

  /** @param {number} fromMs */
  moveTo(fromMs) {
    this.fromMs = clamp(fromMs, 0, this.durationMs - this.spanMs);
  }

  /**
   * Have a time in view, with some of what follows.
   * @param {number} timestampMs
   * @returns {boolean} whether the view had to move
   */
  reveal(timestampMs) {
    const inView = this.fromMs <= timestampMs && timestampMs <= this.fromMs + this.spanMs;
    if (!inView) this.moveTo(timestampMs - this.spanMs / 10);
    return !inView;
  }

  /** @returns {{stepMs: number, times: number[]}} round times, far enough apart to be read */
  ticks() {
    const least = (TICK_DISTANCE / this.width) * this.spanMs;
    const stepMs = TICKS_MS.find((step) => step >= least) ?? TICKS_MS[TICKS_MS.length - 1];
    const first = Math.ceil(this.fromMs / stepMs);
    const last = Math.floor((this.fromMs + this.spanMs) / stepMs);
    const times = Array.from({ length: last - first + 1 }, (_, step) => (first + step) * stepMs);
    return { stepMs, times };
  }
}

/**
 * @param {number} value
 * @param {number} least
 * @param {number} most
 */
export function clamp(value, least, most) {
  return Math.max(least, Math.min(most, value));
}
