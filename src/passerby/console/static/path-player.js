// @ts-check
/**
 * `<path-player>`: the video, and over it everybody's box on exactly the frame that is shown.
 *
 * Holds a `video`, a `canvas` and buttons named by `data-do`. Its `view` says what to show.
 */

import { watch } from "./clock.js";
import { draw } from "./drawing.js";
import { Frames } from "./frames.js";
import { colourOf, inkOn } from "./palette.js";
import { Paths, STRETCH_MS, firstFrom } from "./paths.js";
import { FACES_JOINED_MS, TRAIL_MS, place, placeFaces, trails } from "./placement.js";

/** @typedef {import("./job-view.js").JobView} JobView */
/** @typedef {import("./drawing.js").Scene} Scene */

const SKIP_MS = 5000;
const SPEEDS = [0.25, 0.5, 1, 2, 4];
/** @type {Scene} */
const EMPTY = { placed: [], faces: [], trails: [] };

class PathPlayer extends HTMLElement {
  connectedCallback() {
    this.video = /** @type {HTMLVideoElement} */ (this.querySelector("video"));
    this.canvas = /** @type {HTMLCanvasElement} */ (this.querySelector("canvas"));
    this.context = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
    /** @type {Scene} */
    this.scene = EMPTY;
    this.showsMarks = true;
  }

  /** @param {JobView} view */
  set view(view) {
    this.jobView = view;
    this.paths = new Paths(view.base);
    this.frames = new Frames(this.video, (timestampMs) => view.show(timestampMs));
    view.addEventListener("time", () => this.showScene());
    view.addEventListener("follow", () => this.showFollowed());
    view.addEventListener("persons", () => this.showState());
    view.addEventListener("seek", (event) =>
      this.frames?.seek(/** @type {CustomEvent<number>} */ (event).detail),
    );
    new ResizeObserver(() => this.fit()).observe(this.canvas);
    this.setRatio(view.facts.width / view.facts.height);
    this.listen();
  }

  listen() {
    const { video } = this;
    for (const name of ["play", "pause", "ratechange", "ended", "durationchange"])
      video.addEventListener(name, () => this.showState());
    // As it is displayed: its pixels need not be square.
    video.addEventListener("loadedmetadata", () =>
      this.setRatio(video.videoWidth / video.videoHeight),
    );
    this.canvas.addEventListener("click", (event) => this.choose(event));
    this.addEventListener("click", (event) => {
      const target = /** @type {HTMLElement} */ (event.target);
      const button = /** @type {HTMLElement | null} */ (target.closest("[data-do]"));
      if (button) this.do(button.dataset.do ?? "");
    });
    this.range().addEventListener("input", () =>
      this.jobView?.seek(Number(this.range().value)),
    );
    document.addEventListener("keydown", (event) => this.press(event));
    this.showState();
  }

  /** @param {number} ratio width of the picture in heights of it */
  setRatio(ratio) {
    if (Number.isFinite(ratio)) this.style.setProperty("--ratio", String(ratio));
  }

  range() {
    return /** @type {HTMLInputElement} */ (this.querySelector('input[type="range"]'));
  }

  /** @param {string} what a button says or a key means */
  do(what) {
    const view = /** @type {JobView} */ (this.jobView);
    const actions = {
      play: () => (this.video.paused ? this.video.play().catch(() => {}) : this.video.pause()),
      back: () => this.frames?.step(-1, this.intervalMs()),
      on: () => this.frames?.step(1, this.intervalMs()),
      rewind: () => view.seek(view.timestampMs - SKIP_MS),
      forward: () => view.seek(view.timestampMs + SKIP_MS),
      next: () => view.followNeighbour(1),
      previous: () => view.followNeighbour(-1),
      release: () => view.follow(null),
      speed: () => this.nextSpeed(),
      marks: () => this.switchMarks(),
      full: () => (document.fullscreenElement ? document.exitFullscreen() : this.goFull()),
    };
    actions[/** @type {keyof typeof actions} */ (what)]?.();
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    const isBusy = target.closest("input:not([type=range]), textarea, select");
    if (event.ctrlKey || event.metaKey || event.altKey || isBusy) return;
    const onButton = target.closest("button, a, summary, [role=tab]");
    const what = onButton && [" ", "Enter"].includes(event.key) ? "" : KEYS[event.key];
    if (!what || (event.key.startsWith("Arrow") && target.closest("[role=tab]"))) return;
    event.preventDefault();
    this.do(what);
  }

  /** How far frames lie apart here: known between analysed frames, else the mean. */
  intervalMs() {
    const view = /** @type {JobView} */ (this.jobView);
    const rows = this.paths?.kept.get(Math.floor(view.timestampMs / STRETCH_MS));
    const mean = 1000 / (view.facts.frame_rate || 25);
    if (!rows) return mean;
    const next = firstFrom(rows.time, view.timestampMs + 1);
    if (next === 0 || next >= rows.time.length) return mean;
    const frames = rows.frame[next] - rows.frame[next - 1];
    return frames > 0 ? (rows.time[next] - rows.time[next - 1]) / frames : mean;
  }

