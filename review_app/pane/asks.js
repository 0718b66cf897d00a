// The questions that open over the buttons: why reject, and what the lead should look at.

const LONGEST_NOTE = 2000; // characters; as core.review.typed has it

function openAsk(pane, name, title, draw) {
  if (!pane.item || pane.busy) return;
  if (pane.popover === name) return closeAsk(pane);
  pane.popover = name;
  pane.pop.setAttribute("aria-label", title);
  pane.pop.hidden = false;
  draw(pane);
  drawActions(pane);
}

const openReject = (pane) => openAsk(pane, "reject", "Why reject?", drawReasons);
const openFlag = (pane) => openAsk(pane, "flag", "Flag for the lead", drawFlagNote);

const noteField = (pane) => pane.pop.querySelector("input");
const typedNote = (pane) => noteField(pane)?.value.toWellFormed().trim() || "";
const noteName = (pane) => `${pane.popover}:${pane.item.seen}`; // a note left behind is there when the question is asked again

// A flag goes out; a note on a reject is done, and a digit is waited for.
function submitAsk(pane) {
  if (pane.popover === "flag") withNote(pane, "flag");
  else pane.pop.focus({ preventScroll: true });
}

const reject = (pane, reason) => withNote(pane, "reject", { reason });

// Nothing that was typed is cut without a word.
function withNote(pane, action, more = {}) {
  const note = typedNote(pane);
  const over = note.length - LONGEST_NOTE;
  if (over <= 0) return pane.decide(action, { note, ...more });
  const text = `The note is ${plural(over, "character")} too long; it may have ${count(LONGEST_NOTE)}. Shorten it.`;
  drawNotice(pane, { level: "error", text });
}

function closeAsk(pane) {
  if (!pane.popover) return;
  const inside = pane.pop.contains(pane.root.getRootNode().activeElement);
  pane.notes.set(noteName(pane), noteField(pane).value);
  pane.popover = null;
  pane.pop.hidden = true;
  pane.pop.replaceChildren();
  if (inside) pane.trace.scroll.focus({ preventScroll: true });
  drawActions(pane);
}

// The field, and under it what it holds where a hidden character makes it look otherwise.
function noteInput(pane, placeholder, label) {
  const plain = h("p", { class: "warn-line", dir: "ltr", "aria-live": "polite" });
  const show = (value) => {
    const seen = withSymbols(value);
    plain.hidden = seen === value;
    plain.textContent = plain.hidden ? "" : `Hidden characters: ${seen}`;
  };
  const field = h("input", {
    class: "field",
    placeholder,
    "aria-label": label,
    value: pane.notes.get(noteName(pane)) || "",
    oninput: () => show(field.value),
    onkeydown: (event) => event.key === "Enter" && !event.isComposing && !event.repeat && submitAsk(pane),
  });
  show(field.value);
  return [field, plain];
}

function drawReasons(pane) {
  const reasons = pane.data.reasons.map(({ n, text }) =>
    plainButton({ class: "reason", "aria-keyshortcuts": n, onclick: () => reject(pane, n) }, h("kbd", {}, n), text),
  );
  fill(
    pane.pop,
    h("h3", {}, "Why reject?", h("span", { class: "quiet" }, "press a digit; N for a note first")),
    h("div", { class: "reasons" }, reasons),
    noteInput(pane, "Note (optional), then Enter and a digit", "Note on the rejection"),
  );
}

function drawFlagNote(pane) {
  const note = noteInput(pane, "What should the lead look at? (optional)", "Note for the lead");
  fill(
    pane.pop,
    h("h3", {}, "Flag for the lead"),
    note,
    h(
      "div",
      { class: "row" },
      button("Flag and go on", { kind: "primary", key: "enter", onclick: () => submitAsk(pane) }),
      button("Cancel", { key: "esc", onclick: () => closeAsk(pane) }),
    ),
  );
  noteField(pane).focus({ preventScroll: true });
}
