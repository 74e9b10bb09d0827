// @ts-check
/** The page of one job: its elements, connected with the result. */

import { statusText, waitForArtifact } from "./artifacts.js";
import "./count-chart.js";
import "./download-list.js";
import "./heat-map.js";
import "./path-player.js";
import "./path-timeline.js";
import "./person-gallery.js";
import "./place-canvas.js";
import "./place-list.js";
import "./tab-set.js";
import { send } from "./csrf.js";
import { JobView } from "./job-view.js";
import { Places } from "./places.js";

/**
 * @template {HTMLElement} Kind
 * @param {string} selector
 * @returns {Kind & Record<string, any>}
 */
function part(selector) {
  return /** @type {any} */ (document.querySelector(selector));
}

const page = part(".job");
const base = page.dataset.base ?? "";
const view = new JobView(base, JSON.parse(page.dataset.facts ?? "{}"));
const video = /** @type {HTMLVideoElement} */ (part("path-player video"));
const curtain = part(".curtain");

part("path-player").view = view;
part("path-timeline").view = view;
part("person-gallery").view = view;
part("download-list").join(base);

const places = new Places(base);
part("place-canvas").join(view, places);
part("place-list").join(view, places, part("place-canvas"));

/**
 * Show why the video cannot be seen yet.
 * @param {string} text "" once it can
 * @param {number | null} fraction in [0, 1]; null if there is nothing to wait for
 */
function draw(text, fraction = null) {
  curtain.hidden = text === "";
  curtain.toggleAttribute("lasting", fraction === null);
  part(".curtain p").textContent = text;
  const bar = part(".curtain progress");
  bar.hidden = fraction === null;
  bar.value = fraction ?? 0;
}

/** Open the video: the original, or a preview that is made first. */
async function open() {
  const purposes = {
    playability: "Checking whether browsers can play this video",
    preview: "Making a preview",
  };
  const ready = await waitForArtifact(`${base}/footage`, (status) => {
    const purpose = purposes[/** @type {keyof purposes} */ (/** @type {any} */ (status).purpose)];
    if (status.stage !== "ready") draw(`${purpose} (${statusText(status)})`, status.fraction);
  });
  draw("");
  video.addEventListener("error", () => draw("The browser cannot play this video."), { once: true });
  video.src = ready.address;
}

/** Show portraits of all persons, which take a while to make the first time. */
async function showPortraits() {
  const gallery = part("person-gallery");
  const said = part(".portraits");
  await waitForArtifact(`${base}/portraits`, (status) => {
    said.hidden = status.stage === "ready";
    said.textContent = `Making portraits (${statusText(status)})`;
  });
  gallery.havePictures();
}

/**
 * @param {Promise<unknown>} work
 * @param {(message: string) => void} show
 */
function onError(work, show) {
  work.catch((error) => show(error.message));
}

/** @param {string} message */
function showPeopleError(message) {
  const said = part(".portraits");
  said.hidden = false;
  said.textContent = message;
}

part("tab-set").addEventListener("opened", (/** @type {any} */ { detail: tab }) => {
  if (tab !== "tab-numbers") return;
  const said = part("#numbers .trouble");
  const showError = (/** @type {string} */ message) => {
    said.hidden = false;
    said.textContent = message;
  };
  onError(part("heat-map").show(view, video), showError);
  onError(part("count-chart").show(view), showError);
});

// The preview first: artifacts are made one after another.
const opened = open();
onError(opened, (message) => {
  draw(message);
  view.show(0);
});
onError(opened.catch(() => {}).then(showPortraits), showPeopleError);
onError(places.load(), (message) => places.complain(message));
onError(
  send("GET", `${base}/persons`).then(({ persons }) => view.setPersons(persons)),
  showPeopleError,
);
