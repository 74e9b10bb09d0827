// @ts-check
/**
 * `<path-timeline>`: when each person was seen, one row a person; only rows in view are drawn.
 *
 * Holds a scrolling `.rows` with a `canvas` in it, and buttons named by `data-do`. For whoever
 * cannot see it there is the table of persons.
 */

import { watch } from "./clock.js";
import { inks, onTheme } from "./inks.js";
import { GUTTER, ROW, RULER, drawTimeline } from "./timeline-drawing.js";
import { TimelineScale, clamp } from "./timeline-scale.js";

/** @typedef {import("./job-view.js").JobView} JobView */

const ZOOM = 1.6;
const WHEEL_ZOOM = 1.0015;
const DRAG = 4;
const INKS = {
  text: "--ink",
  faint: "--ink-soft",
  line: "--line",
  ground: "--surface",
  raised: "--accent-soft",
  accent: "--bad",
};

class PathTimeline extends HTMLElement {
  connectedCallback() {
    this.rows = /** @type {HTMLElement} */ (this.querySelector(".rows"));
    this.canvas = /** @type {HTMLCanvasElement} */ (this.querySelector("canvas"));
    this.context = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
    this.spacer = /** @type {HTMLElement} */ (this.querySelector(".spacer"));
    this.said = /** @type {HTMLElement} */ (this.querySelector("[aria-live]"));
    /** @type {number | null} */
    this.marked = null;
  }

  /** @param {JobView} view */
  set view(view) {
    this.jobView = view;
    this.scale = new TimelineScale(view.endMs);
    view.addEventListener("persons", () => {
      this.scale = new TimelineScale(view.endMs);
      this.fit();
    });
    view.addEventListener("time", () => this.followTime());
    view.addEventListener("follow", () => this.revealFollowed());
    new ResizeObserver(() => this.fit()).observe(this.rows);
    this.ink = inks(this, INKS);
    onTheme(() => {
      this.ink = inks(this, INKS);
      this.paint();
    });
    this.rows.addEventListener("scroll", () => this.paint());
    this.rows.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    this.rows.addEventListener("pointerdown", (event) => this.grab(event));
    this.rows.addEventListener("keydown", (event) => this.press(event));
    this.addEventListener("click", (event) => this.click(event));
  }

  fit() {
    const { clientWidth: width, clientHeight: height } = this.rows;
    const ratio = window.devicePixelRatio || 1;
    const persons = this.jobView?.persons ?? [];
    this.spacer.style.height = `${RULER + persons.length * ROW}px`;
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.timeScale().width = Math.max(1, width - GUTTER);
    this.paint();
  }

  paint() {
    if (this.isPainting) return;
    this.isPainting = true;
    requestAnimationFrame(() => {
      this.isPainting = false;
      this.paintNow();
    });
  }

  paintNow() {
    const view = /** @type {JobView} */ (this.jobView);
    drawTimeline(this.context, {
      scale: this.timeScale(),
      persons: view.persons,
      firstRow: Math.floor(this.rows.scrollTop / ROW),
      offset: this.rows.scrollTop % ROW,
      width: this.rows.clientWidth,
      height: this.rows.clientHeight,
      ratio: window.devicePixelRatio || 1,
      nowMs: view.timestampMs,
      followed: view.followed,
      marked: this.marked,
      ink: /** @type {Record<keyof typeof INKS, string>} */ (this.ink),
    });
  }

  timeScale() {
    return /** @type {TimelineScale} */ (this.scale);
  }

  followTime() {
    const view = /** @type {JobView} */ (this.jobView);
    this.timeScale().reveal(view.timestampMs);
    this.paint();
  }

  revealFollowed() {
    const view = /** @type {JobView} */ (this.jobView);
    const row = view.persons.findIndex(({ person }) => person === view.followed);
    if (row >= 0) this.revealRow(row);
    this.paint();
  }

  /** @param {number} row */
  revealRow(row) {
    const { rows } = this;
    const top = row * ROW;
    const room = rows.clientHeight - RULER - ROW;
    if (top < rows.scrollTop || top > rows.scrollTop + room)
      rows.scrollTop = Math.max(0, top - room / 2);
  }

  /** @param {MouseEvent} event */
  click(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    const button = /** @type {HTMLElement | null} */ (target.closest("[data-do]"));
    if (button) this.zoomBy(button.dataset.do === "closer" ? ZOOM : 1 / ZOOM);
  }

