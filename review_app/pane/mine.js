// The reviewer's own last verdicts under the top line: what was decided, each to be opened again or undone.

class Mine {
  constructor(pane) {
    this.pane = pane;
    this.el = h("section", { class: "mine", "aria-label": "My last 20 verdicts", hidden: true });
  }

  toggle() {
    if (!this.el.hidden) return this.close();
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
    this.el.querySelector("button:not(.mine-head button)")?.focus({ preventScroll: true });
    drawBar(this.pane);
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
      h("span", { class: "mine-what quiet", dir: "auto", title: note || name }, note || name),
      button("Open", { kind: "small", aria: `Open ${name} again`, onclick: () => act("reopen") }),
      button("Undo", { kind: "small", aria: `Undo: ${text}, ${name}`, onclick: () => act("undo") }),
    );
  }

  close() {
    if (this.el.hidden) return;
    const inside = this.el.contains(this.pane.root.getRootNode().activeElement);
    this.el.hidden = true;
    if (inside) this.pane.trace.scroll.focus({ preventScroll: true });
    drawBar(this.pane);
  }
}
