// @ts-check
/**
 * Which frame a video element shows, told for every frame, and a step to the next.
 */

import { mediaTimeOf, timestampOf } from "./clock.js";

// How long a seek may take before its frame is no longer waited for.
const SEEK_MS = 5000;
// A step that finds the frame it left tries again further on, in frame intervals.
const REACHES = [1.5, 2.5, 4, 8, 16, 64];
// Frames at a constant rate differ from it by rounding alone.
const ROUNDING_MS = 1.5;

/** @typedef {(timestampMs: number) => void} OnFrame */

/** Watches a video element. */
export class Frames {
  /**
   * @param {HTMLVideoElement} video
   * @param {OnFrame} onFrame told the time stamp of every frame that comes on display
   */
  constructor(video, onFrame) {
    this.video = video;
    this.onFrame = onFrame;
    this.shownMs = 0;
    this.isStepping = false;
    /** @type {((value: unknown) => void)[]} who waits for a frame to come on display */
    this.waiting = [];
    this.watch();
  }

  watch() {
    if (!("requestVideoFrameCallback" in this.video)) {
      requestAnimationFrame(() => {
        if (this.video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA)
          this.show(this.video.currentTime);
        this.watch();
      });
      return;
    }
    this.video.requestVideoFrameCallback((_now, { mediaTime }) => {
      this.show(mediaTime);
      this.watch();
    });
  }

  /** @param {number} mediaTime seconds */
  show(mediaTime) {
    this.shownMs = timestampOf(mediaTime);
    for (const resolve of this.waiting.splice(0)) resolve(undefined);
    if (!this.isStepping) this.onFrame(this.shownMs);
  }

  /**
   * Show the frame of a time: the last one that began until then. Without a video, the
   * time itself is shown.
   * @param {number} timestampMs
   * @returns {Promise<number>} its time stamp
   */
  async seek(timestampMs) {
    const { video } = this;
    if (!video.currentSrc || video.error) {
      this.shownMs = Math.max(0, Math.round(timestampMs));
      this.onFrame(this.shownMs);
      return this.shownMs;
    }
    const latest = Number.isFinite(video.duration) ? video.duration : Infinity;
    const target = Math.min(Math.max(0, mediaTimeOf(timestampMs)), latest);
    if (video.currentTime === target && !video.seeking) return this.shownMs;
    const shown = new Promise((resolve) => this.waiting.push(resolve));
    const sought = new Promise((resolve) =>
      video.addEventListener("seeked", resolve, { once: true }),
    );
    const late = new Promise((resolve) => setTimeout(resolve, SEEK_MS));
    video.currentTime = target;
    await Promise.race([Promise.all([sought, shown]), late]);
    return this.shownMs;
  }

  /**
   * Show the next frame, or the one before.
   * @param {1 | -1} direction
   * @param {number} intervalMs how far frames lie apart here, about
   */
  async step(direction, intervalMs) {
    if (this.isStepping) return;
    this.isStepping = true;
    this.video.pause();
    try {
      if (direction < 0) await this.seek(this.shownMs - 2);
      else await this.stepOn(this.shownMs, intervalMs);
    } finally {
      this.isStepping = false;
      this.onFrame(this.shownMs);
    }
  }

  /**
   * @param {number} startMs
   * @param {number} intervalMs
   */
  async stepOn(startMs, intervalMs) {
    for (const reach of REACHES) {
      if ((await this.seek(startMs + reach * intervalMs)) > startMs) break;
    }
    const usual = Math.abs(this.shownMs - startMs - intervalMs) <= ROUNDING_MS;
    for (let reached = this.shownMs; !usual && reached > startMs; ) {
      const earlier = await this.seek(reached - 2);
      if (earlier <= startMs) {
        await this.seek(reached);
        return;
      }
      reached = earlier;
    }
  }
}
