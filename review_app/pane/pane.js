// The pane: what is on screen, what has been decided, what the server has not yet taken.

const UNREAD = 500; // ms after a new item in which nobody can have read it: two taps of one hand
const DEAF = 1000; // ms without a key before bare keys count again: who was typing did not mean the new item
const AHEAD = 100; // ms after the server's answer: what was asked for comes first
const ASKED = 1500; // ms that a save waits for what the rules say of its words
const GUARDED = new Set(["accept", "reject", "defer", "flag"]);
const QUIET = new Set(["draft", "beat", "expand", "mine", "resend"]); // no answer to what the reviewer was told
const FINAL = new Set(["accept", "edit", "reject"]); // no draft is worth keeping after these

const notFoundWords = (values) => `Not found in the run: ${values.join(", ")}. Save again to keep it all the same.`;
const OWN_DISPUTE = "You are one of those who differ on this item. Do it again to settle it all the same.";

const held = new Map(); // items by key; outlives the component when the page is changed and changed back

class Pane {
  constructor(host) {
    this.host = host;
    this.outbox = new Outbox((acts) => {
      // what the server need not send again
      const holds = [this.key, this.ahead?.key].filter((key) => key && held.has(key));
      this.trigger(
        "act",
        acts.map((act) => ({ ...act, holds })),
      );
    });
    this.item = null;
    this.key = undefined;
    this.ahead = null; // the item to show at the next verdict
    this.left = null; // the verdict at which `ahead` was shown, until the server has answered it
    this.deafAt = -DEAF; // when the item last changed unasked, or a key was pressed soon after
    this.called = this.calledFrom = null; // the act that calls the server back from another item, and from which
    this.refused = [];
    this.read = new Set(); // refusals that were read, by op_id
    this.busy = null;
    this.editing = false;
    this.popover = null;
    this.notes = new Map(); // typed to a question that was left, by question and item
    this.shownAt = 0;
    this.attention = new Attention();
    this.build();
    listen(this);
  }

  build() {
    this.trace = new Trace(this);
    this.spare = new Trace(this); // of the item ahead, outside the page
    this.proposal = new Proposal(this);
    this.editor = new Editor(this);
    this.bar = h("header", { class: "bar" });
    this.trouble = h("div", { class: "notices", role: "alert" });
    this.notice = h("div", { class: "notices", role: "alert" });
    this.mine = new Mine(this);
    this.pop = h("div", { class: "pop", role: "group", tabindex: "-1", hidden: true });
    this.actions = h("footer", { class: "actions" });
    this.review = h("section", { class: "review", "aria-label": "Review" }, [
      this.proposal.el,
      this.editor.el,
      this.pop,
      this.actions,
    ]);
    this.cols = h("div", { class: "cols" }, this.trace.el, this.review);
    this.blank = h("div", { class: "blank", hidden: true });
    this.said = h("div", { class: "sr", "aria-live": "polite" });
    this.stored = h("div", { class: "sr", role: "status" });
    this.help = helpDialog();
    this.root = h("div", { class: "root" }, this.bar, this.mine.el, this.trouble, this.notice, this.cols, this.blank, this.help, this.stored, this.said);
    (this.host.querySelector("#pane") || this.host).append(this.root);
  }

  destroy() {
    this.editor.flush();
    this.stop.abort();
    clearTimeout(this.asked);
    clearTimeout(this.drawing);
    clearInterval(this.pulse);
    this.root.remove();
  }

  beat() {
    const now = performance.now();
    const late = this.outbox.watch(now);
    this.bar.classList.toggle("late", late > LATE);
    if (late > LATE) drawSending(this);
    drawTrouble(this, late);
    if (this.outbox.silentFor(now) > SILENT) wake(this);
    const every = this.data?.beat_seconds * 1000;
    if (every && this.item && now - (this.beatAt || now) > every && now - this.attention.last < 2 * every) {
      this.beatAt = now;
      this.send({ action: "beat" });
    }
    this.beatAt ||= now;
  }

  // ---- to the server -------------------------------------------------------------------------

  send(act) {
    const { id = null, rev = null, seen = null } = this.item || {};
    if (!QUIET.has(act.action)) {
      readRefusals(this);
      drawNotice(this, null);
    }
    const opId = this.outbox.push({ id, rev, seen, ...act }, act.action === "undo" ? "" : this.item?.name);
    this.markUnsaved();
    return opId;
  }

