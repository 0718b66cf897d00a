// The right column while reading: the proposed request, what speaks for it, what the run did.

class Proposal {
  constructor(pane) {
    this.pane = pane;
    this.el = h("div", { class: "scroll", tabindex: "-1", "aria-label": "Proposed request and outcome" });
  }

  show(item) {
    const { proposal, outcome } = item;
    this.item = item;
    this.heading = h("h2", {}, "Proposed request");
    this.body = h("div", { class: "proposed" });
    this.checks = h("div", { class: "checks", "aria-live": "polite" });
    this.about = h("p", { class: "quiet about", hidden: true }, "What follows was found about the proposal, not about your edit.");
    this.refs = [
      ...proposal.values.filter((value) => value.ref).map((value) => value.ref),
      ...outcome.claims.flatMap((claim) => claim.refs),
    ];
    this.at = -1;
    fill(
      this.el,
      h(
        "div",
        { class: "badges proposal-only" },
        item.badges.map((badge) => tag(badge.text, badge.tone, badge.why)),
        item.why_now && h("span", { class: "quiet" }, item.why_now),
      ),
      item.held_by &&
        h(
          "p",
          { class: "notice error" },
          `${item.held_by} has this item open. You can read it; a verdict would be refused.`,
        ),
      h("div", { class: "lead" }, this.heading, this.body, this.checks, this.answer(proposal)),
      this.about,
      this.reasons(proposal),
      this.outcome(outcome),
      proposal.attempts.length > 1 && this.attempts(proposal),
    );
    this.el.scrollTop = 0;
  }

  // The request as it stands: the proposal with its values marked, or the edit as a word diff.
  // `found` is what the rules say of the edited text, null while it is being looked up.
  draw(edit, dirty, saved, found) {
    const { proposal } = this.item;
    this.el.classList.toggle("edited", dirty);
    this.about.hidden = !dirty;
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
      );
      fill(this.heading, "Proposed request", h("span", { class: "range" }, rangeWords(proposal)));
      drawChecks(this.checks, proposal, (ref) => this.go(ref));
      return;
    }
    const drawn = h("div", { class: "text request", dir: "auto" });
    drawDiff(drawn, proposal.text, edit.text);
    fill(
      this.body,
      drawn,
      edit.answer !== proposal.answer && h("p", { class: "quiet" }, "The final answer is edited too."),
      h("p", { class: "quiet" }, saved),
    );
    if (found) drawChecks(this.checks, found, (ref) => this.go(ref));
    else fill(this.checks, h("p", { class: "quiet" }, "Checking the values against the run…"));
    fill(this.heading, "Your edit", h("span", { class: "range" }, rangeWords({ ...proposal, ...edit })));
  }

  clicked(event) {
    const marks = event.target.closest?.("[data-marks]")?.dataset.marks.split(" ") || [];
    const value = this.item.proposal.values.find((one) => marks.includes(one.name));
    if (value?.ref) this.go(value.ref);
  }

  go(ref) {
    this.at = this.refs.findIndex((one) => one.id === ref.id);
    this.pane.reveal(ref);
  }

  step(by) {
    if (!this.refs.length) return;
    this.at = (this.at + by + this.refs.length) % this.refs.length;
    this.pane.reveal(this.refs[this.at]);
  }

  // Accepting the request accepts this answer with it, so it stands right below.
  answer(proposal) {
    return h(
      "div",
      { class: "answer" },
      h("h3", {}, "Answer to it"),
      proposal.answer_view
        ? new TextView(proposal.answer_view).el
        : h("p", { class: "quiet" }, "The run's own final answer, unchanged."),
      proposal.answer_view && this.pane.chips(proposal.answer_refs),
    );
  }

  reasons(proposal) {
    const bar = (label, value, title) =>
      h(
        "div",
        { class: "score", title },
        h("span", {}, label),
        h(
          "span",
          { class: "meter", "aria-hidden": "true" },
          h("i", { style: `width:${value * 100}%`, class: value < proposal.threshold ? "low" : "" }),
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
            tag(scoreWords(proposal), proposal.score < proposal.threshold ? "warn" : "good", "The lower of both"),
        ),
      ),
      h(
        "div",
        { class: "scores" },
        bar("Relabeller", proposal.c, "What the relabeller itself believes"),
        proposal.c2 !== null && bar(proposal.judged_by, proposal.c2, "What the second judge believes"),
      ),
      proposal.rationale && h("p", { dir: "auto" }, proposal.rationale),
      proposal.judge_reason &&
        h("p", { dir: "auto" }, h("span", { class: "quiet" }, `${proposal.judged_by}: `), proposal.judge_reason),
    );
  }

  outcome({ claims, seen, limitations }) {
    const list = (of) =>
      h(
        "ol",
        { class: "claims" },
        of.map((claim) =>
          h(
            "li",
            { class: claim.refs.length ? "" : "bare" },
            claim.refs.length
              ? plainButton(
                  { class: "claim", dir: "auto", title: claim.text, onclick: () => this.go(claim.refs[0]) },
                  claim.text,
                )
              : h("span", { class: "claim", dir: "auto" }, claim.text),
            claim.refs.length
              ? this.pane.chips(claim.refs)
              : h("span", { class: "chips" }, tag("no evidence found", "bad")),
          ),
        ),
      );
    return h(
      "section",
      { class: "block" },
      h("h3", {}, "What the run did"),
      claims.length ? list(claims) : h("p", { class: "quiet" }, "Nothing that counts as achieved was found."),
      seen.length > 0 &&
        h("details", {}, h("summary", {}, `Seen on the way · ${seen.length}`), list(seen)),
      limitations && h("p", { class: "quiet", dir: "auto" }, h("b", {}, "Limits: "), limitations),
    );
  }

  attempts(proposal) {
    return h(
      "section",
      { class: "block" },
      h("h3", {}, "All attempts"),
      h(
        "ul",
        { class: "attempts" },
        proposal.attempts.map((one) =>
          h(
            "li",
            {},
            h(
              "div",
              { class: "attempt-head" },
              tag(one.judged.text, one.judged.tone),
              h(
                "span",
                { class: "quiet" },
                [`c ${one.c.toFixed(2)}`, one.c2 !== null && `judge ${one.c2.toFixed(2)}`, rangeWords(one)]
                  .filter(Boolean)
                  .join(" · "),
              ),
              one.proposed
                ? h("span", { class: "quiet" }, "shown above")
                : button("Use this", {
                    kind: "small",
                    aria: `Use attempt ${one.n + 1} as the edit`,
                    onclick: () => this.pane.useAttempt(one),
                  }),
            ),
            h("p", { dir: "auto" }, one.shown),
          ),
        ),
      ),
    );
  }
}

