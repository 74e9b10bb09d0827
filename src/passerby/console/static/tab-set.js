// @ts-check
/**
 * `<tab-set>`: one panel of several, chosen with tabs.
 *
 * Source: W3C, ARIA Authoring Practices Guide, "Tabs Pattern".
 */

class TabSet extends HTMLElement {
  connectedCallback() {
    this.tabs = /** @type {HTMLElement[]} */ ([...this.querySelectorAll("[role=tab]")]);
    this.addEventListener("click", (event) => {
      const tab = /** @type {HTMLElement} */ (event.target).closest("[role=tab]");
      if (tab) this.open(/** @type {HTMLElement} */ (tab));
    });
    this.addEventListener("keydown", (event) => this.press(event));
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    const tabs = /** @type {HTMLElement[]} */ (this.tabs);
    const at = tabs.indexOf(/** @type {HTMLElement} */ (event.target));
    const steps = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 };
    const next = steps[/** @type {keyof typeof steps} */ (event.key)];
    if (at < 0 || next === undefined) return;
    event.preventDefault();
    this.open(tabs[(next + tabs.length) % tabs.length]);
  }

  /** @param {HTMLElement} chosen */
  open(chosen) {
    for (const tab of /** @type {HTMLElement[]} */ (this.tabs)) {
      const isChosen = tab === chosen;
      tab.setAttribute("aria-selected", String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
      const panel = document.getElementById(tab.getAttribute("aria-controls") ?? "");
      if (panel) panel.hidden = !isChosen;
    }
    chosen.focus();
    this.dispatchEvent(new CustomEvent("opened", { detail: chosen.id }));
  }
}

customElements.define("tab-set", TabSet);