  // For who watches from outside, as tests do: a verdict is on its way.
  markUnsaved() {
    this.root.classList.toggle("unsaved", this.outbox.verdicts.length > 0);
  }

  // Whether something that was decided or typed would be lost with this tab.
  get owes() {
    return this.outbox.verdicts.length > 0 || this.outbox.waiting.some(({ act }) => act.action === "draft");
  }

  retry() {
    if (this.outbox.waiting.length) this.outbox.flush();
    else this.send({ action: "look" });
  }

  decide(action, more = {}) {
    if (this.busy) return;
    if (!this.item && action !== "undo" && !this.data?.empty) return;
    if (!this.item && GUARDED.has(action)) return;
    const unread = GUARDED.has(action) || (action === "edit" && !this.editing); // a draft is accepted by one key
    if (unread && performance.now() - this.shownAt < UNREAD) return;
    if (this.item?.held_by && (FINAL.has(action) || GUARDED.has(action))) return; // the line above the request says why
    if (FINAL.has(action) && this.item.verdict?.own && this.hesitates(OWN_DISPUTE)) return;
    if (FINAL.has(action)) {
      this.editor.halt();
      this.outbox.drop("draft", this.item.id);
    } else if (this.item) this.editor.flush();
    this.attention.tick();
    closeAsk(this);
    this.mine.close();
    if (action === "undo") more = { review: this.newest, ...more };
    const opId = this.send({ action, active_seconds: this.attention.seconds, ...more });
    if (this.ahead && !this.left && (FINAL.has(action) || GUARDED.has(action))) this.goOn(opId);
    else {
      this.busy = opId;
      this.block(true);
    }
  }

  // Whether a doubt about the item on screen is told now: who does the same thing again means it.
  hesitates(text) {
    if (this.doubts.has(text)) return false;
    this.doubts.add(text);
    drawNotice(this, { level: "info", text });
    return true;
  }

  // The verdict that Undo stands beside: the one on its way, or the last that the server has named.
  get newest() {
    const sent = this.outbox.verdicts.filter(({ action }) => action !== "undo");
    return sent.at(-1)?.op_id || this.data.last_review || null;
  }

  // Show what follows before the server has answered; what it says of the item left behind is then not for the screen.
  goOn(opId) {
    this.left = opId;
    const next = this.ahead;
    this.ahead = null;
    this.show(next);
    drawBar(this);
    drawActions(this);
  }