// What the rules found in a request: its values, and what a reviewer should be warned of.
function drawChecks(out, { values, stale, missing, similarity }, go) {
  const good = values.filter((value) => value.standing === "found").length;
  fill(
    out,
    values.length > 0 &&
      h(
        "ul",
        {
          class: "values",
          "aria-label": `Values that the request names: ${good} of ${values.length} found in the run`,
        },
        values.map((value) => drawValue(value, go)),
      ),
    missing.length > 0 &&
      h("p", { class: "warn-line" }, `Nothing says where these inputs come from: ${missing.join(", ")}`),
    stale.length > 0 &&
      h("p", { class: "warn-line" }, `Words of the old request left in the kept steps: ${stale.join(", ")}`),
    similarity > 0.85 &&
      h("p", { class: "warn-line" }, `Nearly the same as the original request (${similarity.toFixed(2)}).`),
  );
}

function drawValue(value, go) {
  const words = {
    found: value.ref?.place,
    asked: "only the user said it",
    leak: `gives the answer away · ${value.ref?.place || "result"}`,
    missing: "not found in the run",
  }[value.standing];
  const inner = [h("b", { dir: "auto" }, value.text), h("span", {}, words)];
  const drawn = value.ref
    ? plainButton({ class: "value", title: value.ref.quote, onclick: () => go(value.ref) }, inner)
    : h("span", { class: "value" }, inner);
  return h("li", { class: value.standing }, drawn);
}

const scoreWords = ({ score, threshold }) =>
  `score ${score.toFixed(2)}, ${score < threshold ? "below" : "at or above"} ${threshold.toFixed(2)}`;

const rangeWords = ({ first_step: first, last_step: last, steps }) => {
  if (first === 1 && last === steps) return steps === 1 ? "the only step" : `all ${steps} steps`;
  return first === last ? `step ${first} of ${steps}` : `steps ${first}–${last} of ${steps}`;
};
