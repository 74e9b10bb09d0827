// @ts-check
/**
 * Mark persons on a canvas that lies over the video: box, face, number, the way they came.
 *
 * As `passerby.films.drawing` does it in the marked video. Whoever is followed stands out;
 * the others step back.
 */

import { colourOf, inkOn } from "./palette.js";

/** @typedef {import("./placement.js").Placed} Placed */
/** @typedef {import("./placement.js").PlacedFace} PlacedFace */
/** @typedef {import("./placement.js").Trail} Trail */

/**
 * @typedef {object} Scene what is in the picture at an instant
 * @property {Placed[]} placed
 * @property {PlacedFace[]} faces
 * @property {Trail[]} trails
 */

/**
 * @typedef {object} Look
 * @property {number} scaleX canvas pixels of a video pixel
 * @property {number} scaleY
 * @property {number} ratio canvas pixels of a pixel of the style sheet
 * @property {number | null} followed person
 */

// Shares of the picture's height, and the least that can be seen, in style-sheet pixels.
const LINE_SHARE = 1 / 400;
const LINE_LEAST = 2;
const TEXT_SHARE = 1 / 42;
const TEXT_LEAST = 12;
// In widths of the line: the look of a dashed box.
const DASH = 4;
const GAP = 5;
const TRAIL_OPACITY = 0.85;
const DIMMED = 0.3;
const POINT_NUMBERS = 2;

/**
 * Draw a scene in place of the last one, the nearest to the camera on top.
 * @param {CanvasRenderingContext2D} context
 * @param {Scene} scene
 * @param {Look} look
 */
export function draw(context, scene, look) {
  const { width, height } = context.canvas;
  context.clearRect(0, 0, width, height);
  const brush = new Brush(context, look, height);
  const nearestLast = [...scene.placed].sort((one, other) => one.box[3] - other.box[3]);
  const withBody = new Set(scene.placed.map(({ person }) => person));
  for (const trail of scene.trails) brush.trail(trail);
  for (const placed of nearestLast) brush.box(placed.person, placed.box, !placed.detected);
  for (const face of scene.faces) brush.face(face);
  for (const face of scene.faces) if (!withBody.has(face.person)) brush.tag(face.person, face.box);
  for (const placed of nearestLast) brush.tag(placed.person, placed.box);
}

/** Draws single things in canvas pixels. */
class Brush {
  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Look} look
   * @param {number} height
   */
  constructor(context, look, height) {
    this.context = context;
    this.look = look;
    this.line = Math.max(LINE_LEAST * look.ratio, height * LINE_SHARE);
    this.text = Math.round(Math.max(TEXT_LEAST * look.ratio, height * TEXT_SHARE));
  }

  /**
   * Choose how solid a person is drawn.
   * @param {number} person
   * @param {number} opacity
   */
  dim(person, opacity = 1) {
    const { followed } = this.look;
    const stepsBack = followed !== null && followed !== person;
    this.context.globalAlpha = stepsBack ? opacity * DIMMED : opacity;
  }

  /**
   * @param {number[]} box video pixels
   * @returns {[number, number, number, number]} left, top, width, height on the canvas
   */
  onCanvas([left, top, right, bottom]) {
    const { scaleX, scaleY } = this.look;
    return [left * scaleX, top * scaleY, (right - left) * scaleX, (bottom - top) * scaleY];
  }

  /**
   * @param {number} person
   * @param {number[]} box
   * @param {boolean} dashed
   */
  box(person, box, dashed) {
    const { context, line, look } = this;
    this.dim(person);
    context.lineJoin = "miter";
    context.setLineDash(dashed ? [DASH * line, GAP * line] : []);
    context.lineWidth = look.followed === person ? 1.75 * line : line;
    context.strokeStyle = colourOf(person);
    context.strokeRect(...this.onCanvas(box));
    context.setLineDash([]);
  }

  /** @param {PlacedFace} face */
  face({ person, box, points }) {
    const { context, line, look } = this;
    this.box(person, box, false);
    context.fillStyle = colourOf(person);
    for (let at = 0; at < points.length; at += POINT_NUMBERS) {
      context.beginPath();
      context.arc(points[at] * look.scaleX, points[at + 1] * look.scaleY, line / 2, 0, 7);
      context.fill();
    }
  }

  /**
   * The number, on top of a box, or in it at the upper border.
   * @param {number} person
   * @param {number[]} box
   */
  tag(person, box) {
    const { context, line, text } = this;
    this.dim(person);
    context.font = `600 ${text}px system-ui, sans-serif`;
    const label = String(person);
    const padding = text / 3;
    const width = context.measureText(label).width + 2 * padding;
    const height = text + padding;
    const [boxLeft, boxTop] = this.onCanvas(box);
    const left = Math.min(Math.max(0, boxLeft - line / 2), context.canvas.width - width);
    const top = Math.max(0, boxTop - line / 2 - height);
    context.fillStyle = colourOf(person);
    context.fillRect(left, top, width, height);
    context.fillStyle = inkOn(person);
    context.textBaseline = "middle";
    context.fillText(label, left + padding, top + height / 2 + text / 24);
  }

  /**
   * A line that fades towards its older end.
   * @param {Trail} trail
   */
  trail({ person, points }) {
    const { context, line, look } = this;
    context.strokeStyle = colourOf(person);
    context.lineWidth = line;
    context.lineCap = "round";
    for (let end = 1; end < points.length; end += 1) {
      const [fromX, fromY] = points[end - 1];
      const [toX, toY, freshness] = points[end];
      this.dim(person, TRAIL_OPACITY * freshness);
      context.beginPath();
      context.moveTo(fromX * look.scaleX, fromY * look.scaleY);
      context.lineTo(toX * look.scaleX, toY * look.scaleY);
      context.stroke();
    }
    context.lineCap = "butt";
  }
}
