// A time as the reader's own clock has it.

const shortly = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const wholly = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });

class LocalTime extends HTMLElement {
  connectedCallback() {
    const moment = new Date(this.getAttribute("datetime"));
    this.textContent = shortly.format(moment);
    this.title = wholly.format(moment);
  }
}

customElements.define("local-time", LocalTime);
