// @ts-check
/** Elements made by scripts, in a line each. */

/**
 * @param {string} name of the element
 * @param {Record<string, string | number | boolean | null | undefined>} attributes left out
 *   where null, undefined or false
 * @param {...(Node | string)} content
 * @returns {HTMLElement}
 */
export function element(name, attributes = {}, ...content) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false)
      made.setAttribute(key, value === true ? "" : String(value));
  }
  made.append(...content);
  return made;
}

const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {string} name of the SVG element
 * @param {Record<string, string | number>} attributes
 * @param {...(Node | string)} content
 * @returns {SVGElement}
 */
export function drawing(name, attributes = {}, ...content) {
  const made = /** @type {SVGElement} */ (document.createElementNS(SVG, name));
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  made.append(...content);
  return made;
}