  async showScene() {
    const view = /** @type {JobView} */ (this.jobView);
    const paths = /** @type {Paths} */ (this.paths);
    const now = view.timestampMs;
    const [from, to] = [now - TRAIL_MS, now + FACES_JOINED_MS];
    const loaded = paths.load(from, to);
    this.placeAll(now);
    this.showTime();
    if (paths.has(from, to)) return;
    await loaded;
    if (view.timestampMs === now) this.placeAll(now);
  }

  /** @param {number} timestampMs */
  placeAll(timestampMs) {
    const paths = /** @type {Paths} */ (this.paths);
    const placed = place(paths, timestampMs);
    const faces = placeFaces(paths, timestampMs);
    this.scene = { placed, faces, trails: trails(paths, placed, timestampMs) };
    this.paint();
  }

  fit() {
    const ratio = window.devicePixelRatio || 1;
    const box = this.canvas.getBoundingClientRect();
    this.canvas.width = Math.max(1, Math.round(box.width * ratio));
    this.canvas.height = Math.max(1, Math.round(box.height * ratio));
    this.paint();
  }

  paint() {
    const { facts, followed } = /** @type {JobView} */ (this.jobView);
    draw(this.context, this.showsMarks ? this.scene : EMPTY, {
      scaleX: this.canvas.width / facts.width,
      scaleY: this.canvas.height / facts.height,
      ratio: window.devicePixelRatio || 1,
      followed,
    });
  }

  /**
   * Follow whoever was clicked: of boxes over each other, the smallest.
   * @param {MouseEvent} event
   */
  choose(event) {
    const view = /** @type {JobView} */ (this.jobView);
    const frame = this.canvas.getBoundingClientRect();
    const x = ((event.clientX - frame.left) / frame.width) * view.facts.width;
    const y = ((event.clientY - frame.top) / frame.height) * view.facts.height;
    const size = (/** @type {number[]} */ [left, top, right, bottom]) =>
      (right - left) * (bottom - top);
    const [hit] = [...this.scene.placed, ...this.scene.faces]
      .filter(({ box }) => box[0] <= x && x <= box[2] && box[1] <= y && y <= box[3])
      .sort((one, other) => size(one.box) - size(other.box));
    view.follow(hit && hit.person !== view.followed ? hit.person : null);
  }

  nextSpeed() {
    const at = SPEEDS.indexOf(this.video.playbackRate);
    this.video.playbackRate = SPEEDS[(at + 1) % SPEEDS.length];
  }

  switchMarks() {
    this.showsMarks = !this.showsMarks;
    this.showState();
    this.paint();
  }

  goFull() {
    return this.querySelector(".stage")?.requestFullscreen();
  }

  showFollowed() {
    const { followed } = /** @type {JobView} */ (this.jobView);
    const said = /** @type {HTMLElement} */ (this.querySelector("[data-show=following]"));
    const release = /** @type {HTMLElement} */ (this.querySelector("[data-do=release]"));
    said.textContent = followed === null ? "" : `Person ${followed}`;
    said.style.setProperty("--person", colourOf(followed ?? 0));
    said.style.setProperty("--on-person", inkOn(followed ?? 0));
    release.hidden = followed === null;
    this.paint();
  }

  showTime() {
    const { timestampMs, endMs } = /** @type {JobView} */ (this.jobView);
    const range = this.range();
    range.value = String(timestampMs);
    range.setAttribute("aria-valuetext", watch(timestampMs));
    const clock = /** @type {HTMLElement} */ (this.querySelector("[data-show=clock]"));
    clock.textContent = `${watch(timestampMs, 2)} / ${watch(endMs, 0)}`;
  }

  showState() {
    this.toggleAttribute("playing", !this.video.paused);
    const [play, speed, marks] = ["play", "speed", "marks"].map(
      (name) => /** @type {HTMLElement} */ (this.querySelector(`[data-do=${name}]`)),
    );
    play.setAttribute("aria-label", this.video.paused ? "Play" : "Pause");
    speed.textContent = `${this.video.playbackRate}×`;
    marks.setAttribute("aria-pressed", String(this.showsMarks));
    this.range().max = String(this.jobView?.endMs ?? 0);
  }
}

/** @type {Record<string, string>} */
const KEYS = {
  " ": "play",
  k: "play",
  ArrowLeft: "back",
  ArrowRight: "on",
  j: "rewind",
  l: "forward",
  n: "next",
  p: "previous",
  m: "marks",
  f: "full",
  Escape: "release",
};

customElements.define("path-player", PathPlayer);
