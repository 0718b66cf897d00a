// The right column while reading: the proposed request, what speaks for it, what the run did.

const NO_ANSWER = "None: nothing that the run said answers it. Write one in the edit.";

class Proposal {
  constructor(pane) {
    this.pane = pane;
    this.el = h("div", { class: "scroll", tabindex: "-1", role: "group", "aria-label": "Proposed request and outcome" });
  }

  show(item) {
    const { proposal, outcome } = item;
    this.item = item;
    this.heading = h("h2", {}, "Proposed request");
    this.body = h("div", { class: "proposed" });
    this.checks = h("div", { class: "checks", "aria-live": "polite" });
    this.about = h("p", { class: "quiet about", hidden: true }, "What follows was found about the proposal, not about the edit.");
    this.refs = [
      ...proposal.values.filter((value) => value.ref).map((value) => value.ref),
      ...proposal.answer_refs,
      ...outcome.claims.flatMap((claim) => claim.refs),
    ];
    this.at = -1;
    fill(
      this.el,
      h(
        "div",
        { class: "badges proposal-only" },
        item.badges.map((badge) => tag(badge.text, badge.tone, badge.why)),
        item.why_now && h("span", { class: "quiet", title: item.why_more || null }, `Why now: ${item.why_now}`),
      ),
      item.alike.named.length > 0 && alikeLine(this.pane, item.alike),
      item.verdict && verdictLine(item.verdict),
      item.held_by &&
        h(
          "p",
          { class: "notice error held" },
          h("span", { dir: "auto" }, heldWords(item.held_by, this.pane.data.lease_seconds)),
        ),
      h("div", { class: "lead" }, this.heading, this.body, this.checks, this.answer(proposal)),
      this.about,
      this.reasons(proposal),
      outcomeBlock(this, outcome),
      proposal.attempts.length > 1 && attemptsBlock(this, "All attempts", proposal.attempts),
      item.earlier.length > 0 &&
        h(
          "details",
          { class: "block" },
          h("summary", {}, `Proposed by other runs · ${item.earlier.length}`),
          attemptsBlock(this, "", item.earlier),
        ),
    );
  }

  drawAnswer(edited) {
    const { proposal } = this.item;
    const drawn = h("div", { class: "text", dir: "auto" });
    if (edited !== proposal.answer) drawDiff(drawn, proposal.answer, edited);
    else if (proposal.answer_view) drawn.append(new TextView(proposal.answer_view).el);
    else drawn.append(h("p", { class: "quiet" }, proposal.answer.trim() ? "The run's own final answer, unchanged." : NO_ANSWER));
    fill(this.answerBody, drawn);
  }

  // The request as it stands: the proposal with its values marked, or the edit as a word diff.
  // `found` is what the rules say of the edited text, null while it is being looked up.
  draw(edit, dirty, saved, found) {
    const { proposal } = this.item;
    this.el.classList.toggle("edited", dirty);
    this.about.hidden = !dirty;
    this.drawAnswer(edit.answer);
    if (!dirty) {
      const view = new TextView(proposal.view);
      view.el.classList.add("request");
      view.el.addEventListener("click", (event) => this.clicked(event));
      fill(
        this.body,
        view.el,
        proposal.hidden > 0 &&
          h(
            "p",
            { class: "warn-line" },
            `${plural(proposal.hidden, "hidden character")} in this text, shown as symbols.`,
          ),
        proposal.talk_refs.length > 0 &&
          h("p", { class: "warn-line" }, "Text in the run talks to its judge: ", chips(this.pane, proposal.talk_refs)),
      );
      fill(this.heading, "Proposed request", h("span", { class: "range" }, rangeWords(proposal)));
      drawChecks(this.checks, proposal, this.pane);
      return;
    }
    const drawn = h("div", { class: "text request", dir: "auto" });
    drawDiff(drawn, proposal.text, edit.text);
    fill(
      this.body,
      drawn,
      h("p", { class: "quiet" }, saved),
    );
    if (found) drawChecks(this.checks, found, this.pane);
    else fill(this.checks, h("p", { class: "quiet" }, "Checking the values against the run…"));
    fill(this.heading, editWords(this.item, edit), h("span", { class: "range" }, rangeWords({ ...proposal, ...edit })));
  }

  clicked(event) {
    const marks = event.target.closest?.("[data-marks]")?.dataset.marks.split(" ") || [];
    const value = this.item.proposal.values.find((one) => marks.includes(one.name));
    if (value?.ref) this.go(value.ref);
  }

  go(ref) {
    this.at = this.refs.findIndex((one) => one.id === ref.id);
    this.point(ref);
  }

  // Left the span that shows it, right the claim or value that rests on it.
  point(ref) {
    this.pane.trace.reveal(ref);
    const value = this.item.proposal.values.find((one) => one.ref?.id === ref.id);
    for (const el of this.pane.review.querySelectorAll("[data-refs], .request [data-marks]")) {
      const { refs = "", marks = "" } = el.dataset;
      el.classList.toggle("pointed", refs.split(" ").includes(ref.id) || marks.split(" ").includes(value?.name));
    }
    this.pane.review.querySelector("[data-refs].pointed")?.scrollIntoView({ block: "nearest" });
  }

