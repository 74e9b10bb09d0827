// @ts-check
/** Colours of the style sheet, as a canvas can use them: those of the theme that is shown. */

/**
 * @template {string} Name
 * @param {HTMLElement} element where they hold
 * @param {Record<Name, string>} wanted names of custom properties
 * @returns {Record<Name, string>}
 */
export function inks(element, wanted) {
  const probe = document.createElement("i");
  probe.hidden = true;
  element.append(probe);
  const found = Object.entries(wanted).map(([name, property]) => {
    probe.style.color = `var(${property})`;
    return [name, getComputedStyle(probe).color];
  });
  probe.remove();
  return /** @type {Record<Name, string>} */ (Object.fromEntries(found));
}

/**
 * Be told when the theme changes.
 * @param {() => void} listener
 */
export function onTheme(listener) {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", listener);
}
