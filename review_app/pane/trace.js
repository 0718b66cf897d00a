// The left column: the failed run.

const LOWEST_CARD = 200; // px of a usual card
// Cards that can be in sight at once are drawn before the first paint; the rest follows when the browser is idle.
const firstBodies = () => Math.ceil(window.innerHeight / LOWEST_CARD);

class Trace {
  constructor(pane) {
    this.pane = pane;
    this.map = new StepMap(
      (number) => this.select(number),
      (first, last) => pane.editing && pane.editor.range(first, last),
    );
    this.search = new Search(this);
    this.tools = h("div", { class: "tools" });
    this.panels = h("div", { class: "panels" });
    this.scroll = h("div", { class: "scroll", tabindex: "-1", role: "group", "aria-label": "The failed run" });
    // A long run holds hundreds of buttons: the keyboard gets past them with one.
    const past = plainButton({ class: "btn small past", onclick: () => pane.toProposal() }, "Skip the run");
    this.el = h(
      "section",
      { class: "trace", "aria-label": "Failed run" },
      h("div", { class: "trace-head" }, this.map.el, this.tools, past),
      this.scroll,
    );
  }

  show(item) {
    const { trace, failure } = item;
    this.item = item;
    this.views = new Map();
    this.cards = [];
    this.pending = [];
    this.current = 0;
    this.opened = false;
    const first = firstBodies();
    this.asked = !isCut(trace); // the whole run, for searching and unfolding
    this.search.reset();
    this.panels.hidden = true;
    this.drawTools();
    this.map.show(trace.steps);
    fill(
      this.scroll,
      this.panels,
      markLegend(trace.marks),
      h(
        "article",
        { class: "card ask" },
        h("h3", {}, "What was asked"),
        trace.prompt ? this.view("0:original_prompt", trace.prompt) : h("p", { class: "quiet" }, "No prompt recorded."),
      ),
      failureCard(this.pane, failure),
      trace.steps.map((step, n) => {
        this.pending.push(step);
        return (this.cards[step.n] = stepCard(this, step, { far: n >= first }));
      }),
      trace.final &&
        h(
          "article",
          { class: "card final" },
          h("h3", {}, "Final answer of the run"),
          this.view("0:final_answer", trace.final),
        ),
      h("p", { class: "end" }, `End of run · ${plural(trace.steps.length, "step")}`),
    );
    this.bodies(first);
    this.later();
  }

  view(name, block, options = {}) {
    const [step, field] = name.split(":");
    const view = new TextView(block, {
      ...options,
      onload: () => this.pane.send({ action: "expand", step: Number(step), field }),
    });
    this.views.set(name, view);
    return view.el;
  }

  askRaw() {
    if (!this.views.has("0:raw")) this.pane.send({ action: "expand", step: 0, field: "raw" });
  }

  // A long run comes cut, so that it opens at once; what looks through all of it asks for the rest first.
  askAll() {
    if (!this.asked) this.pane.send({ action: "expand", step: 0, field: "all" });
    this.asked = true;
  }

  expand({ step, field, block, trace }) {
    const name = `${step}:${field}`;
    if (field === "all") this.takeAll(trace);
    else if (field === "raw") {
      if (this.views.has(name)) return;
      const el = this.view(name, block, { mono: true });
      this.views.get(name).setOpen(true);
      this.rawBox.replaceChildren(el);
    } else {
      this.ensure(step);
      this.views.get(name)?.replace(block, true);
    }
  }

  takeAll(trace) {
    this.item = { ...this.item, trace };
    this.pending = this.pending.map((step) => trace.steps[step.n - 1]);
    for (const [name, view] of this.views) {
      const whole = blockAt(trace, name);
      if (whole && view.cut) view.replace(whole, this.opened);
    }
    if (this.opened) this.unfold(true);
    if (this.search.box.value) this.search.find(this.search.box.value);
  }

  bodies(limit, until = Infinity) {
    let done = 0;
    while (this.pending.length && done < limit && performance.now() < until) {
      const step = this.pending.shift();
      add(this.cards[step.n], stepBody(this, step));
      done++;
    }
  }

