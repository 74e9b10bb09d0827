// @ts-check
/** Order artifacts of a job from the server and wait for them: a preview, portraits, exports. */

import { send } from "./csrf.js";
import { listen } from "./events.js";

// An event may have been sent before anybody listened: then the status is asked for again.
const SILENCE_MS = 2000;

/**
 * @typedef {object} ArtifactStatus
 * @property {string} job_id
 * @property {string} name
 * @property {"waiting" | "under way" | "ready" | "failed"} stage
 * @property {number} fraction in [0, 1]
 * @property {string | null} message why it failed
 */

/** @type {Map<string, (status: ArtifactStatus) => void>} listeners, by job and name */
const listeners = new Map();
let isListening = false;

/**
 * Order an artifact and wait until it is ready.
 * @param {string} address orders with POST, as often as wanted
 * @param {(status: ArtifactStatus & Record<string, any>) => void} onStatus called on each change
 * @returns {Promise<ArtifactStatus & Record<string, any>>} ready
 */
export async function waitForArtifact(address, onStatus) {
  for (;;) {
    const status = await send("POST", address, {});
    onStatus(status);
    if (status.stage === "ready") return status;
    if (status.stage === "failed") throw new Error(status.message ?? "The file could not be made.");
    await waitForEnd(status, (news) => onStatus({ ...status, ...news }));
  }
}

/**
 * Text of a status: "waiting for a worker", "42 %".
 * @param {ArtifactStatus} status
 */
export function statusText({ stage, fraction }) {
  if (stage === "waiting") return "waiting for a worker";
  return stage === "ready" ? "ready" : `${Math.floor(100 * fraction)} %`;
}

/**
 * Wait until an artifact is ready or failed, or no event was received for long.
 * @param {ArtifactStatus} status
 * @param {(status: ArtifactStatus) => void} onStatus called on each event
 * @returns {Promise<void>}
 */
function waitForEnd({ job_id, name }, onStatus) {
  const key = `${job_id}/${name}`;
  listenOnce();
  return new Promise((resolve) => {
    const end = () => {
      listeners.delete(key);
      resolve();
    };
    let timer = setTimeout(end, SILENCE_MS);
    listeners.set(key, (news) => {
      clearTimeout(timer);
      onStatus(news);
      timer = setTimeout(end, SILENCE_MS);
      if (news.stage === "ready" || news.stage === "failed") {
        clearTimeout(timer);
        end();
      }
    });
  });
}

function listenOnce() {
  if (isListening) return;
  isListening = true;
  listen({
    artifact: (/** @type {ArtifactStatus} */ status) =>
      listeners.get(`${status.job_id}/${status.name}`)?.(status),
  });
}
