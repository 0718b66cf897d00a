// The editor owns its text: it stands in the page, in this tab's storage and, soon after, in the database.

const DRAFT_PAUSE = 400; // ms without a key
const VISIBLE = /(?![\u115f\u1160\u2800\u3164\uffa0])[\p{L}\p{N}\p{P}\p{S}]/u; // as core.review.typed has it
const TELLING = /[\p{Lu}\p{N}@/]/u;
const LONGEST = { text: 20000, answer: 200000 }; // characters; as core.review.typed has it
const UNSEEN = "The request is empty: it holds nothing that can be seen. Write one, or reset it to the proposal.";

// Where this tab keeps what one reviewer typed on an item, or in an act on it, until the server has it.
const typedName = ({ desk }, { id, rev, seen }) => `agenther:${desk}:${id}:${rev}:${seen}`;

// A full storage only loses the safety net under the database.
function store(name, value) {
  try {
    sessionStorage.setItem(name, JSON.stringify(value));
  } catch {
    // nobody can make room in it
  }
}

// What a tab's storage holds, or null: what cannot be read is dropped.
function stored(name, fits) {
  try {
    const found = JSON.parse(sessionStorage.getItem(name));
    if (fits(found)) return found;
  } catch {
    // not written by this page, or damaged
  }
  sessionStorage.removeItem(name);
  return null;
}

const isEdit = (found) => typeof found?.text === "string" && typeof found.final_answer === "string";

class Editor {
  constructor(pane) {
    this.pane = pane;
    editForm(this);
    this.inputs = [this.text, this.answer, this.first, this.last];
    for (const field of this.inputs) field.addEventListener("blur", () => this.flush());
  }

  show(item) {
    clearTimeout(this.timer);
    this.timer = null;
    this.draftId = null;
    this.item = item;
    const { proposal, draft } = item;
    this.saved = draft?.saved_at || "";
    this.state = "";
    this.checked = item.check;
    let start = draft;
    const kept = stored(typedName(this.pane.data, item), isEdit);
    if (kept) {
      start = kept; // typed in this tab, and the server never said that it has it
      this.state = "unsent";
    }
    this.first.max = this.last.max = proposal.steps;
    this.total.textContent = `of ${proposal.steps}`;
    this.put({
      text: start?.text ?? proposal.text,
      answer: start?.final_answer ?? proposal.answer,
      first_step: start?.first_step ?? proposal.first_step,
      last_step: start?.last_step ?? proposal.last_step,
    });
    if (kept) this.timer = setTimeout(() => this.flush(), DRAFT_PAUSE);
    edited(this.pane); // the fields themselves are drawn when they are opened
  }

  put({ text, answer, first_step, last_step }) {
    this.text.value = text;
    this.answer.value = answer;
    this.first.value = first_step;
    this.last.value = last_step;
  }

  get values() {
    const { proposal } = this.item;
    const number = (field, fallback) => clamp(Math.round(Number(field.value)) || fallback, 1, proposal.steps);
    const first = number(this.first, proposal.first_step);
    return {
      text: this.text.value.toWellFormed(), // half a character, pasted, would come back as another text
      answer: this.answer.value.toWellFormed(),
      first_step: first,
      last_step: Math.max(first, number(this.last, proposal.last_step)),
    };
  }

  get dirty() {
    if (!this.item) return false;
    const { proposal } = this.item;
    const now = this.values;
    return (
      now.text !== proposal.text ||
      now.answer !== proposal.answer ||
      now.first_step !== proposal.first_step ||
      now.last_step !== proposal.last_step
    );
  }

  get fields() {
    const { text, answer, first_step, last_step } = this.values;
    return { text, final_answer: answer, first_step, last_step };
  }

