// @ts-check
/**
 * What the video's own clock shows, from the times that a browser tells and takes.
 *
 * Everywhere on the page a moment is a `timestampMs`: whole milliseconds, the presentation
 * time rounded down, as in the results. A browser counts seconds, in steps of a microsecond.
 */

// Makes up for a time rounded to microseconds; see `passerby.films.preview`.
const ROUNDING_MS = 0.002;

/**
 * The time stamp of the frame that a browser shows.
 * @param {number} mediaTime seconds, as `requestVideoFrameCallback` tells them
 * @returns {number} whole milliseconds
 */
export function timestampOf(mediaTime) {
  return Math.floor(mediaTime * 1000 + ROUNDING_MS);
}

/**
 * Where to seek for the frame with a time stamp: it began within that millisecond.
 * @param {number} timestampMs
 * @returns {number} seconds
 */
export function mediaTimeOf(timestampMs) {
  return (timestampMs + 1) / 1000;
}

/**
 * A time as a watch shows it, rounded down.
 * @param {number} timestampMs
 * @param {number} digits of a second's fraction
 * @returns {string} "1:23.4", "1:00:00.0"
 */
export function watch(timestampMs, digits = 1) {
  const whole = Math.max(0, timestampMs);
  const seconds = Math.floor(whole / 1000);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const rest = String(seconds % 60).padStart(2, "0");
  const fraction = String(Math.floor(whole % 1000)).padStart(3, "0").slice(0, digits);
  const clock = hours
    ? `${hours}:${String(minutes % 60).padStart(2, "0")}:${rest}`
    : `${minutes}:${rest}`;
  return digits ? `${clock}.${fraction}` : clock;
}
