// @ts-check
/** The page of one job: what it found, joined with the parts that show it. */

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
import { made, words } from "./made.js";
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
 * Say what keeps the video from being shown.
 * @param {string} text "" where nothing does
 * @param {number | null} fraction in [0, 1]; null where there is nothing to wait for
 */
function draw(text, fraction = null) {
  curtain.hidden = text === "";
  curtain.toggleAttribute("lasting", fraction === null);
  part(".curtain p").textContent = text;
  const bar = part(".curtain progress");
  bar.hidden = fraction === null;
  bar.value = fraction ?? 0;
}

/** Have the video, as it is or as a preview that has to be made first. */
async function open() {
  const purposes = {
    look: "Looking whether browsers can play this video",
    preview: "A preview is being made",
  };
  const ready = await made(`${base}/footage`, (standing) => {
    const purpose = purposes[/** @type {keyof purposes} */ (/** @type {any} */ (standing).purpose)];
    if (standing.stage !== "ready") draw(`${purpose}: ${words(standing)}`, standing.fraction);
  });
  draw("");
  video.addEventListener("error", () => draw("The browser cannot play this video."), { once: true });
  video.src = ready.address;
}

/** Have portraits of everybody, which takes a while where nobody asked before. */
async function portray() {
  const gallery = part("person-gallery");
  const said = part(".portraits");
  await made(`${base}/portraits`, (standing) => {
    said.hidden = standing.stage === "ready";
    said.textContent = `Portraits are being made: ${words(standing)}`;
  });
  gallery.havePictures();
}

/**
 * @param {Promise<unknown>} work
 * @param {(message: string) => void} complain
 */
function heed(work, complain) {
  work.catch((error) => complain(error.message));
}

/** @param {string} message */
function complainOfPeople(message) {
  const said = part(".portraits");
  said.hidden = false;
  said.textContent = message;
}

part("tab-set").addEventListener("opened", (/** @type {any} */ { detail: tab }) => {
  if (tab !== "tab-numbers") return;
  const said = part("#numbers .trouble");
  const complain = (/** @type {string} */ message) => {
    said.hidden = false;
    said.textContent = message;
  };
  heed(part("heat-map").show(view, video), complain);
  heed(part("count-chart").show(view), complain);
});

// The preview first: one thing is made after another.
const opened = open();
heed(opened, (message) => {
  draw(message);
  view.show(0);
});
heed(opened.catch(() => {}).then(portray), complainOfPeople);
heed(places.load(), (message) => places.complain(message));
heed(
  send("GET", `${base}/persons`).then(({ persons }) => view.setPersons(persons)),
  complainOfPeople,
);
