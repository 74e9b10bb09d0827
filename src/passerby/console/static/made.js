// @ts-check
/** Wait for what the server makes on request: a preview, portraits, a film, a file. */

import { send } from "./csrf.js";
import { listen } from "./events.js";

// An event may have come before anybody listened: then asking again tells.
const SILENCE_MS = 2000;

/**
 * @typedef {object} Standing how far it is
 * @property {string} job_id
 * @property {string} name
 * @property {"waiting" | "under way" | "ready" | "failed"} stage
 * @property {number} fraction in [0, 1]
 * @property {string | null} message why it failed
 */

/** @type {Map<string, (standing: Standing) => void>} who waits, by job and name */
const waiting = new Map();
let isListening = false;

/**
 * Order something and wait until it is ready.
 * @param {string} address orders with POST, as often as wanted
 * @param {(standing: Standing & Record<string, any>) => void} tell told how far it is
 * @returns {Promise<Standing & Record<string, any>>} ready
 */
export async function made(address, tell) {
  for (;;) {
    const standing = await send("POST", address, {});
    tell(standing);
    if (standing.stage === "ready") return standing;
    if (standing.stage === "failed") throw new Error(standing.message ?? "It could not be made.");
    await changed(standing, (news) => tell({ ...standing, ...news }));
  }
}

/**
 * How far something is, in words.
 * @param {Standing} standing
 */
export function words({ stage, fraction }) {
  if (stage === "waiting") return "waits for its turn";
  return stage === "ready" ? "ready" : `${Math.floor(100 * fraction)} %`;
}

/**
 * @param {Standing} standing
 * @param {(standing: Standing) => void} tell told of every step
 * @returns {Promise<void>} kept when there is no more to wait for, or nothing was heard for long
 */
function changed({ job_id, name }, tell) {
  const key = `${job_id}/${name}`;
  hear();
  return new Promise((resolve) => {
    const end = () => {
      waiting.delete(key);
      resolve();
    };
    let timer = setTimeout(end, SILENCE_MS);
    waiting.set(key, (news) => {
      clearTimeout(timer);
      tell(news);
      timer = setTimeout(end, SILENCE_MS);
      if (news.stage === "ready" || news.stage === "failed") {
        clearTimeout(timer);
        end();
      }
    });
  });
}

function hear() {
  if (isListening) return;
  isListening = true;
  listen({
    making: (/** @type {Standing} */ standing) =>
      waiting.get(`${standing.job_id}/${standing.name}`)?.(standing),
  });
}
