// @ts-check
/**
 * `<place-canvas>`: zones and lines over the video, to be drawn and moved with the mouse.
 *
 * Corners can also be moved with the arrow keys, and typed as numbers in the list of places.
 */

import { drawing } from "./markup.js";

/** @typedef {import("./job-view.js").JobView} JobView */
/** @typedef {import("./places.js").Places} Places */
/** @typedef {import("./places.js").Place} Place */

const CLOSE_PX = 10; // a click this near to the first corner closes a zone
const LETTERS = 32; // of a name, so many fit over each other
const ZONE_LEAST = 3;
const SQUARE = 0.01; // pixels that are oblong by less look square
const STEP = 1;
const LARGE_STEP = 10;

/** @type {Record<string, number[]>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

class PlaceCanvas extends HTMLElement {
  connectedCallback() {
    this.svg = drawing("svg", { preserveAspectRatio: "none" });
    this.append(this.svg);
    /** @type {"zone" | "line" | null} */
    this.kind = null;
    /** @type {number[][]} */
    this.drawn = [];
    this.isShown = true;
  }

  /**
   * @param {JobView} view
   * @param {Places} places
   */
  join(view, places) {
    this.jobView = view;
    this.places = places;
    const { width, height } = view.facts;
    this.svg?.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.svg?.setAttribute("font-size", String(height / LETTERS));
    places.addEventListener("places", () => this.paint());
    // Whose pixels are not square is known once the video is there.
    new ResizeObserver(() => this.paint()).observe(this);
    this.addEventListener("pointerdown", (event) => this.press(event));
    this.addEventListener("pointermove", (event) => this.hover(event));
    this.addEventListener("dblclick", () => this.finish());
    this.addEventListener("keydown", (event) => this.nudge(event));
    // Before the player hears of the key.
    document.addEventListener("keydown", (event) => this.decide(event), { capture: true });
  }

  /**
   * Begin to draw.
   * @param {"zone" | "line"} kind
   */
  begin(kind) {
    this.kind = kind;
    this.drawn = [];
    this.toggleAttribute("drawing", true);
    this.paint();
  }

  finish() {
    const least = this.kind === "zone" ? ZONE_LEAST : 2;
    const points = withoutRepeats(this.drawn);
    const kind = this.kind;
    this.end();
    if (kind && points.length >= least) this.places?.add(kind, points);
  }

  end() {
    this.kind = null;
    this.drawn = [];
    this.pointer = undefined;
    this.toggleAttribute("drawing", false);
    this.paint();
    this.dispatchEvent(new Event("drawn", { bubbles: true }));
  }

  /** @param {KeyboardEvent} event */
  decide(event) {
    if (!this.kind || !["Escape", "Enter"].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Enter") this.finish();
    else this.end();
  }

  /**
   * @param {PointerEvent} event
   * @returns {number[]} pixels of the video
   */
  point(event) {
    const { width, height } = /** @type {JobView} */ (this.jobView).facts;
    const box = this.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * width;
    const y = ((event.clientY - box.top) / box.height) * height;
    return [Math.min(Math.max(x, 0), width), Math.min(Math.max(y, 0), height)];
  }

  /** @param {PointerEvent} event */
  press(event) {
    if (event.button !== 0) return;
    const handle = /** @type {Element} */ (event.target).closest("[data-corner]");
    if (this.kind) this.put(event);
    else if (handle) this.drag(/** @type {SVGElement} */ (handle), event);
  }

  /** @param {PointerEvent} event */
  put(event) {
    event.preventDefault();
    const point = this.point(event);
    if (this.kind === "zone" && this.drawn.length >= ZONE_LEAST && this.isNearFirst(event)) {
      this.finish();
      return;
    }
    this.drawn.push(point);
    if (this.kind === "line" && this.drawn.length === 2) this.finish();
    else this.paint();
  }

  /** @param {PointerEvent} event */
  isNearFirst(event) {
    const { width, height } = /** @type {JobView} */ (this.jobView).facts;
    const box = this.getBoundingClientRect();
    const [x, y] = this.drawn[0];
    const [left, top] = [box.left + (x / width) * box.width, box.top + (y / height) * box.height];
    return Math.hypot(event.clientX - left, event.clientY - top) < CLOSE_PX;
  }

  /** @param {PointerEvent} event */
  hover(event) {
    if (!this.kind || !this.drawn.length) return;
    this.pointer = this.point(event);
    this.paint();
  }

  /**
   * @param {SVGElement} handle
   * @param {PointerEvent} event
   */
  drag(handle, event) {
    event.preventDefault();
    const [place, corner] = [Number(handle.dataset.place), Number(handle.dataset.corner)];
    const move = (/** @type {PointerEvent} */ next) =>
      this.places?.move(place, corner, this.point(next));
    const drop = () => {
      window.removeEventListener("pointermove", move);
      window.removeEventListener("pointerup", drop);
    };
    window.addEventListener("pointermove", move);
    window.addEventListener("pointerup", drop);
  }

  /** @param {KeyboardEvent} event */
  nudge(event) {
    const handle = /** @type {HTMLElement} */ (event.target);
    const arrow = ARROWS[event.key];
    if (!arrow || handle.dataset.corner === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const [place, corner] = [Number(handle.dataset.place), Number(handle.dataset.corner)];
    const step = event.shiftKey ? LARGE_STEP : STEP;
    const at = /** @type {Places} */ (this.places).list[place].points[corner];
    this.places?.move(place, corner, [at[0] + step * arrow[0], at[1] + step * arrow[1]]);
    const name = `[data-place="${place}"][data-corner="${corner}"]`;
    /** @type {SVGElement | null} */ (this.querySelector(name))?.focus();
  }

  paint() {
    const list = this.places?.list ?? [];
    const shapes = list.flatMap((place, number) => this.shape(place, number));
    this.svg?.replaceChildren(...shapes, ...this.unfinished());
  }

  unfinished() {
    if (!this.kind || !this.drawn.length) return [];
    const points = this.pointer ? [...this.drawn, this.pointer] : this.drawn;
    return [
      drawing("polyline", { class: "unfinished", points: points.join(" ") }),
      ...this.drawn.map(([x, y]) => dot(x, y, "corner")),
    ];
  }

  /**
   * @param {Place} place
   * @param {number} number
   */
  shape({ kind, name, points }, number) {
    const outline = kind === "zone" ? "polygon" : "polyline";
    const corners = points.map(([x, y], corner) => {
      const handle = dot(x, y, "corner handle");
      handle.dataset.place = String(number);
      handle.dataset.corner = String(corner);
      handle.setAttribute("tabindex", "0");
      handle.setAttribute("role", "button");
      handle.setAttribute("aria-label", `Corner ${corner + 1} of ${name}; arrow keys move it`);
      return handle;
    });
    return [
      drawing(outline, { class: kind, points: points.join(" ") }),
      ...(kind === "line" ? [arrow(points)] : []),
      label(name, points, this.pixelAspect()),
      ...corners,
    ];
  }

  /** @returns {number} width of a pixel of the video, as displayed, in heights of it */
  pixelAspect() {
    const { width, height } = /** @type {JobView} */ (this.jobView).facts;
    const box = this.getBoundingClientRect();
    const aspect = box.width / width / (box.height / height);
    return Math.abs(aspect - 1) > SQUARE && Number.isFinite(aspect) ? aspect : 1;
  }
}

/**
 * A round mark of the same size at any zoom: a line without length, and round ends.
 * @param {number} x
 * @param {number} y
 * @param {string} name of its class
 */
function dot(x, y, name) {
  return drawing("path", { class: name, d: `M${x} ${y}h0.001` });
}

/**
 * Which way is forward: from the line's left to its right.
 * @param {number[][]} points
 */
function arrow([[fromX, fromY], [toX, toY]]) {
  const [alongX, alongY] = [toX - fromX, toY - fromY];
  const length = Math.hypot(alongX, alongY) || 1;
  const size = Math.min(length / 3, 40);
  const [x, y] = [(-alongY / length) * size, (alongX / length) * size];
  const [midX, midY] = [(fromX + toX) / 2, (fromY + toY) / 2];
  const [tipX, tipY] = [midX + x, midY + y];
  const back = (/** @type {number} */ side) =>
    `${tipX - 0.4 * x + 0.3 * side * y} ${tipY - 0.4 * y - 0.3 * side * x}`;
  const d = `M${midX} ${midY}L${tipX} ${tipY}M${back(1)}L${tipX} ${tipY}L${back(-1)}`;
  return drawing("path", { class: "arrow", d });
}

/**
 * @param {string} name
 * @param {number[][]} points
 * @param {number} aspect of a pixel: letters are not stretched with it
 */
function label(name, points, aspect) {
  const [x, y] = points.reduce((top, point) => (point[1] < top[1] ? point : top));
  const text = drawing("text", { x: x * aspect, y: y - 8, class: "name" }, name);
  if (aspect !== 1) text.setAttribute("transform", `scale(${1 / aspect} 1)`);
  return text;
}

/** @param {number[][]} points */
function withoutRepeats(points) {
  return points.filter(
    (point, at) => at === 0 || Math.hypot(point[0] - points[at - 1][0], point[1] - points[at - 1][1]) > 1,
  );
}

customElements.define("place-canvas", PlaceCanvas);
