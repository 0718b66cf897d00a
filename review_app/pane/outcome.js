// Below the request: what the run did, every attempt that was made, and what other runs proposed.

function outcomeBlock(view, { claims, seen, limitations }) {
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
                { class: "claim", dir: "auto", title: claim.text, onclick: () => view.go(claim.refs[0]) },
                claim.deed && deedTag(claim),
                claim.text,
              )
            : h("span", { class: "claim", dir: "auto" }, claim.deed && deedTag(claim), claim.text),
          claim.refs.length
            ? chips(view.pane, claim.refs)
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

const deedTag = ({ deed }) => tag(deed, "plain", "It changed something; what has no such mark only looked something up");

// Attempts of one run, or what other runs proposed: each can be taken as the edit.
function attemptsBlock(view, title, attempts) {
  return h(
    "section",
    { class: title ? "block" : "" },
    title && h("h3", {}, title),
    h("ul", { class: "attempts" }, attempts.map((one) => attemptRow(view, one))),
  );
}

function attemptRow(view, one) {
  const said = [
    one.from,
    `writer ${one.c.toFixed(2)}`,
    one.c2 !== null && `judge ${one.c2.toFixed(2)}`,
    rangeWords(one),
    one.proposed && "shown above",
  ];
  return h(
    "li",
    {},
    h(
      "div",
      { class: "attempt-head" },
      tag(one.judged.text, one.judged.tone),
      !one.proposed &&
        button("Use this", {
          kind: "small",
          aria: `Use this as the edit: "${one.shown.slice(0, 60)}"`,
          onclick: () => useAttempt(view.pane, one),
        }),
    ),
    h("span", { class: "quiet" }, said.filter(Boolean).join(" · ")),
    h("p", { dir: "auto" }, one.shown),
  );
}