  typed() {
    store(typedName(this.pane.data, this.item), this.fields);
    this.state = "typing";
    drawNotice(this.pane, null); // it spoke of other words
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), DRAFT_PAUSE);
    this.refresh();
  }

  // What is too long to be stored or compared, in words; "" where nothing is.
  get excess() {
    const now = this.values;
    const over = (name, what) => {
      const more = now[name].length - LONGEST[name];
      return more > 0 ? `${what} is ${plural(more, "character")} too long; it may have ${count(LONGEST[name])}. Shorten it.` : "";
    };
    return over("text", "The request") || over("answer", "The answer");
  }

  // Send the draft now, if there is one that has not been sent.
  flush() {
    if (!this.timer || this.excess) return;
    clearTimeout(this.timer);
    this.timer = null;
    this.state = "sending";
    this.draftId = this.pane.send({ action: "draft", ...this.fields });
    this.drawStatus();
  }

  // A verdict carries the text itself: no draft must follow it.
  halt() {
    clearTimeout(this.timer);
    this.timer = null;
    this.draftId = null;
  }

  // The server has taken acts; one of them may be the newest draft.
  taken(ids, savedAt, check) {
    if (savedAt) this.saved = savedAt;
    if (this.draftId && ids.has(this.draftId) && !this.timer) {
      this.draftId = null;
      this.state = "saved";
      sessionStorage.removeItem(typedName(this.pane.data, this.item));
      this.item.draft = { ...this.fields, saved_at: this.saved }; // the page may show this very copy again
    }
    if (check) this.checked = this.item.check = check;
    this.refresh();
  }

  reset() {
    const { proposal } = this.item;
    this.put(proposal);
    this.typed();
    this.text.focus();
  }

  use(attempt) {
    this.put(attempt);
    this.typed();
  }

  refresh() {
    const now = this.values;
    const { proposal } = this.item;
    const long = Boolean(this.excess);
    if (!long) drawDiff(this.diff, proposal.text, now.text);
    this.diff.parentElement.hidden = long || now.text === proposal.text;
    if (!long) drawDiff(this.answerDiff, proposal.answer, now.answer);
    this.answerDiff.hidden = long || now.answer === proposal.answer;
    this.drawStatus();
    this.drawChecks();
    this.grow();
    edited(this.pane);
  }

  // What the rules found in this very edit, with fewer steps fewer values; null while it is being looked up.
  get found() {
    if (!this.dirty) return this.item.proposal;
    const { text, answer, first_step: first, last_step: last } = this.values;
    const { checked } = this;
    const same = checked?.text === text && checked.answer === answer;
    return same && checked.steps[0] === first && checked.steps[1] === last ? checked : null;
  }

  // Numbers, names and paths that nothing in the run shows, and that the proposal did not have so; other words are
  // marked and no more. None while they are being looked up.
  get notFound() {
    const missing = ({ values }) => values.filter(({ standing }) => standing === "missing" || standing === "against").map(({ text }) => text);
    const before = new Set(missing(this.item.proposal));
    return [...new Set(missing(this.found || { values: [] }))].filter((text) => TELLING.test(text) && !before.has(text));
  }

  drawChecks() {
    const { found, excess } = this;
    if (excess) fill(this.checks, h("p", { class: "warn-line", role: "alert" }, excess));
    else if (found) drawChecks(this.checks, found, this.pane);
    else fill(this.checks, h("p", { class: "quiet" }, "Checking the values against the run…"));
  }

  drawStatus() {
    this.status.textContent = this.words;
  }

  get words() {
    if (this.excess) return "Not saved: too long";
    if (this.state === "typing" || this.state === "unsent" || this.state === "sending") return "Saving draft…";
    return this.saved && this.dirty && !isInForce(this.item, this.values) ? `Draft saved ${clock(this.saved)}` : "";
  }

  // A prefix or a stretch of the run, from where it is read.
  range(first, last) {
    this.first.value = first;
    this.last.value = Math.max(first, last);
    this.typed();
  }

  grow() {
    if (this.el.hidden) return;
    for (const field of [this.text, this.answer]) {
      field.style.height = "auto";
      field.style.height = `${Math.min(field.scrollHeight + 2, 320)}px`;
    }
  }
}
