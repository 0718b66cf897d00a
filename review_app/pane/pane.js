// The pane: what is on screen, what has been decided, what the server has not yet taken.

const UNREAD = 250; // ms after a new item in which nobody can have read it
const RESEND = 4000;
const IDLE = 30000;
const GUARDED = new Set(["accept", "reject", "defer", "flag"]);
const FINAL = new Set(["accept", "edit", "reject"]); // no draft is worth keeping after these

const held = new Map(); // items by key; outlives the component when the page is changed and changed back

class Pane {
  constructor(host) {
    this.host = host;
    this.outbox = [];
    this.item = null;
    this.key = undefined;
    this.busy = null;
    this.editing = false;
    this.popover = null;
    this.shownAt = 0;
    this.active = { total: 0, last: performance.now() };
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
    this.review = h("section", { class: "review", "aria-label": "Review" }, this.notice, this.proposal.el, this.editor.el, this.pop, this.actions);
    this.cols = h("div", { class: "cols" }, this.trace.el, this.review);
    this.blank = h("div", { class: "blank", hidden: true });
    this.said = h("div", { class: "sr", "aria-live": "polite" });
    this.help = h(
      "dialog",
      { class: "help", "aria-label": "Keys", onclick: (event) => event.target === this.help && this.help.close() },
      h("div", {}, h("h2", {}, "Keys"), h("dl", {}, KEY_LIST.map(([key, does]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, does)])),
        button("Close", { kind: "small", key: "esc", onclick: () => this.help.close() })),
    );
    this.root = h("div", { class: "root" }, this.bar, this.cols, this.blank, this.help, this.said);
    (this.host.querySelector("#pane") || this.host).append(this.root);
  }

  listen() {
    this.stop = new AbortController();
    const { signal } = this.stop;
    window.addEventListener("keydown", (event) => onKey(this, event), { capture: true, signal });
    // Streamlit sees keys of this shadow tree as coming from no text field, and would act on them
    for (const kind of ["keydown", "keypress", "keyup"]) this.root.addEventListener(kind, (event) => event.stopPropagation());
    window.addEventListener("resize", () => this.fit(), { signal });
    for (const kind of ["keydown", "pointermove", "wheel", "pointerdown"])
      window.addEventListener(kind, () => this.tick(), { capture: true, passive: true, signal });
    document.addEventListener("visibilitychange", () => (document.hidden ? this.editor.flush() : (this.active.last = performance.now())), { signal });
    window.addEventListener("pagehide", () => this.editor.flush(), { signal });
    this.pulse = setInterval(() => this.beat(), 1000);
  }

  destroy() {
    this.editor.flush();
    this.stop.abort();
    clearInterval(this.pulse);
    this.root.remove();
  }

  // Seconds in which somebody was here: the page visible, a hand moved in the last half minute.
  tick() {
    const now = performance.now();
    if (!document.hidden) this.active.total += Math.min(now - this.active.last, IDLE);
    this.active.last = now;
  }

  beat() {
    const now = performance.now();
    if (this.outbox.length && now - this.sentAt > RESEND) this.flush();
    this.bar.classList.toggle("late", Boolean(this.outbox.length && now - this.outbox[0].since > 2000));
    const every = this.data?.beat_seconds * 1000;
    if (every && this.item && now - (this.beatAt || now) > every && now - this.active.last < 2 * every) {
      this.beatAt = now;
      this.send({ action: "beat" });
    }
    this.beatAt ||= now;
  }

  // ---- to the server -------------------------------------------------------------------------

  send(act) {
    const whole = { op_id: randomId(), id: this.item?.id ?? null, rev: this.item?.rev ?? null, ...act };
    if (act.action === "draft" || act.action === "beat")
      this.outbox = this.outbox.filter((one) => one.act.action !== act.action || one.act.id !== whole.id);
    this.outbox.push({ act: whole, since: performance.now(), keep: this.item?.keep });
    this.flush();
    return whole.op_id;
  }

  // Everything not yet taken goes each time: a message that overtakes another loses nothing.
  flush() {
    this.sentAt = performance.now();
    const holds = this.key && held.has(this.key) ? this.key : null;
    this.trigger("act", this.outbox.map(({ act }) => ({ ...act, holds })));
  }

  decide(action, more = {}) {
    if (this.busy) return;
    if (!this.item && action !== "undo" && !this.data?.empty) return;
    if (!this.item && GUARDED.has(action)) return;
    if (GUARDED.has(action) && performance.now() - this.shownAt < UNREAD) return;
    if (FINAL.has(action)) {
      this.editor.halt();
      this.outbox = this.outbox.filter((one) => one.act.action !== "draft" || one.act.id !== this.item.id);
    } else if (this.item) this.editor.flush();
    this.tick();
    this.closePopover();
    this.busy = this.send({ action, active_seconds: Math.round(this.active.total / 100) / 10, ...more });
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
    const refused = data.notice?.level === "error" && this.outbox.find(({ act }) => taken.has(act.op_id) && act.action === "edit");
    for (const one of this.outbox)
      if (taken.has(one.act.op_id) && FINAL.has(one.act.action) && one !== refused) sessionStorage.removeItem(`agenther:${one.keep}`);
    this.outbox = this.outbox.filter((one) => !taken.has(one.act.op_id));
    if (this.busy && taken.has(this.busy)) this.busy = null;
    this.block(Boolean(this.busy));
    if (data.item) {
      held.set(data.item.key, data.item);
      while (held.size > 4) held.delete(held.keys().next().value);
    }
    this.tone();
    const item = data.item_key === null ? null : held.get(data.item_key);
    if (item === undefined) return this.send({ action: "resend" });
    if (data.item_key !== this.key) this.show(item);
    else if (this.item) this.editor.taken(taken, data.saved_at, data.check);
    if (refused && this.item?.id === refused.act.id) this.restore(refused.act);
    const wider = data.expanded && `${data.expanded.step}:${data.expanded.field}`;
    if (wider && this.item && wider !== this.expanded) this.trace.expand(data.expanded);
    this.expanded = wider;
    this.drawNotice(data.notice);
    this.drawBar();
    this.drawActions();
    if (!this.item) this.drawBlank();
    this.fit();
  }

  // A refused edit comes back as a draft, even on a newer revision of the item.
  restore({ text, final_answer: answer, first_step, last_step }) {
    this.openEditor();
    this.editor.put({ text, answer, first_step, last_step });
    this.editor.typed();
  }

  show(item) {
    this.closePopover();
    this.expanded = null;
    this.editing = false;
    this.item = item;
    this.key = item ? item.key : null;
    this.shownAt = performance.now();
    this.active = { total: 0, last: this.shownAt };
    this.blank.hidden = Boolean(item);
    this.cols.hidden = !item;
    if (!item) return;
    this.proposal.show(item);
    this.trace.show(item);
    this.editor.el.hidden = true;
    this.proposal.el.hidden = false;
    this.editor.show(item);
    const focused = this.root.getRootNode().activeElement;
    const lost = focused ? !focused.isConnected || !focused.checkVisibility() : document.activeElement === document.body;
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
    const top = this.root.getBoundingClientRect().top + (document.querySelector("[data-testid=stMain]")?.scrollTop || 0);
    this.root.style.setProperty("--top", `${Math.max(0, Math.round(top))}px`);
    this.editor.grow();
  }

  drawBar() {
    const { data, item } = this;
    const undo = data.last && h("span", { class: "last" }, h("span", { dir: "auto" }, data.last), button("Undo", { kind: "small", key: "backspace", onclick: () => this.decide("undo") }));
    fill(
      this.bar,
      item &&
        h("span", { class: "place" }, data.position ? h("b", {}, count(data.position)) : null, data.position ? ` of ${count(data.waiting)} waiting` : `${count(data.waiting)} waiting`),
      item && h("code", { class: "name", title: item.name, dir: "auto" }, item.name),
      item?.source && h("span", { class: "quiet" }, item.source),
      h("span", { class: "space" }),
      h("span", { class: "sending", role: "status" }, "Not saved yet · trying again"),
      undo,
      h("span", { class: "counts" }, data.counts.map(([label, number]) => h("span", {}, h("b", {}, count(number)), ` ${label}`))),
    );
  }

  drawActions() {
    if (!this.item) return;
    const dirty = this.editor.item === this.item && this.editor.dirty;
    const drawn = [this.editing, dirty, this.popover].join();
    if (drawn === this.drawn) return; // a redrawn button loses the focus
    this.drawn = drawn;
    if (this.editing) {
      fill(
        this.actions,
        button(dirty ? "Save and next" : "Accept unchanged", { key: "ctrl_enter", kind: "primary wide verdict", keyshort: "Control+Enter", onclick: () => this.saveEdit() }),
        button("Back", { key: "esc", keyshort: "Escape", onclick: () => this.closeEditor() }),
      );
      return;
    }
    fill(
      this.actions,
      button(dirty ? "Accept edit" : "Accept", { key: "A", kind: "primary wide verdict", keyshort: "a", onclick: () => this.accept() }),
      button("Edit", { key: "E", keyshort: "e", onclick: () => this.openEditor() }),
      button("Reject", { key: "X", kind: `danger verdict${this.popover === "reject" ? " on" : ""}`, keyshort: "x", onclick: () => this.openReject() }),
      button("Defer", { key: "space", kind: "verdict", keyshort: "Space", onclick: () => this.decide("defer") }),
      h(
        "span",
        { class: "minor" },
        button("Flag", { key: "F", kind: `small${this.popover === "flag" ? " on" : ""}`, keyshort: "f", title: "Flag for the lead", onclick: () => this.openFlag() }),
        button("Undo", { key: "backspace", kind: "small", keyshort: "Backspace", title: "Undo my last verdict", onclick: () => this.decide("undo") }),
        h("span", { class: "space" }),
        button("Previous", { key: "left", kind: "small", keyshort: "ArrowLeft", onclick: () => this.decide("previous") }),
        button("Next", { key: "right", kind: "small", keyshort: "ArrowRight", onclick: () => this.decide("next") }),
        button("Keys", { key: "H", kind: "small", keyshort: "h", onclick: () => this.toggleHelp() }),
      ),
    );
  }

  drawBlank() {
    const empty = this.data.empty || { title: "Nothing left to review", text: "", buttons: [] };
    fill(
      this.blank,
      h("h2", {}, empty.title),
      h("p", {}, empty.text),
      h("div", { class: "row" }, (empty.buttons || []).map(([label, action], n) => button(label, { kind: n ? "" : "primary", onclick: () => this.send({ action }) }))),
    );
  }

  drawNotice(notice) {
    fill(
      this.notice,
      notice && h("div", { class: `notice ${notice.level}` }, h("span", { dir: "auto" }, notice.text), button("Close", { kind: "small", onclick: () => this.drawNotice(null) })),
    );
  }

  say(level, text) {
    this.drawNotice({ level, text });
  }

  chips(refs) {
    if (!refs.length) return null;
    return h(
      "span",
      { class: "chips" },
      refs.map((ref) =>
        h("button", { type: "button", class: "chip", title: ref.quote, "aria-label": `Show the evidence in ${ref.place}`, onclick: () => this.reveal(ref), onmousedown: (e) => e.preventDefault() }, ref.place),
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
    if (!this.editing) this.proposal.draw(values, dirty, this.editor.words);
    this.drawActions();
  }

  openEditor() {
    if (!this.item || this.busy) return;
    this.closePopover();
    this.editing = true;
    this.proposal.el.hidden = true;
    this.editor.el.hidden = false;
    this.editor.refresh();
    this.editor.text.focus({ preventScroll: true });
    this.drawActions();
  }

  closeEditor() {
    this.editor.flush();
    this.editing = false;
    this.editor.el.hidden = true;
    this.proposal.el.hidden = false;
    this.proposal.el.scrollTop = 0;
    this.edited();
    this.drawActions();
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
    fill(
      this.pop,
      h("h3", {}, "Why reject?", h("span", { class: "quiet" }, "press a digit")),
      h("div", { class: "reasons" }, this.data.reasons.map(({ n, text }) =>
        h("button", { type: "button", class: "reason", "aria-keyshortcuts": String(n), onclick: () => this.reject(n), onmousedown: (e) => e.preventDefault() }, h("kbd", {}, n), text))),
      h("input", { class: "field", placeholder: "Note (optional), then a reason", "aria-label": "Note on the rejection", maxlength: "2000" }),
    );
    this.pop.hidden = false;
    this.drawActions();
  }

  openFlag() {
    if (!this.item || this.busy) return;
    if (this.popover === "flag") return this.closePopover();
    this.popover = "flag";
    this.pop.setAttribute("aria-label", "Flag for the lead");
    const note = h("input", { class: "field", placeholder: "What should the lead look at? (optional)", "aria-label": "Note for the lead", maxlength: "2000",
      onkeydown: (event) => event.key === "Enter" && !event.isComposing && !event.repeat && this.submitPopover() });
    fill(
      this.pop,
      h("h3", {}, "Flag for the lead"),
      note,
      h("div", { class: "row" }, button("Flag and go on", { kind: "primary", key: "enter", onclick: () => this.submitPopover() }), button("Cancel", { key: "esc", onclick: () => this.closePopover() })),
    );
    this.pop.hidden = false;
    note.focus({ preventScroll: true });
    this.drawActions();
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
    this.drawActions();
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
