// The pane: what is on screen, what has been decided, what the server has not yet taken.

const UNREAD = 250; // ms after a new item in which nobody can have read it
const GUARDED = new Set(["accept", "reject", "defer", "flag"]);
const FINAL = new Set(["accept", "edit", "reject"]); // no draft is worth keeping after these

const held = new Map(); // items by key; outlives the component when the page is changed and changed back

class Pane {
  constructor(host) {
    this.host = host;
    this.outbox = new Outbox((acts) => {
      const holds = this.key && held.has(this.key) ? this.key : null; // the server need not send that one again
      this.trigger(
        "act",
        acts.map((act) => ({ ...act, holds })),
      );
    });
    this.item = null;
    this.key = undefined;
    this.busy = null;
    this.editing = false;
    this.popover = null;
    this.shownAt = 0;
    this.attention = new Attention();
    this.build();
    this.listen();
  }

  build() {
    this.trace = new Trace(this);
    this.proposal = new Proposal(this);
    this.editor = new Editor(this);
    this.bar = h("header", { class: "bar" });
    this.notice = h("div", { class: "notices", role: "alert" });
    this.pop = h("div", { class: "pop", role: "group", hidden: true });
    this.actions = h("footer", { class: "actions" });
    this.review = h("section", { class: "review", "aria-label": "Review" }, [
      this.notice,
      this.proposal.el,
      this.editor.el,
      this.pop,
      this.actions,
    ]);
    this.cols = h("div", { class: "cols" }, this.trace.el, this.review);
    this.blank = h("div", { class: "blank", hidden: true });
    this.said = h("div", { class: "sr", "aria-live": "polite" });
    this.help = helpDialog();
    this.root = h("div", { class: "root" }, this.bar, this.cols, this.blank, this.help, this.said);
    (this.host.querySelector("#pane") || this.host).append(this.root);
  }

  listen() {
    this.stop = new AbortController();
    const { signal } = this.stop;
    window.addEventListener("keydown", (event) => onKey(this, event), { capture: true, signal });
    // Streamlit sees keys of this shadow tree as coming from no text field, and would act on them
    for (const kind of ["keydown", "keypress", "keyup"])
      this.root.addEventListener(kind, (event) => event.stopPropagation());
    window.addEventListener("resize", () => this.fit(), { signal });
    for (const kind of ["keydown", "pointermove", "wheel", "pointerdown"])
      window.addEventListener(kind, () => this.attention.tick(), { capture: true, passive: true, signal });
    document.addEventListener(
      "visibilitychange",
      () => (document.hidden ? this.editor.flush() : this.attention.back()),
      { signal },
    );
    window.addEventListener("pagehide", () => this.editor.flush(), { signal });
    this.pulse = setInterval(() => this.beat(), 1000);
  }

  destroy() {
    this.editor.flush();
    this.stop.abort();
    clearInterval(this.pulse);
    this.root.remove();
  }

  beat() {
    const now = performance.now();
    this.bar.classList.toggle("late", this.outbox.watch(now));
    const every = this.data?.beat_seconds * 1000;
    if (every && this.item && now - (this.beatAt || now) > every && now - this.attention.last < 2 * every) {
      this.beatAt = now;
      this.send({ action: "beat" });
    }
    this.beatAt ||= now;
  }

  // ---- to the server -------------------------------------------------------------------------

  send(act) {
    return this.outbox.push({ id: this.item?.id ?? null, rev: this.item?.rev ?? null, ...act }, this.item?.keep);
  }

  decide(action, more = {}) {
    if (this.busy) return;
    if (!this.item && action !== "undo" && !this.data?.empty) return;
    if (!this.item && GUARDED.has(action)) return;
    if (GUARDED.has(action) && performance.now() - this.shownAt < UNREAD) return;
    if (FINAL.has(action)) {
      this.editor.halt();
      this.outbox.drop("draft", this.item.id);
    } else if (this.item) this.editor.flush();
    this.attention.tick();
    this.closePopover();
    this.busy = this.send({ action, active_seconds: this.attention.seconds, ...more });
    this.block(true);
  }

  // What is typed after the verdict belongs to nothing.
  block(on) {
    this.root.classList.toggle("busy", on);
    for (const field of this.editor.inputs) field.readOnly = on;
  }

  accept() {
    if (this.editor.item && this.editor.dirty) this.saveEdit();
    else this.decide("accept");
  }

  saveEdit() {
    if (!this.item) return;
    if (!this.editor.dirty) return this.decide("accept");
    const fields = this.editor.fields;
    if (!fields.text.trim()) return this.say("error", "The request is empty. Write one, or reset it to the proposal.");
    this.decide("edit", fields);
  }

  reject(reason) {
    const note = this.pop.querySelector("input")?.value.trim() || "";
    this.decide("reject", { reason, note });
  }

  // ---- from the server -----------------------------------------------------------------------

  update(data) {
    this.data = data;
    const taken = new Set(data.taken);
    const settled = this.outbox.settle(taken);
    const refused = data.notice?.level === "error" && settled.find(({ act }) => act.action === "edit");
    for (const one of settled)
      if (FINAL.has(one.act.action) && one !== refused) sessionStorage.removeItem(`agenther:${one.keep}`);
    if (this.busy && taken.has(this.busy)) this.busy = null;
    this.block(Boolean(this.busy));
    if (data.item) {
      held.set(data.item.key, data.item);
      while (held.size > 4) held.delete(held.keys().next().value);
    }
    this.tone();
    const item = data.item_key === null ? null : held.get(data.item_key);
    if (item === undefined) return this.send({ action: "resend" });
    if (data.item_key !== this.key) this.show(item, data.check);
    else if (this.item) this.editor.taken(taken, data.saved_at, data.check);
    if (refused && this.item?.id === refused.act.id) this.restore(refused.act);
    const wider = data.expanded && `${data.expanded.step}:${data.expanded.field}`;
    if (wider && this.item && wider !== this.expanded) this.trace.expand(data.expanded);
    this.expanded = wider;
    drawNotice(this, data.notice);
    drawBar(this);
    drawActions(this);
    if (!this.item) drawBlank(this);
    this.fit();
  }

