// @ts-check
/**
 * `<heat-map>`: for how long people stood where, over a frame of the video.
 *
 * Holds a `canvas` and a `.scale` that names the longest time.
 */

import { send } from "./csrf.js";

/** @typedef {import("./job-view.js").JobView} JobView */

// Colours from little to much that also differ in brightness, so that nobody needs to tell
// hues apart: five of Inferno (S. van der Walt and N. Smith, CC0).
const STOPS = [
  [31, 12, 72],
  [136, 34, 106],
  [212, 72, 66],
  [251, 155, 6],
  [252, 255, 164],
];
const MOST_OPAQUE = 0.82;
const GROUND_OPACITY = 0.75;
const WIDTH = 960;

class HeatMap extends HTMLElement {
  /**
   * @param {JobView} view
   * @param {HTMLVideoElement} video
   */
  async show(view, video) {
    if (this.isShown) return;
    this.isShown = true;
    try {
      const heat = await send("GET", `${view.base}/heat`);
      this.paint(heat, view, video);
      const most = Math.max(0, ...heat.seconds.map((/** @type {number[]} */ row) => Math.max(...row)));
      const scale = /** @type {HTMLElement} */ (this.querySelector(".most"));
      scale.textContent = `${most < 10 ? most.toFixed(1) : Math.round(most)} s`;
      this.removeAttribute("aria-busy");
    } catch (error) {
      this.isShown = false;
      throw error;
    }
  }

  /**
   * @param {{seconds: number[][]}} heat
   * @param {JobView} view
   * @param {HTMLVideoElement} video
   */
  paint(heat, { facts }, video) {
    const canvas = /** @type {HTMLCanvasElement} */ (this.querySelector("canvas"));
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    canvas.width = WIDTH;
    // As it is displayed: its pixels need not be square.
    const shown = video.videoWidth ? video.videoHeight / video.videoWidth : facts.height / facts.width;
    canvas.height = Math.round(WIDTH * shown);
    context.filter = "grayscale(1)";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.globalAlpha = GROUND_OPACITY;
    if (video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA)
      context.drawImage(video, 0, 0, canvas.width, canvas.height);
    context.globalAlpha = 1;
    context.filter = "none";
    context.imageSmoothingEnabled = true;
    context.imageSmoothingQuality = "high";
    context.drawImage(cells(heat.seconds), 0, 0, canvas.width, canvas.height);
  }
}

/**
 * A picture of one pixel a cell.
 * @param {number[][]} seconds
 */
function cells(seconds) {
  const canvas = document.createElement("canvas");
  canvas.height = Math.max(1, seconds.length);
  canvas.width = Math.max(1, seconds[0]?.length ?? 1);
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const image = context.createImageData(canvas.width, canvas.height);
  const most = Math.max(1e-9, ...seconds.map((row) => Math.max(...row)));
  seconds.flat().forEach((value, cell) => {
    // The root: where people pass would else be lost beside where they stand.
    const share = Math.sqrt(value / most);
    image.data.set([...colour(share), 255 * MOST_OPAQUE * Math.min(1, 1.6 * share)], 4 * cell);
  });
  context.putImageData(image, 0, 0);
  return canvas;
}

/**
 * @param {number} share in [0, 1]
 * @returns {number[]} red, green, blue
 */
function colour(share) {
  const place = share * (STOPS.length - 1);
  const low = Math.min(STOPS.length - 2, Math.floor(place));
  return STOPS[low].map((part, at) => part + (STOPS[low + 1][at] - part) * (place - low));
}

customElements.define("heat-map", HeatMap);
