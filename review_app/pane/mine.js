// The reviewer's own last verdicts under the top line: what was decided, each to be opened again or undone.

const COVERED = new Set(["a", "e", "x", "f", " ", "backspace", "arrowleft", "arrowright"]);

class Mine {
  constructor(pane) {
    this.pane = pane;
    this.el = h("section", { class: "mine", "aria-label": "My last 20 verdicts", hidden: true });
  }

  get open() {
    return !this.el.hidden;
  }

  toggle() {
    if (this.open) return this.close();
    closeAsk(this.pane);
    this.asked = true;
    this.pane.send({ action: "mine" });
  }

  show(rows) {
    if (!this.asked) return;
    this.asked = false;
    this.el.hidden = false;
    fill(
      this.el,
      h(
        "div",
        { class: "mine-head" },
        h("h3", {}, "My last 20"),
        h("span", { class: "quiet" }, "An undone verdict stays in the history; its item opens again."),
        h("span", { class: "space" }),
        button("Close", { kind: "small", key: "esc", onclick: () => this.close() }),
      ),
      rows.length
        ? h(
            "ol",
            {},
            rows.map((row) => this.row(row)),
          )
        : h("p", { class: "quiet" }, "Nothing of yours stands yet."),
    );
    this.choose(0);
    drawBar(this.pane);
  }

  get rows() {
    return [...this.el.querySelectorAll("li")];
  }

  // The row that the keyboard is on.
  get at() {
    const focused = this.pane.root.getRootNode().activeElement;
    return this.rows.findIndex((row) => row.contains(focused));
  }

  choose(at) {
    const { rows } = this;
    rows[clamp(at, 0, rows.length - 1)]?.querySelector("button").focus();
  }

  // While the list covers the item, keys are about its rows: nothing is decided unseen. False: not a key of the list.
  onKey(key, repeat) {
    if (key === "arrowdown") this.choose(this.at + 1);
    else if (key === "arrowup") this.choose(this.at - 1);
    else if (key === "backspace" && !repeat) this.rows[this.at]?.querySelector("button:last-child").click();
    else return COVERED.has(key);
    return true;
  }

  row({ review, text, tone, at, name, request, note }) {
    const act = (action) => {
      this.close();
      this.pane.decide(action, { review });
    };
    return h(
      "li",
      {},
      h("span", { class: "quiet" }, clock(at)),
      tag(text, tone),
      h("span", { class: "mine-what", dir: "auto", title: request }, request || name),
      h("span", { class: "mine-what quiet", title: note ? `${name}\n${note}` : name }, h("span", { dir: "auto" }, name), note && " · ", note && h("span", { dir: "auto" }, note)),
      button("Open", { kind: "small", aria: `Open ${name} again`, onclick: () => act("reopen") }),
      button("Undo", { kind: "small", aria: `Undo: ${text}, ${name}`, onclick: () => act("undo") }),
    );
  }

  close() {
    if (!this.open) return;
    const inside = this.el.contains(this.pane.root.getRootNode().activeElement);
    this.el.hidden = true;
    if (inside) this.pane.trace.scroll.focus({ preventScroll: true });
    drawBar(this.pane);
  }
}
