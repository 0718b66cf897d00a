// The run at a glance: one cell a step, and what the colours of the marks in the texts mean.

class StepMap {
  // `select` goes to a step; `range` is told of a stretch that was drawn with the mouse.
  constructor(select, range) {
    this.select = select;
    this.range = range;
    this.row = h("div", { class: "minimap", role: "group", "aria-label": "Steps of the run" });
    this.size = h("span", { class: "tally" });
    this.el = h("div", { class: "map-line" }, this.row, this.size);
  }

  show(steps) {
    this.cells = [];
    this.size.textContent = plural(steps.length, "step");
    fill(
      this.row,
      steps.map((step) => (this.cells[step.n] = this.cell(step))),
    );
  }

  cell(step) {
    const what = step.kind === "action" ? step.tool : KINDS[step.kind];
    const cited = step.marked.length > 0;
    return h("button", {
      type: "button",
      tabindex: "-1",
      class: `cell ${step.kind}${step.error ? " error" : ""}${cited ? " cited" : ""}`,
      title: `${step.n} · ${what}${step.error ? " · error" : ""}${cited ? " · cited" : ""}`,
      "aria-label": `Go to step ${step.n}`,
      onclick: () => this.select(step.n),
      onmousedown: (event) => {
        event.preventDefault();
        this.from = step.n;
      },
      onmouseup: () => {
        const { from } = this;
        this.from = null;
        if (from && from !== step.n) this.range(Math.min(from, step.n), Math.max(from, step.n));
      },
    });
  }

  mark(number, name, on) {
    this.cells[number]?.classList.toggle(name, on);
  }
}

// Only the kinds that this run has: [class of the mark, words, tooltip].
function markLegend(marks) {
  const kinds = [
    ["m-claim", marks.shown, "shows what the run did", "What a claim or a value on the right rests on; click it there to jump here"],
    ["m-fail", marks.failed, "shows why it failed", "What the reason for the failure rests on"],
    ["m-stale", marks.stale, "words of the old request", "They are left in a thought or the answer that would be trained on"],
    ["m-grader", marks.grader, "grader's words, hidden from the stages", "No stage and no judge saw them, and no training row holds them"],
  ].filter(([, present]) => present);
  if (!kinds.length) return null;
  return h(
    "p",
    { class: "legend", "aria-label": "Marks in the texts below" },
    kinds.map(([name, , words, title]) => h("span", { title }, h("i", { class: `mark ${name}` }), words)),
  );
}