  toProposal() {
    (this.editing ? this.editor : this.proposal).el.focus({ preventScroll: true });
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

  saveEdit({ late = false } = {}) {
    if (!this.item) return;
    if (!this.editor.dirty) return this.decide("accept");
    const fields = this.editor.fields;
    const wrong = this.editor.excess || (VISIBLE.test(fields.text) ? "" : UNSEEN);
    if (wrong) return drawNotice(this, { level: "error", text: wrong });
    if (!this.editor.found && !late) return this.ask();
    this.answered();
    const unseen = this.editor.notFound;
    if (unseen.length && this.hesitates(notFoundWords(unseen))) return;
    this.decide("edit", fields);
  }

  // Whoever saves before the last words were looked up waits for that, a moment at most.
  ask() {
    if (this.asked) return;
    this.asked = setTimeout(() => this.saveEdit({ late: true }), ASKED);
    this.editor.flush();
    this.block(true);
  }

  answered() {
    clearTimeout(this.asked);
    this.asked = null;
    this.block(Boolean(this.busy));
  }

  // ---- from the server -----------------------------------------------------------------------

  update(data) {
    this.data = data;
    const taken = new Set(data.taken);
    const back = this.outbox.recall(data.desk);
    const settled = this.outbox.settle(taken);
    const ahead = this.left; // what was shown at this verdict was asked for; what comes instead was not
    const no = new Set(data.refused.map(({ op_id: opId }) => opId));
    const refused = settled.find(({ act }) => act.action === "edit" && no.has(act.op_id));
    for (const one of settled)
      if (FINAL.has(one.act.action) && one !== refused) sessionStorage.removeItem(typedName(data, one.act));
    if (back && this.outbox.waiting.length) {
      this.busy = this.outbox.waiting.at(-1).act.op_id;
      this.outbox.flush();
    }
    this.markUnsaved();
    if (this.busy && taken.has(this.busy)) this.busy = null;
    if (this.left && taken.has(this.left)) this.left = null;
    this.block(Boolean(this.busy || this.asked));
    for (const item of [data.item, data.ahead]) if (item) held.set(item.key, item);
    while (held.size > 4) held.delete(held.keys().next().value);
    tone(this);
    if (this.left === null) {
      const item = data.item_key === null ? null : held.get(data.item_key);
      if (item === undefined) return this.send({ action: "resend" });
      this.ahead = held.get(data.ahead_key) || null;
      if (data.item_key !== this.key) {
        const own = new Set([ahead, this.called]);
        const asked = this.key === undefined || settled.some(({ act }) => !own.has(act.op_id) && !QUIET.has(act.action));
        if (asked || !this.stays(item)) this.show(item);
        else {
          this.ahead = null; // what follows the other item
          this.editor.taken(taken, data.saved_at, data.check);
        }
        if (!asked) this.deafAt = performance.now();
      } else {
        this.calledFrom = null;
        if (this.item) this.editor.taken(taken, data.saved_at, data.check);
      }
    }
    if (refused && this.item?.id === refused.act.id) this.restore(refused.act);
    for (const text of (this.item && data.expanded) || []) this.brought(text);
    this.noticed = data.notice || this.noticed;
    hearRefusals(this);
    if (data.mine) this.mine.show(data.mine);
    if (this.asked && this.editor.found) this.saveEdit();
    drawTrouble(this, 0);
    drawBar(this);
    drawActions(this);
    if (!this.item) drawBlank(this);
    fit(this);
    this.drawAhead();
  }

  // The run of the item ahead is drawn while somebody reads this one: most of the work between a key and its picture.
  drawAhead() {
    const item = this.ahead;
    if (!item || this.spare.item?.key === item.key) return;
    clearTimeout(this.drawing); // the server may answer several times before it is drawn
    this.drawing = setTimeout(() => item === this.ahead && this.spare.show(item), AHEAD);
  }

  showTrace(item) {
    if (this.spare.item?.key !== item.key) return this.trace.show(item);
    [this.trace, this.spare] = [this.spare, this.trace];
    this.spare.el.replaceWith(this.trace.el);
    this.spare.item = null;
  }

  // An item that nobody asked for does not take the place of one that somebody is typing on: the server is called
  // back to that one, once. A newer revision of it takes the typed words over.
  stays(item) {
    if (!this.item || !this.editing) return false;
    const { fields, dirty } = this.editor;
    if (item?.id === this.item.id) {
      this.show(item);
      if (dirty) this.restore(fields);
      else openEditor(this);
      return true;
    }
    if (this.outbox.waiting.some(({ act }) => act.op_id === this.called)) return true;
    const from = item ? item.key : "";
    if (this.calledFrom === from) return false;
    this.calledFrom = from;
    this.called = this.outbox.push({ action: "open", id: this.item.id, rev: null, seen: null });
    return true;
  }

  // A text that was asked for comes with every answer until the next act: it is drawn once.
  brought(text) {
    const name = `${text.step}:${text.field}`;
    if (text.id !== this.item.id || this.whole.has(name)) return;
    this.whole.add(name);
    this.trace.expand(text);
  }

  // A refused edit comes back as a draft, even on a newer revision of the item.
  restore({ text, final_answer: answer, first_step, last_step }) {
    openEditor(this);
    this.editor.put({ text, answer, first_step, last_step });
    this.editor.typed();
  }

  show(item) {
    // first of all: once something is redrawn, a page has to be laid out to be scrolled
    this.trace.scroll.scrollTop = this.proposal.el.scrollTop = 0;
    const focused = this.root.getRootNode().activeElement;
    closeAsk(this);
    this.whole = new Set();
    this.doubts = new Set();
    this.answered();
    this.editing = false;
    const loaded = this.key === undefined;
    this.item = item;
    this.key = item ? item.key : null;
    this.shownAt = performance.now();
    this.attention.begin();
    this.blank.hidden = Boolean(item);
    this.cols.hidden = !item;
    if (!item) return;
    this.proposal.show(item);
    this.showTrace(item);
    this.editor.el.hidden = true;
    this.proposal.el.hidden = false;
    this.editor.show(item);
    this.said.textContent = `Item ${item.name}. ${withSymbols(item.proposal.text.slice(0, 300))}`;
    if (loaded && wasOpen(this)) return openEditor(this); // A would accept what is half written
    sessionStorage.removeItem(openName(this));
    const lost = focused
      ? !focused.isConnected || focused.closest("[hidden]")
      : document.activeElement === document.body;
    if (lost) queueMicrotask(() => this.trace.scroll.focus({ preventScroll: true })); // it lays the page out: once all is drawn
  }
}