  later() {
    const item = this.item;
    const work = () => {
      if (this.item !== item) return;
      this.bodies(Infinity, performance.now() + 8);
      if (this.pending.length) setTimeout(work);
    };
    if (this.pending.length) setTimeout(work, 30);
  }

  ensure(number) {
    while (this.pending.length && this.pending[0].n <= number) this.bodies(1);
  }

  drawTools() {
    const errors = this.item.trace.steps.filter((step) => step.error).length;
    fill(
      this.tools,
      this.search.box,
      this.search.tally,
      panelButtons(this),
      errors > 0 &&
        button(plural(errors, "error"), {
          kind: "small bad",
          key: "N",
          keyshort: "n",
          title: "Go to the next error",
          aria: `${plural(errors, "error")}, go to the next one`,
          onclick: () => this.nextError(),
        }),
      button("Fold / unfold", {
        kind: "small",
        key: "O",
        title: "Fold or unfold all long texts",
        onclick: () => this.foldAll(),
      }),
    );
  }

  setRange(first, last) {
    this.item.trace.steps.forEach(({ n }) => {
      const used = n >= first && n <= last;
      this.cards[n].classList.toggle("outside", !used);
      this.map.mark(n, "outside", !used);
    });
  }

  select(number, scroll = true) {
    if (!this.cards[number]) return;
    this.cards[this.current]?.classList.remove("now");
    this.map.mark(this.current, "now", false);
    this.current = number;
    this.cards[number].classList.add("now");
    this.map.mark(number, "now", true);
    if (!scroll) return;
    this.ensure(number + 2);
    this.into(this.cards[number], "start");
  }

  move(by) {
    this.select(clamp(this.current + by, 1, this.item.trace.steps.length));
  }

  nextError() {
    const errors = this.item.trace.steps.filter((step) => step.error).map((step) => step.n);
    if (errors.length) this.select(errors.find((n) => n > this.current) || errors[0]);
  }

  foldAll() {
    this.opened = !this.opened;
    if (this.opened) this.askAll();
    this.unfold(this.opened);
    if (this.current) this.into(this.cards[this.current], "start");
  }

  unfold(open) {
    this.ensure(Infinity);
    for (const view of this.views.values()) if (view.long) view.setOpen(open);
  }

  // Scroll to a piece of evidence and mark it.
  reveal(ref) {
    this.scroll.querySelectorAll(".active").forEach((el) => el.classList.remove("active"));
    if (ref.step) {
      this.select(ref.step, false);
      this.ensure(ref.step + 2);
    }
    const names = [...this.views.keys()].filter((name) => name.startsWith(`${ref.step}:`));
    let target = null;
    for (const name of names) target ??= this.views.get(name).reveal(ref.id);
    if (target) {
      const query = `[data-marks~="${CSS.escape(ref.id)}"]`;
      this.scroll.querySelectorAll(query).forEach((el) => el.classList.add("active"));
      target = this.scroll.querySelector(query);
      this.openPanel(target);
    } else if (ref.step)
      target = this.cards[ref.step].querySelector(`.${ROWS[ref.field] || "tool"}`) || this.cards[ref.step];
    if (!target) return;
    if (!target.dataset.marks) target.classList.add("active");
    this.into(target, "center");
  }

  // What stands behind a button of the head is brought out for the piece of it that is looked at; the panel, if so.
  openPanel(el) {
    const panel = el.closest(".panel");
    if (!panel?.hidden) return null;
    this.toggle(panel);
    return panel;
  }

  closePanel(panel) {
    if (panel && !panel.hidden) this.toggle(panel);
  }

  toggle(panel) {
    this.tools.querySelector(`[aria-controls="${panel.id}"]`).click();
  }

  into(el, block) {
    let frames = 4; // cards that come into view take their true size only then, and move this one
    const go = () => {
      if (!el.isConnected) return;
      el.scrollIntoView({ block, behavior: "instant" });
      if (frames--) requestAnimationFrame(go);
    };
    go();
  }
}

const ROWS = { observation: "result", action_input: "call", text: "says", thought: "thought" };
