// @ts-check
/** Draw the rows of a timeline that are in view; one row a person. */

import { watch } from "./clock.js";
import { colourOf } from "./palette.js";

/** @typedef {import("./job-view.js").Person} Person */
/** @typedef {import("./timeline-scale.js").TimelineScale} TimelineScale */

export const ROW = 24; // style-sheet pixels, as are all below
export const RULER = 26;
export const GUTTER = 56;

const BAR = 12;
const FACE_BAR = 3;
const LEAST = 1.5;
const FONT = "12px system-ui, sans-serif";

/**
 * @typedef {object} Drawn
 * @property {TimelineScale} scale
 * @property {Person[]} persons all of them, in the order of the rows
 * @property {number} firstRow
 * @property {number} offset how far the first row is above the ruler
 * @property {number} height
 * @property {number} width
 * @property {number} ratio
 * @property {number} nowMs
 * @property {number | null} followed
 * @property {number | null} marked row that the keyboard is at
 * @property {Record<"text" | "faint" | "line" | "ground" | "raised" | "accent", string>} ink
 */

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Drawn} drawn
 */
export function drawTimeline(context, drawn) {
  const { ratio, width, height } = drawn;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  context.font = FONT;
  context.textBaseline = "middle";
  drawGrid(context, drawn);
  const rows = Math.ceil((height - RULER) / ROW) + 1;
  for (let step = 0; step < rows; step += 1) {
    const person = drawn.persons[drawn.firstRow + step];
    if (person) drawRow(context, drawn, person, step);
  }
  drawRuler(context, drawn);
  drawPlayhead(context, drawn);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Drawn} drawn
 */
function drawGrid(context, { scale, ink, height }) {
  context.fillStyle = ink.line;
  for (const time of scale.ticks().times)
    context.fillRect(Math.round(GUTTER + scale.x(time)), RULER, 1, height);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Drawn} drawn
 * @param {Person} person
 * @param {number} step
 */
function drawRow(context, drawn, person, step) {
  const { scale, ink, width, followed } = drawn;
  const top = RULER + step * ROW - drawn.offset;
  const isFollowed = followed === person.person;
  if (isFollowed || drawn.marked === drawn.firstRow + step) {
    context.fillStyle = ink.raised;
    context.fillRect(0, top, width, ROW);
  }
  context.globalAlpha = followed === null || isFollowed ? 1 : 0.45;
  context.save();
  context.beginPath();
  context.rect(GUTTER, top, width - GUTTER, ROW);
  context.clip();
  const colour = colourOf(person.person);
  const bar = top + (ROW - BAR) / 2;
  bars(context, scale, person.seen, (left, length) => {
    context.fillStyle = colour;
    context.fillRect(left, bar, length, BAR);
  });
  bars(context, scale, person.filled, (left, length) => hatch(context, colour, left, bar, length));
  bars(context, scale, person.face, (left, length) => {
    context.fillStyle = ink.text;
    context.fillRect(left, bar + BAR - FACE_BAR, length, FACE_BAR);
  });
  context.restore();
  drawLabel(context, drawn, person, top, isFollowed);
  context.globalAlpha = 1;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {TimelineScale} scale
 * @param {number[]} ends beginnings and ends in turn
 * @param {(left: number, length: number) => void} bar
 */
function bars(context, scale, ends, bar) {
  const until = scale.fromMs + scale.spanMs;
  for (let at = 0; at < ends.length; at += 2) {
    if (ends[at] > until) return;
    if (ends[at + 1] < scale.fromMs) continue;
    const left = GUTTER + scale.x(ends[at]);
    bar(left, Math.max(LEAST, GUTTER + scale.x(ends[at + 1]) - left));
  }
}

/**
 * The look of what was filled in: an outline.
 * @param {CanvasRenderingContext2D} context
 * @param {string} colour
 * @param {number} left
 * @param {number} top
 * @param {number} length
 */
function hatch(context, colour, left, top, length) {
  context.strokeStyle = colour;
  context.lineWidth = 1.5;
  context.setLineDash([3, 3]);
  context.strokeRect(left, top + 2, length, BAR - 4);
  context.setLineDash([]);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Drawn} drawn
 * @param {Person} person
 * @param {number} top
 * @param {boolean} isFollowed
 */
function drawLabel(context, { ink }, person, top, isFollowed) {
  context.fillStyle = colourOf(person.person);
  context.fillRect(10, top + (ROW - 10) / 2, 10, 10);
  context.fillStyle = isFollowed ? ink.text : ink.faint;
  context.fillText(String(person.person), 26, top + ROW / 2 + 0.5);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Drawn} drawn
 */
function drawRuler(context, { scale, ink, width }) {
  const { stepMs, times } = scale.ticks();
  context.fillStyle = ink.ground;
  context.fillRect(0, 0, width, RULER);
  context.fillStyle = ink.line;
  context.fillRect(0, RULER - 1, width, 1);
  context.fillStyle = ink.faint;
  for (const time of times) {
    const label = watch(time, stepMs < 1000 ? 1 : 0);
    const x = GUTTER + scale.x(time);
    const isFirst = x < GUTTER + 12;
    context.textAlign = isFirst ? "left" : "center";
    if (x < width - 16) context.fillText(label, x, RULER / 2);
  }
  context.textAlign = "left";
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Drawn} drawn
 */
function drawPlayhead(context, { scale, ink, nowMs, height }) {
  const x = Math.round(GUTTER + scale.x(nowMs));
  if (x < GUTTER) return;
  context.fillStyle = ink.accent;
  context.fillRect(x - 1, 0, 2, height);
  context.beginPath();
  context.moveTo(x - 6, 0);
  context.lineTo(x + 6, 0);
  context.lineTo(x, 9);
  context.fill();
}
