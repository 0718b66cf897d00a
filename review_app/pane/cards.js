// The cards of the left column: why it failed, what stands behind a click, one card a step.

const KINDS = { action: "Call", message: "Agent", user: "User" };

function failureCard(pane, failure) {
  return h(
    "article",
    { class: "card failure" },
    h(
      "h3",
      {},
      "Why it failed",
      h(
        "span",
        { class: "tags" },
        tag(failure.title, "bad"),
        failure.severity &&
          tag(
            `${failure.severity.text} · ${failure.severity.value.toFixed(2)}`,
            "plain",
            "Severity, 0 mild to 1 severe",
          ),
        failure.cause && tag(failure.cause),
      ),
    ),
    failure.explanation && h("p", { dir: "auto" }, failure.explanation),
    (failure.said || failure.refs.length > 0) &&
      h("p", { class: "quiet refs" }, failure.said && h("span", {}, failure.said), chips(pane, failure.refs)),
  );
}

// System prompt, tools and raw record: one click away from wherever one reads, and back there with the next.
function panelButtons(trace) {
  const { trace: run } = trace.item;
  const out = [];
  const panels = [];
  const panel = (name, label, content, opened = () => {}) => {
    const el = h("section", { class: "more panel", id: `panel-${name}`, "aria-label": label, hidden: true }, content);
    const toggle = () => {
      const open = el.hidden;
      if (open) trace.readAt = trace.scroll.scrollTop;
      panels.forEach((one) => (one.hidden = one !== el || !open));
      out.forEach((one, n) => one.setAttribute("aria-expanded", !panels[n].hidden));
      trace.panels.hidden = !open;
      if (open) opened();
      trace.scroll.scrollTop = open ? 0 : trace.readAt;
    };
    panels.push(el);
    const opener = button(label, { kind: "small", onclick: toggle });
    opener.setAttribute("aria-expanded", "false");
    opener.setAttribute("aria-controls", el.id);
    out.push(opener);
  };
  if (run.system)
    panel("system", "System prompt", [h("h3", {}, "System prompt"), trace.view("0:system_prompt", run.system)]);
  if (run.tools.length) panel("tools", plural(run.tools_total, "tool"), toolList(run));
  trace.rawBox = h("div", { class: "text mono" }, h("p", { class: "quiet" }, "Loading…"));
  panel("raw", "Raw record", [h("h3", {}, "Raw record"), trace.rawBox], () => trace.askRaw());
  fill(trace.panels, panels);
  return out;
}

function toolList(run) {
  const rows = run.tools.map((one) =>
    h(
      "li",
      {},
      h("code", { dir: "auto" }, `${one.name}(${one.parameters.join(", ")})`),
      one.description && h("span", { dir: "auto" }, one.description),
    ),
  );
  const more = run.tools_total - run.tools.length;
  if (more > 0) rows.push(h("li", { class: "quiet" }, `${count(more)} more in the raw record`));
  return [h("h3", {}, "Tools the agent had"), h("ul", { class: "tool-list" }, rows)];
}

// A browser need not lay out a card that is far down before it is scrolled to.
function stepCard(trace, step, { far }) {
  const before = trace.item.trace.steps[step.n - 2];
  const joined = step.turn >= 0 && before && before.turn === step.turn;
  return h(
    "article",
    {
      class: `step ${step.kind}${step.error ? " error" : ""}${joined ? " joined" : ""}${far ? " far" : ""}`,
      "data-step": step.n,
      "aria-label": `Step ${step.n}, ${KINDS[step.kind]} ${step.tool}${step.error ? ", error" : ""}`,
      onclick: () => trace.select(step.n, false),
    },
    step.kind === "action" &&
      h(
        "header",
        {},
        h("span", { class: "number" }, step.n),
        h("code", { class: "tool", dir: "auto" }, step.tool),
        stepTags(step, joined),
      ),
  );
}

function stepTags(step, joined) {
  return h(
    "span",
    { class: "tags" },
    joined && tag("same turn", "plain", "Called together with the step before"),
    step.error && tag(step.error, "bad"),
    h("span", { class: "tag unused" }, "not used"),
  );
}

function stepBody(trace, step) {
  const row = (label, kind, content) =>
    h("div", { class: `row ${kind}` }, h("span", { class: "label" }, label), content);
  const said = step.text && trace.view(`${step.n}:text`, step.text);
  if (step.kind !== "action") {
    const who = [h("span", { class: "number" }, step.n), h("span", { class: "who" }, KINDS[step.kind])];
    return [
      step.thought && row("Thought", "thought", trace.view(`${step.n}:thought`, step.thought)),
      h(
        "div",
        { class: "row says" },
        h("span", { class: "label" }, who),
        said || h("p", { class: "quiet" }, "nothing"),
        stepTags(step),
      ),
    ];
  }
  return [
    step.thought && row("Thought", "thought", trace.view(`${step.n}:thought`, step.thought)),
    said && row("Says", "says", said),
    row("Call", "call", argumentRows(trace, step)),
    step.observation
      ? row("Result", "result", trace.view(`${step.n}:observation`, step.observation, { mono: true }))
      : row("Result", "result", h("p", { class: "quiet" }, "nothing came back")),
  ];
}

function argumentRows(trace, step) {
  if (!step.args.length) return h("p", { class: "quiet" }, "no arguments");
  const list = h("dl", { class: "args" });
  step.args.forEach((arg, n) => {
    const depth = `--depth:${arg.depth}`;
    list.append(
      h("dt", { style: depth, class: arg.value ? null : "group", dir: "auto" }, arg.key),
      arg.value ? h("dd", {}, trace.view(`${step.n}:arg${n}`, arg.value)) : h("dd", {}),
    );
  });
  return list;
}

// Where the evidence stands, as buttons that go there: one a place, which goes on to the next span there.
function chips(pane, refs) {
  if (!refs.length) return null;
  return h(
    "span",
    { class: "chips" },
    [...Map.groupBy(refs, (ref) => ref.place)].map(([place, spans]) => {
      let shown = -1;
      const count = spans.length > 1 ? ` × ${spans.length}` : "";
      return plainButton(
        {
          class: "chip",
          "data-refs": spans.map((ref) => ref.id).join(" "),
          title: spans.map((ref) => ref.quote).join("\n"),
          "aria-label": `Show the evidence in ${place}${count}`,
          onclick: () => pane.proposal.go(spans[(shown = (shown + 1) % spans.length)]),
        },
        place + count,
      );
    }),
  );
}
