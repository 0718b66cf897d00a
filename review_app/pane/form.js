// The fields of the edit, and what stands among them.

function editForm(editor) {
  const typed = () => editor.typed();
  editor.text = h("textarea", {
    class: "field",
    id: "edit-text",
    rows: "4",
    dir: "auto",
    spellcheck: "true",
    oninput: typed,
  });
  editor.answer = h("textarea", { class: "field", id: "edit-answer", rows: "2", dir: "auto", oninput: typed });
  editor.first = h("input", {
    class: "field number",
    type: "number",
    min: "1",
    id: "edit-first",
    "aria-label": "First step used",
    oninput: typed,
  });
  editor.last = h("input", {
    class: "field number",
    type: "number",
    min: "1",
    id: "edit-last",
    "aria-label": "Last step used",
    oninput: typed,
  });
  editor.diff = h("div", { class: "diff text", "aria-label": "Changes against the proposal", dir: "auto" });
  editor.answerDiff = h("div", { class: "diff text", "aria-label": "Changes of the final answer", dir: "auto" });
  const here = () => editor.pane.trace.current || 1;
  const cut = (label, title, steps) => button(label, { kind: "small", title, onclick: () => editor.range(...steps()) });
  editor.checks = h("div", { class: "checks", "aria-live": "polite" });
  editor.status = h("span", { class: "saved", role: "status" });
  editor.total = h("span", { class: "quiet" });
  editor.el = h(
    "div",
    { class: "scroll editor", tabindex: "-1", role: "group", "aria-label": "Your edit", hidden: true },
    h("div", { class: "edit-head" }, h("label", { for: "edit-text", class: "h2" }, "Edit the request"), editor.status),
    editor.text,
    h("div", { class: "changes" }, h("h4", {}, "Changes against the proposal"), editor.diff),
    editor.checks,
    h("label", { for: "edit-answer", class: "h4" }, "Final answer for training"),
    editor.answer,
    editor.answerDiff,
    h(
      "div",
      { class: "steps-used" },
      h("span", { class: "h4" }, "Steps used"),
      editor.first,
      h("span", { class: "quiet" }, "to"),
      editor.last,
      editor.total,
      cut("From here", "Use the run from the step that is chosen on the left", () => [here(), editor.values.last_step]),
      cut("To here", "Use the run up to the step that is chosen on the left", () => [
        Math.min(editor.values.first_step, here()),
        here(),
      ]),
      button("Reset to the proposal", { kind: "small", onclick: () => editor.reset() }),
    ),
  );
}

function clock(moment) {
  const time = new Date(moment);
  return Number.isNaN(time.getTime()) ? moment : time.toLocaleTimeString("en-GB");
}