  /** @param {number} factor */
  zoomBy(factor) {
    const scale = this.timeScale();
    const view = /** @type {JobView} */ (this.jobView);
    scale.zoom(factor, clamp(view.timestampMs, scale.fromMs, scale.fromMs + scale.spanMs));
    this.paint();
  }

  /** @param {WheelEvent} event */
  wheel(event) {
    const scale = this.timeScale();
    if (event.ctrlKey || event.metaKey) {
      const x = event.clientX - this.rows.getBoundingClientRect().left - GUTTER;
      scale.zoom(WHEEL_ZOOM ** -event.deltaY, scale.time(x));
    } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      const distance = event.deltaX || event.deltaY;
      scale.moveTo(scale.fromMs + (distance / scale.width) * scale.spanMs);
    } else return;
    event.preventDefault();
    this.paint();
  }

  /**
   * A click goes to a time, and follows the person of the row; a drag of the ruler seeks,
   * and of the rows moves the view.
   * @param {PointerEvent} event
   */
  grab(event) {
    if (event.button !== 0 || event.offsetX > this.rows.clientWidth) return;
    const start = this.place(event);
    const scale = this.timeScale();
    const startedFrom = scale.fromMs;
    const inRuler = start.y < RULER;
    let dragged = false;
    const move = (/** @type {PointerEvent} */ next) => {
      const distance = this.place(next).x - start.x;
      dragged ||= Math.abs(distance) > DRAG;
      if (inRuler) this.jobView?.seek(this.timeAt(next));
      else if (dragged) scale.moveTo(startedFrom - (distance / scale.width) * scale.spanMs);
      this.paint();
    };
    const drop = (/** @type {PointerEvent} */ last) => {
      window.removeEventListener("pointermove", move);
      window.removeEventListener("pointerup", drop);
      if (inRuler) this.jobView?.seek(this.timeAt(last));
      else if (!dragged) this.choose(last);
    };
    window.addEventListener("pointermove", move);
    window.addEventListener("pointerup", drop);
  }

  /** @param {PointerEvent} event */
  place(event) {
    const box = this.rows.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  /** @param {PointerEvent} event */
  timeAt(event) {
    const scale = this.timeScale();
    return clamp(scale.time(this.place(event).x - GUTTER), 0, scale.durationMs);
  }

  /** @param {PointerEvent} event */
  choose(event) {
    const view = /** @type {JobView} */ (this.jobView);
    const { x, y } = this.place(event);
    const row = Math.floor((y - RULER + this.rows.scrollTop) / ROW);
    const chosen = view.persons[row];
    if (!chosen) view.seek(this.timeAt(event));
    else view.follow(chosen.person, x < GUTTER ? chosen.first_ms : this.timeAt(event));
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    const { persons } = /** @type {JobView} */ (this.jobView);
    const last = persons.length - 1;
    const at = this.marked ?? -1;
    const page = Math.max(1, Math.floor((this.rows.clientHeight - RULER) / ROW) - 1);
    /** @type {Record<string, () => void>} */
    const actions = {
      ArrowDown: () => this.mark(Math.min(last, at + 1)),
      ArrowUp: () => this.mark(Math.max(0, at - 1)),
      PageDown: () => this.mark(Math.min(last, at + page)),
      PageUp: () => this.mark(Math.max(0, at - page)),
      Home: () => this.mark(0),
      End: () => this.mark(last),
      Enter: () => this.followMarked(),
      "+": () => this.zoomBy(ZOOM),
      "-": () => this.zoomBy(1 / ZOOM),
    };
    const action = actions[event.key];
    if (!action || !persons.length) return;
    event.preventDefault();
    event.stopPropagation();
    action();
    this.paint();
  }

  /** @param {number} row */
  mark(row) {
    const { person, first_ms, last_ms } = /** @type {JobView} */ (this.jobView).persons[row];
    this.marked = row;
    this.revealRow(row);
    this.said.textContent = `Person ${person}, from ${watch(first_ms)} to ${watch(last_ms)}`;
  }

  followMarked() {
    if (this.marked === null) return;
    const view = /** @type {JobView} */ (this.jobView);
    const { person, first_ms } = view.persons[this.marked];
    view.follow(person, first_ms);
  }
}

customElements.define("path-timeline", PathTimeline);
