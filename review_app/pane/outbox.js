// What the server has not yet taken. Verdicts are also kept in the tab's storage, so that a reload loses none;
// each has an op_id and counts once, however often it is sent.

const RESEND = 4000; // ms after an answer that took nothing, and without an answer, until all is sent again
const SLOWEST = 16000; // without any answer the pause grows to this: a server at work is not to be flooded
const LATE = 2000; // ms after which the reviewer is told
const LATEST_ONLY = new Set(["draft", "beat"]);
const STORED = new Set(["accept", "edit", "reject", "defer", "flag", "undo"]);

const isOutbox = (found) => Array.isArray(found) && found.every((one) => one?.act?.op_id && STORED.has(one.act.action));

class Outbox {
  constructor(post) {
    this.post = post;
    this.waiting = [];
    this.pause = RESEND;
    this.heardAt = 0;
  }

  // Queue one act on the item of that name and send all: a message that overtakes another then loses nothing.
  push(act, name = "") {
    const whole = { op_id: randomId(), ...act };
    const before = LATEST_ONLY.has(act.action) ? this.drop(act.action, act.id) : null;
    const since = before?.since > this.heardAt ? before.since : performance.now(); // nobody answered that one either
    this.waiting.push({ act: whole, name, since });
    this.store();
    this.flush();
    return whole.op_id;
  }

  // Take out the act of that kind on that item; what is taken out comes back.
  drop(action, id) {
    const dropped = this.waiting.find(({ act }) => act.action === action && act.id === id);
    this.waiting = this.waiting.filter((one) => one !== dropped);
    return dropped;
  }

  flush() {
    this.sentAt = performance.now();
    this.post(this.waiting.map(({ act }) => act));
  }

  // Take out what the server names; the entries taken out come back.
  settle(taken) {
    this.heardAt = performance.now();
    this.pause = RESEND;
    const settled = this.waiting.filter(({ act }) => taken.has(act.op_id));
    this.waiting = this.waiting.filter(({ act }) => !taken.has(act.op_id));
    if (settled.length) this.store();
    return settled;
  }

  // Once a second: send again what was not taken; how long the oldest act has waited, in ms.
  watch(now) {
    if (!this.waiting.length) return 0;
    if (now - Math.max(this.sentAt, this.heardAt) > this.pause) {
      this.flush();
      this.pause = Math.min(2 * this.pause, SLOWEST);
    }
    return now - this.waiting[0].since;
  }

  // How long the oldest act has waited without any answer, in ms.
  silentFor(now) {
    return this.waiting.length ? now - Math.max(this.waiting[0].since, this.heardAt) : 0;
  }

  get unsaved() {
    return this.waiting.filter(({ act }) => STORED.has(act.action));
  }

  get verdicts() {
    return this.unsaved.map(({ act }) => act);
  }

  store() {
    if (!this.name) return;
    const kept = this.unsaved.map(({ act, name }) => ({ act, name }));
    if (kept.length) store(this.name, kept);
    else sessionStorage.removeItem(this.name);
  }

  // The verdicts that a page before this one gave under the same name on the same file.
  recall(desk) {
    const name = `agenther:outbox:${desk}`;
    if (!desk || this.name === name) return false;
    this.name = name;
    const kept = stored(name, isOutbox) || [];
    const known = new Set(this.waiting.map(({ act }) => act.op_id));
    const back = kept.filter(({ act }) => !known.has(act.op_id));
    this.waiting.unshift(...back.map((one) => ({ ...one, since: performance.now() })));
    return back.length > 0;
  }
}
