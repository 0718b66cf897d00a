// What the server has not yet taken, and how long somebody has really been here.

const RESEND = 4000; // ms without an answer after which everything is sent again
const LATE = 2000; // ms after which the reviewer is told
const IDLE = 30000; // ms without a hand on keys or mouse that still count as reading
const LATEST_ONLY = new Set(["draft", "beat"]);

class Outbox {
  constructor(post) {
    this.post = post;
    this.waiting = [];
  }

  // Queue one act and send all: a message that overtakes another then loses nothing.
  push(act, keep) {
    const whole = { op_id: randomId(), ...act };
    if (LATEST_ONLY.has(act.action)) this.drop(act.action, act.id);
    this.waiting.push({ act: whole, keep, since: performance.now() });
    this.flush();
    return whole.op_id;
  }

  drop(action, id) {
    this.waiting = this.waiting.filter(({ act }) => act.action !== action || act.id !== id);
  }

  flush() {
    this.sentAt = performance.now();
    this.post(this.waiting.map(({ act }) => act));
  }

  // Take out what the server names; the entries taken out come back.
  settle(taken) {
    const settled = this.waiting.filter(({ act }) => taken.has(act.op_id));
    this.waiting = this.waiting.filter(({ act }) => !taken.has(act.op_id));
    return settled;
  }

  // Once a second: send again what got no answer; true while that takes long.
  watch(now) {
    if (!this.waiting.length) return false;
    if (now - this.sentAt > RESEND) this.flush();
    return now - this.waiting[0].since > LATE;
  }
}

class Attention {
  constructor() {
    this.begin();
  }

  begin() {
    this.total = 0;
    this.last = performance.now();
  }

  get seconds() {
    return Math.round(this.total / 100) / 10;
  }

  // A sign of life: the time since the last one counts, if the page was visible and it was not long ago.
  tick() {
    const now = performance.now();
    if (!document.hidden) this.total += Math.min(now - this.last, IDLE);
    this.last = now;
  }

  back() {
    this.last = performance.now();
  }
}
