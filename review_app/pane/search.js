// Search in the run: a box, a tally, and the way from hit to hit, also in folded texts.

const MOST_HITS = 2000;

class Search {
  constructor(trace) {
    this.trace = trace;
    this.box = h("input", {
      type: "search",
      class: "field search",
      placeholder: "Search in this run",
      "aria-label": "Search in this run",
      oninput: () => this.find(this.box.value),
      onkeydown: (event) => event.key === "Enter" && this.next(event.shiftKey ? -1 : 1),
    });
    this.tally = h("span", { class: "tally", "aria-live": "polite" });
    this.reset();
  }

  reset() {
    this.hits = [];
    this.box.value = "";
    this.tally.textContent = "";
    this.brought = null; // the panel that a hit opened
  }

  leave() {
    this.box.value = "";
    this.find("");
    this.trace.closePanel(this.brought);
    this.brought = null;
    this.trace.scroll.focus({ preventScroll: true });
  }

  get missing() {
    return isCut(this.trace.item.trace) ? "not in what is loaded" : "not in this run";
  }

  find(text) {
    const needle = text.trim().toLowerCase();
    const { views } = this.trace;
    if (needle.length > 1) this.trace.askAll();
    this.trace.ensure(Infinity);
    this.hits = [];
    for (const [name, view] of views) {
      const found = needle.length > 1 ? view.find(needle) : [];
      view.setHits(found);
      found.forEach((_, n) => this.hits.length < MOST_HITS && this.hits.push([name, n]));
    }
    this.hit = -1;
    if (needle.length > 1) this.next(1);
    else this.tally.textContent = "";
  }

  next(by) {
    const { views } = this.trace;
    if (!this.hits.length) {
      this.tally.textContent = this.box.value.trim().length > 1 ? this.missing : "";
      return;
    }
    if (this.hit >= 0) views.get(this.hits[this.hit][0]).setHits(views.get(this.hits[this.hit][0]).hits);
    this.hit = (this.hit + by + this.hits.length) % this.hits.length;
    const [name, n] = this.hits[this.hit];
    const view = views.get(name);
    view.setHits(view.hits, n);
    this.tally.textContent = `${this.hit + 1} of ${count(this.hits.length)}`;
    const el = view.el.querySelector(".hit.now");
    if (!el) return;
    this.brought = this.trace.openPanel(el) || this.brought;
    this.trace.into(el, "center");
  }
}