  step(by) {
    if (!this.refs.length) return;
    this.at = (this.at + by + this.refs.length) % this.refs.length;
    this.point(this.refs[this.at]);
  }

  // Accepting the request accepts this answer with it, so it stands right below.
  answer(proposal) {
    return h(
      "div",
      { class: "answer" },
      h("h3", {}, "Answer to it"),
      (this.answerBody = h("div", {})),
      proposal.answer_view && chips(this.pane, proposal.answer_refs),
    );
  }

  reasons(proposal) {
    const no = proposal.judged.tone === "bad"; // then no threshold lets it in, however high the figures
    const bar = (label, value, title, kind = value < proposal.threshold ? "low" : "") =>
      h(
        "div",
        { class: "score", title },
        h("span", {}, label),
        h(
          "span",
          { class: "meter", "aria-hidden": "true" },
          h("i", { style: `width:${value * 100}%`, class: kind }),
          h("u", { style: `left:${proposal.threshold * 100}%` }),
        ),
        h("b", {}, value.toFixed(2)),
      );
    return h(
      "section",
      { class: "block proposal-only" },
      h(
        "h3",
        {},
        "Confidence",
        h(
          "span",
          { class: "tags" },
          tag(proposal.judged.text, proposal.judged.tone),
          proposal.score !== null &&
            !no &&
            tag(standWords(proposal), proposal.score < proposal.threshold ? "warn" : "good", "The lower of both is the score. From the threshold (theta) on, an item may enter without a human"),
        ),
      ),
      h(
        "div",
        { class: "scores" },
        bar("Writer", proposal.c, `How sure the writer of the request is (c, of the relabeller: ${proposal.written_by})`),
        proposal.c2 !== null &&
          bar(
            proposal.judged_by,
            proposal.c2,
            `How sure the one who checked it is${no ? " of its no" : ""} (c2, of the second judge)`,
            no ? "no" : undefined,
          ),
      ),
      proposal.rubric.length > 0 && rubricBlock(proposal.rubric),
      proposal.rationale && h("p", { dir: "auto" }, proposal.rationale),
      proposal.judge_reason &&
        h("p", { dir: "auto" }, h("span", { class: "quiet" }, `${proposal.judged_by}: `), proposal.judge_reason),
    );
  }
}

// Each dimension of the verdict with its reason; one that hardly applies is drawn faint.
function rubricBlock(rubric) {
  return h(
    "dl",
    { class: "rubric", "aria-label": "Rubric" },
    rubric.flatMap(({ name, score, weight, reason }) => {
      const title = `Applies to this request: ${Math.round(weight * 100)} %`;
      const faint = weight < 0.5 ? "faint" : "";
      return [
        h("dt", { class: faint, dir: "auto", title }, name),
        h("dd", { class: faint, title }, h("b", { class: score < 0.5 && !faint ? "low" : "" }, weight > 0 ? score.toFixed(2) : "–")),
        h("dd", { class: faint, dir: "auto" }, reason),
      ];
    }),
  );
}

// Other items with a request in exactly these words, each to be looked at.
function alikeLine(pane, { words, named, more }) {
  return h(
    "p",
    { class: "warn-line alike" },
    `${words} `,
    named.map(({ id, name, state }) =>
      plainButton(
        { class: "chip", title: `Open ${name}`, onclick: () => pane.send({ action: "open", id }) },
        h("span", { dir: "auto" }, name),
        ` · ${state}`,
      ),
    ),
    more && ` ${more}`,
  );
}

// Whether an edit is the one in force, over which nobody has begun another.
const isInForce = ({ verdict, draft }, { text }) => verdict?.state === "edited" && draft?.text === text;
const editWords = (item, edit) => (isInForce(item, edit) ? `Edit by ${item.verdict.by}` : "Your edit");

// An item that is looked at again is no open one: what stands, by whom, since when.
function verdictLine({ text, tone, by, at, note, each = [] }) {
  return h(
    "p",
    { class: "standing" },
    tag(text, tone, "The verdict in force; a new one replaces it, and Undo takes back your own"),
    h("span", { dir: "auto" }, `by ${by}, ${moment(at)}`),
    note && h("span", { class: "quiet", dir: "auto" }, note),
    each.map((said) => h("span", { class: "opinion", dir: "auto" }, said)),
  );
}

const moment = (at) => {
  const time = new Date(at);
  return Number.isNaN(time.getTime()) ? at : time.toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
};

const heldWords = (who, lease) => {
  const long = lease < 120 ? plural(lease, "second") : plural(Math.round(lease / 60), "minute");
  return `${who} has this item open. You can read it; the verdict is theirs until they go on, or for ${long} after they stop.`;
};
