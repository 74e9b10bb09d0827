// @ts-check
/**
 * Where each person is at any instant, between its sightings too.
 *
 * The same rules as in `passerby.films.placement`, which draws the marked video; a test
 * compares their answers.
 */

/** @typedef {import("./paths.js").Rows} Rows */
/** @typedef {import("./paths.js").Paths} Paths */

// Sightings further apart are not joined: what the linker left open is a gap on purpose.
export const JOINED_MS = 200;
export const FACES_JOINED_MS = 450;
export const TRAIL_MS = 2000;

const BOX_SIDES = 4;
const POINT_NUMBERS = 10;

/** @typedef {{rows: Rows, row: number}} Found */
/** @typedef {{person: number, box: number[], detected: boolean}} Placed */
/** @typedef {{person: number, box: number[], points: number[]}} PlacedFace */
/** @typedef {{person: number, points: number[][]}} Trail points are x, y, freshness in [0, 1] */

/**
 * Everybody's box at an instant, by person.
 * @param {Pick<Paths, "visit">} paths
 * @param {number} timestampMs
 * @returns {Placed[]}
 */
export function place(paths, timestampMs) {
  return neighbours(paths, timestampMs, JOINED_MS, hasBody).map(({ person, before, after }) => {
    const share = shareOf(before, after, timestampMs);
    const start = slice(before.rows.box, before.row, BOX_SIDES);
    const end = slice(after.rows.box, after.row, BOX_SIDES);
    const detected = before.rows.detected[before.row] && after.rows.detected[after.row];
    return { person, box: between(start, end, share), detected: Boolean(detected) };
  });
}

/**
 * Everybody's face at an instant, by person.
 * @param {Pick<Paths, "visit">} paths
 * @param {number} timestampMs
 * @returns {PlacedFace[]}
 */
export function placeFaces(paths, timestampMs) {
  return neighbours(paths, timestampMs, FACES_JOINED_MS, hasFace).map(
    ({ person, before, after }) => {
      const share = shareOf(before, after, timestampMs);
      const first = before.rows.face[before.row];
      const second = after.rows.face[after.row];
      const part = (/** @type {"faceBox" | "facePoints"} */ name, /** @type {number} */ length) =>
        between(
          slice(before.rows[name], first, length),
          slice(after.rows[name], second, length),
          share,
        );
      return {
        person,
        box: part("faceBox", BOX_SIDES),
        points: part("facePoints", POINT_NUMBERS),
      };
    },
  );
}

/**
 * The way of everybody's feet up to an instant.
 * @param {Pick<Paths, "visit">} paths
 * @param {Placed[]} placed of the same instant: the front ends
 * @param {number} timestampMs
 * @returns {Trail[]}
 */
export function trails(paths, placed, timestampMs) {
  /** @type {Map<number, {time: number, point: number[]}[]>} */
  const ways = new Map();
  const add = (
    /** @type {number} */ person,
    /** @type {number} */ time,
    /** @type {number[]} */ box,
  ) => {
    const freshness = 1 - (timestampMs - time) / TRAIL_MS;
    const way = ways.get(person) ?? [];
    way.push({ time, point: [(box[0] + box[2]) / 2, box[3], freshness] });
    ways.set(person, way);
  };
  paths.visit(timestampMs - TRAIL_MS, timestampMs - 1, (rows, row) => {
    if (hasBody(rows, row)) add(rows.person[row], rows.time[row], slice(rows.box, row, BOX_SIDES));
  });
  for (const { person, box } of placed) add(person, timestampMs, box);
  return [...ways.entries()]
    .sort(([one], [other]) => one - other)
    .flatMap(([person, way]) => pieces(way).map((points) => ({ person, points })));
}

/**
 * A way cut where it was not joined; single points are none.
 * @param {{time: number, point: number[]}[]} way
 * @returns {number[][][]}
 */
function pieces(way) {
  /** @type {number[][][]} */
  const found = [];
  way.forEach(({ time, point }, position) => {
    const joined = position > 0 && time - way[position - 1].time <= JOINED_MS;
    if (joined) found[found.length - 1].push(point);
    else found.push([point]);
  });
  return found.filter((points) => points.length > 1);
}

/**
 * Each person's last row until an instant and first from it on, where they are near.
 * @param {Pick<Paths, "visit">} paths
 * @param {number} timestampMs
 * @param {number} joinedMs
 * @param {(rows: Rows, row: number) => boolean} counts
 * @returns {{person: number, before: Found, after: Found}[]} by person
 */
function neighbours(paths, timestampMs, joinedMs, counts) {
  /** @type {Map<number, Found>} */
  const last = new Map();
  /** @type {Map<number, Found>} */
  const first = new Map();
  paths.visit(timestampMs - joinedMs, timestampMs + joinedMs, (rows, row) => {
    if (!counts(rows, row)) return;
    const person = rows.person[row];
    if (rows.time[row] <= timestampMs) last.set(person, { rows, row });
    if (rows.time[row] >= timestampMs && !first.has(person)) first.set(person, { rows, row });
  });
  return [...last.keys()]
    .sort((one, other) => one - other)
    .flatMap((person) => {
      const before = /** @type {Found} */ (last.get(person));
      const after = first.get(person);
      return after && timeOf(after) - timeOf(before) <= joinedMs ? [{ person, before, after }] : [];
    });
}

/** @param {Found} found */
function timeOf(found) {
  return found.rows.time[found.row];
}

/**
 * How far an instant lies on the way from one row to another, in [0, 1].
 * @param {Found} before
 * @param {Found} after
 * @param {number} timestampMs
 */
function shareOf(before, after, timestampMs) {
  const start = timeOf(before);
  return (timestampMs - start) / Math.max(1, timeOf(after) - start);
}

/**
 * @param {Rows} rows
 * @param {number} row
 */
function hasBody(rows, row) {
  return !Number.isNaN(rows.box[BOX_SIDES * row]);
}

/**
 * @param {Rows} rows
 * @param {number} row
 */
function hasFace(rows, row) {
  return rows.face[row] >= 0;
}

/**
 * @param {Float32Array} values
 * @param {number} position
 * @param {number} length
 */
function slice(values, position, length) {
  return Array.from(values.subarray(length * position, length * (position + 1)));
}

/**
 * @param {number[]} start
 * @param {number[]} end
 * @param {number} share
 */
function between(start, end, share) {
  return start.map((value, place) => value * (1 - share) + end[place] * share);
}
