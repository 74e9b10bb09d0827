// @ts-check
/**
 * Which colour a person is drawn in: the same as in the marked video.
 *
 * The numbers are those of `passerby.films.palette`; a test compares them.
 */

export const COLOURS = [
  [51, 161, 255],
  [239, 224, 20],
  [239, 20, 20],
  [36, 130, 83],
  [224, 20, 255],
  [83, 239, 224],
  [161, 114, 20],
  [255, 145, 177],
  [20, 208, 36],
  [255, 177, 130],
  [192, 177, 255],
  [83, 98, 239],
  [224, 20, 114],
  [130, 145, 36],
  [20, 208, 255],
  [192, 224, 145],
];

// Weights of red, green and blue in perceived brightness: ITU-R BT.601, section 2.5.1.
const LUMA = [0.299, 0.587, 0.114];
const DARK_BELOW = 128;

/**
 * Colour of a person, for a style sheet or a canvas.
 * @param {number} person
 * @param {number} opacity in [0, 1]
 */
export function colourOf(person, opacity = 1) {
  const [red, green, blue] = COLOURS[person % COLOURS.length];
  return `rgb(${red} ${green} ${blue} / ${opacity})`;
}

/**
 * Black or white, whichever is read better on the colour of a person.
 * @param {number} person
 */
export function inkOn(person) {
  const ground = COLOURS[person % COLOURS.length];
  const luma = ground.reduce((sum, part, channel) => sum + LUMA[channel] * part, 0);
  return luma < DARK_BELOW ? "#fff" : "#000";
}
