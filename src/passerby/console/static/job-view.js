// @ts-check
/**
 * What the parts of a job's page share: the moment that is shown and who is followed.
 *
 * Parts listen to what they show and ask for what they want; none knows another.
 */

/**
 * @typedef {object} Facts what the server says of a job that has succeeded
 * @property {number} width of the upright frame, pixels
 * @property {number} height
 * @property {number} duration_ms
 * @property {number} frame_rate mean, frames per second
 */

/**
 * @typedef {object} Person
 * @property {number} person
 * @property {number} first_ms
 * @property {number} last_ms
 * @property {number[]} seen beginnings and ends in turn, milliseconds
 * @property {number[]} filled
 * @property {number[]} face
 */

/** Events: `time` (a frame is shown), `seek` and `follow` (somebody asked), `persons`. */
export class JobView extends EventTarget {
  /**
   * @param {string} base address of the job's page
   * @param {Facts} facts
   */
  constructor(base, facts) {
    super();
    this.base = base;
    this.facts = facts;
    this.timestampMs = 0;
    /** End of all that is shown; a video may begin later than at 0, and end later. */
    this.endMs = facts.duration_ms;
    /** @type {number | null} */
    this.followed = null;
    /** @type {Person[]} by number */
    this.persons = [];
    /** @type {Map<number, Person>} */
    this.byNumber = new Map();
  }

  /** @param {Person[]} persons */
  setPersons(persons) {
    this.persons = persons;
    this.byNumber = new Map(persons.map((each) => [each.person, each]));
    this.endMs = persons.reduce((end, { last_ms }) => Math.max(end, last_ms), this.endMs);
    this.dispatchEvent(new Event("persons"));
  }

  /**
   * Say which frame is shown.
   * @param {number} timestampMs
   */
  show(timestampMs) {
    this.timestampMs = timestampMs;
    this.dispatchEvent(new Event("time"));
  }

  /**
   * Ask for the frame of a time.
   * @param {number} timestampMs
   */
  seek(timestampMs) {
    this.dispatchEvent(new CustomEvent("seek", { detail: timestampMs }));
  }

  /**
   * Have a person stand out, or nobody, and go to where it can be seen.
   * @param {number | null} person
   * @param {number} [atMs] a moment to go to; else its first, if it is not in the picture
   */
  follow(person, atMs) {
    this.followed = person;
    this.dispatchEvent(new Event("follow"));
    const known = person === null ? undefined : this.byNumber.get(person);
    const isAbout =
      known && known.first_ms <= this.timestampMs && this.timestampMs <= known.last_ms;
    if (atMs !== undefined) this.seek(atMs);
    else if (known && !isAbout) this.seek(known.first_ms);
  }

  /**
   * Follow the next person of the list, or the one before.
   * @param {1 | -1} direction
   */
  followNeighbour(direction) {
    const { persons, followed } = this;
    if (!persons.length) return;
    const at = persons.findIndex(({ person }) => person === followed);
    const first = direction > 0 ? 0 : persons.length - 1;
    const next = at < 0 ? first : (at + direction + persons.length) % persons.length;
    this.follow(persons[next].person, persons[next].first_ms);
  }
}