  // A refused edit comes back as a draft, even on a newer revision of the item.
  restore({ text, final_answer: answer, first_step, last_step }) {
    this.openEditor();
    this.editor.put({ text, answer, first_step, last_step });
    this.editor.typed();
  }

  show(item, check) {
    this.closePopover();
    this.expanded = null;
    this.editing = false;
    this.item = item;
    this.key = item ? item.key : null;
    this.shownAt = performance.now();
    this.attention.begin();
    this.blank.hidden = Boolean(item);
    this.cols.hidden = !item;
    if (!item) return;
    this.proposal.show(item);
    this.trace.show(item);
    this.editor.el.hidden = true;
    this.proposal.el.hidden = false;
    this.editor.show(item, check);
    const focused = this.root.getRootNode().activeElement;
    const lost = focused
      ? !focused.isConnected || !focused.checkVisibility()
      : document.activeElement === document.body;
    if (lost) this.trace.scroll.focus({ preventScroll: true });
    this.said.textContent = `Item ${this.data.position} of ${this.data.waiting}. ${item.proposal.text.slice(0, 300)}`;
  }

  // ---- drawing -------------------------------------------------------------------------------

  tone() {
    const probe = getComputedStyle(this.root).getPropertyValue("--st-background-color").trim();
    const canvas = (this.canvas ??= document.createElement("canvas").getContext("2d"));
    canvas.fillStyle = probe || "#fff";
    const [, r, g, b] = /^#(..)(..)(..)/.exec(canvas.fillStyle)?.map((hex) => parseInt(hex, 16)) || [0, 255, 255, 255];
    this.root.dataset.tone = 0.3 * r + 0.59 * g + 0.11 * b < 128 ? "dark" : "light";
  }

  fit() {
    const top =
      this.root.getBoundingClientRect().top + (document.querySelector("[data-testid=stMain]")?.scrollTop || 0);
    this.root.style.setProperty("--top", `${Math.max(0, Math.round(top))}px`);
    this.editor.grow();
  }

  say(level, text) {
    drawNotice(this, { level, text });
  }

  chips(refs) {
    if (!refs.length) return null;
    return h(
      "span",
      { class: "chips" },
      refs.map((ref) =>
        plainButton(
          {
            class: "chip",
            title: ref.quote,
            "aria-label": `Show the evidence in ${ref.place}`,
            onclick: () => this.reveal(ref),
          },
          ref.place,
        ),
      ),
    );
  }

  reveal(ref) {
    this.trace.reveal(ref);
  }

  // ---- edit, reject, flag, help --------------------------------------------------------------

  edited() {
    if (!this.item) return;
    const { values, dirty } = this.editor;
    this.trace.setRange(values.first_step, values.last_step);
    if (!this.editing) this.proposal.draw(values, dirty, this.editor.words, this.editor.found(values.text));
    drawActions(this);
  }

  openEditor() {
    if (!this.item || this.busy) return;
    this.closePopover();
    this.editing = true;
    this.proposal.el.hidden = true;
    this.editor.el.hidden = false;
    this.editor.refresh();
    this.editor.text.focus({ preventScroll: true });
    drawActions(this);
  }

  closeEditor() {
    this.editor.flush();
    this.editing = false;
    this.editor.el.hidden = true;
    this.proposal.el.hidden = false;
    this.proposal.el.scrollTop = 0;
    this.edited();
    drawActions(this);
    this.trace.scroll.focus({ preventScroll: true });
  }

  useAttempt(attempt) {
    this.editor.use(attempt);
    this.openEditor();
  }

  openReject() {
    if (!this.item || this.busy) return;
    if (this.popover === "reject") return this.closePopover();
    this.popover = "reject";
    this.pop.setAttribute("aria-label", "Why reject?");
    drawReasons(this);
    this.pop.hidden = false;
    drawActions(this);
  }

  openFlag() {
    if (!this.item || this.busy) return;
    if (this.popover === "flag") return this.closePopover();
    this.popover = "flag";
    this.pop.setAttribute("aria-label", "Flag for the lead");
    this.pop.hidden = false;
    drawFlagNote(this);
    drawActions(this);
  }

  submitPopover() {
    if (this.popover === "flag") this.decide("flag", { note: this.pop.querySelector("input").value.trim() });
  }

  closePopover() {
    if (!this.popover) return;
    const inside = this.pop.contains(this.root.getRootNode().activeElement);
    this.popover = null;
    this.pop.hidden = true;
    this.pop.replaceChildren();
    if (inside) this.trace.scroll.focus({ preventScroll: true });
    drawActions(this);
  }

  toggleHelp() {
    if (this.help.open) this.help.close();
    else this.help.showModal();
  }

  // Esc leaves the innermost thing; false: there was none.
  escape(target) {
    if (this.help.open) this.help.close();
    else if (this.popover) this.closePopover();
    else if (target === this.trace.box) {
      this.trace.box.value = "";
      this.trace.search("");
      this.trace.scroll.focus({ preventScroll: true });
    } else if (this.editing) this.closeEditor();
    else return false;
    return true;
  }
}

const panes = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  let pane = panes.get(parentElement);
  if (!pane) {
    pane = new Pane(parentElement);
    panes.set(parentElement, pane);
  }
  pane.trigger = setTriggerValue;
  pane.update(data);
  return () => {
    pane.destroy();
    panes.delete(parentElement);
  };
}
