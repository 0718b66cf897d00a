// What stands around the two columns: top line, verdict buttons, the keys, the empty queue.

function drawBar(pane) {
  const { data, item } = pane;
  const undo = button("Undo", {
    key: "backspace",
    kind: "small",
    keyshort: "Backspace",
    title: "Undo my last verdict",
    onclick: () => pane.decide("undo"),
  });
  const mine = button("My last 20", { key: "M", kind: "small", keyshort: "m", onclick: () => pane.mine.toggle() });
  mine.setAttribute("aria-expanded", !pane.mine.el.hidden);
  pane.stored.textContent = data.last && `Saved: ${data.last}`;
  fill(
    pane.bar,
    item && h("span", { class: "place" }, `${count(data.waiting)} ${data.pile}`),
    item && h("code", { class: "name", title: item.name, dir: "auto" }, item.name),
    item?.source && h("span", { class: "quiet source" }, item.source),
    h("span", { class: "space" }),
    h("span", { class: "sending", role: "status" }),
    data.last && h("span", { class: "last" }, h("span", { dir: "auto" }, data.last), undo),
    data.last && mine,
    h(
      "span",
      { class: "counts" },
      data.counts.map(([label, number]) => h("span", {}, h("b", {}, count(number)), ` ${label}`)),
    ),
  );
}

// Said anew only when it says something else, or it would be read out every second.
function drawSending(pane) {
  const n = pane.outbox.verdicts.length;
  const words = n ? `Not saved yet${n > 1 ? ` (${count(n)})` : ""} · trying again` : "No answer yet · trying again";
  const el = pane.bar.querySelector(".sending");
  if (el.textContent !== words) el.textContent = words;
}

// Redrawn only when it says something else: a redrawn button loses the focus.
function drawActions(pane) {
  if (!pane.item) return;
  const dirty = pane.editor.item === pane.item && pane.editor.dirty;
  const drawn = [pane.editing, dirty, pane.popover, pane.item.verdict?.state, pane.item.never_leaves, pane.item.held_by].join();
  if (drawn === pane.drawn) return;
  pane.drawn = drawn;
  fill(pane.actions, pane.editing ? editActions(pane, dirty) : verdictActions(pane, dirty));
  for (const one of pane.actions.querySelectorAll(".verdict")) one.disabled = Boolean(pane.item.held_by);
}

function editActions(pane, dirty) {
  return [
    button(dirty ? "Save and next" : "Accept unchanged", {
      key: "ctrl_enter",
      kind: "primary wide verdict",
      keyshort: "Control+Enter",
      onclick: () => pane.saveEdit(),
    }),
    button("Back", { key: "esc", keyshort: "Escape", onclick: () => closeEditor(pane) }),
  ];
}

function verdictActions(pane, dirty) {
  const again = (label, ...states) => (states.includes(pane.item.verdict?.state) ? `${label} again` : label);
  const on = (name) => (pane.popover === name ? " on" : "");
  const minor = (label, key, keyshort, onclick, more = {}) =>
    button(label, { key, keyshort, onclick, kind: "small", ...more });
  return [
    pane.item.never_leaves &&
      h("p", { class: "warn-line never" }, "Marked as not for training: no export holds this run, accepted or not."),
    button(dirty ? "Accept edit" : again("Accept", "accepted", "edited"), {
      key: "A",
      kind: "primary wide verdict",
      keyshort: "a",
      onclick: () => pane.accept(),
    }),
    button("Edit", { key: "E", keyshort: "e", onclick: () => openEditor(pane) }),
    button(again("Reject", "rejected"), {
      key: "X",
      kind: `danger verdict${on("reject")}`,
      keyshort: "x",
      onclick: () => openReject(pane),
    }),
    button("Defer", { key: "space", kind: "verdict", keyshort: "Space", onclick: () => pane.decide("defer") }),
    h(
      "span",
      { class: "minor" },
      minor("Flag", "F", "f", () => openFlag(pane), { kind: `small verdict${on("flag")}`, title: "Flag for the lead" }),
      h("span", { class: "space" }),
      minor("Previous", "left", "ArrowLeft", () => pane.decide("previous")),
      minor("Next", "right", "ArrowRight", () => pane.decide("next")),
      minor("Keys", "H", "h", () => toggleHelp(pane)),
    ),
  ];
}

function drawBlank(pane) {
  const empty = pane.data.empty || { title: "Nothing left to review", text: "", buttons: [] };
  const buttons = (empty.buttons || []).map(([label, action], n) =>
    button(label, { kind: n ? "" : "primary", onclick: () => pane.send({ action }) }),
  );
  fill(pane.blank, h("h2", {}, empty.title), h("p", {}, empty.text), h("div", { class: "row" }, buttons));
}

function helpDialog() {
  const close = () => dialog.close();
  const dialog = h(
    "dialog",
    { class: "help", "aria-label": "Keys", onclick: (event) => event.target === dialog && close() },
    h(
      "div",
      {},
      h("h2", {}, "Keys"),
      h(
        "dl",
        {},
        KEY_LIST.map(([key, does]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, does)]),
      ),
      button("Close", { kind: "small", key: "esc", onclick: close }),
    ),
  );
  return dialog;
}

function toggleHelp(pane) {
  if (pane.help.open) pane.help.close();
  else pane.help.showModal();
}
