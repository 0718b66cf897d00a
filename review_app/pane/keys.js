// The keyboard. Bare letters are dead while typing; Ctrl+Enter and Esc are alive there.

const KEY_LIST = [
  ["A", "Accept, next item"],
  ["X, then 1–9", "Reject with a reason, next item; N there: a note first"],
  ["E", "Edit the request"],
  ["Ctrl ↵", "Save the edit and go on"],
  ["Esc", "Leave the edit; the draft is kept"],
  ["Space", "Defer: later"],
  ["⌫", "Undo my last verdict"],
  ["M", "My last 20 verdicts: ↑ ↓ choose, ↵ opens, ⌫ undoes"],
  ["F", "Flag for the lead, with a note"],
  ["← →", "Look at the neighbours, no verdict"],
  ["J / K", "Next / previous step"],
  ["N", "Next error"],
  ["V / Shift V", "Next / previous piece of evidence"],
  ["S / Shift S", "Scroll the right column down / up"],
  ["O", "Fold or unfold all long texts"],
  ["/", "Search in the run"],
  ["H", "These keys"],
];

const BARE = {
  a: (pane) => pane.accept(),
  x: (pane) => openReject(pane),
  e: (pane) => openEditor(pane),
  " ": (pane) => pane.decide("defer"),
  backspace: (pane) => pane.decide("undo"),
  f: (pane) => openFlag(pane),
  arrowleft: (pane) => pane.decide("previous"),
  arrowright: (pane) => pane.decide("next"),
  j: (pane) => pane.item && pane.trace.move(1),
  k: (pane) => pane.item && pane.trace.move(-1),
  n: (pane) => pane.item && pane.trace.nextError(),
  m: (pane) => pane.mine.toggle(),
  o: (pane) => pane.item && pane.trace.foldAll(),
  v: (pane, event) => pane.item && pane.proposal.step(event.shiftKey ? -1 : 1),
  s: (pane, event) => scrollRight(pane, event.shiftKey ? -1 : 1),
  h: (pane) => toggleHelp(pane),
  "/": (pane) => pane.item && pane.trace.search.box.focus(),
  c: () => {}, // Streamlit would open "Clear caches"
  r: () => {}, // Streamlit would rerun the page
};
const REPEATS = new Set(["j", "k", "s"]);
const FIELDS =
  "textarea,select,[contenteditable=''],[contenteditable=true]," +
  "input:not([type=range]):not([type=checkbox]):not([type=radio]):not([type=button])";
const ARROW_WIDGETS = "input,[role=slider],[role=tab],[role=radio],[role=option],[role=combobox],[role=menuitem]";
const SPACE_WIDGETS = `button,summary,${ARROW_WIDGETS}`;

function onKey(pane, event) {
  if (!pane.root.isConnected || event.isComposing || event.keyCode === 229) return;
  if (document.querySelector("[role=dialog],[role=alertdialog]")) return;
  const target = event.composedPath()[0];
  const typing = target.matches?.(FIELDS);
  if (event.key === "Tab") pane.clicked = null;
  const mine = event.composedPath().includes(pane.root);
  const take = () => {
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  const control = event.ctrlKey || event.metaKey;
  if (event.key === "Enter" && control && (mine || !typing)) {
    if ((!pane.editing && !pane.popover) || pane.mine.open) return;
    take();
    if (event.repeat) return;
    if (pane.popover) submitAsk(pane);
    else pane.saveEdit();
    return;
  }
  if (event.key === "Escape" && (mine || !typing)) {
    if (leave(pane, target)) take();
    return;
  }
  if (typing || control || event.altKey) return;
  const key = nameOf(event);
  if (pane.help.open) {
    if (key in BARE) take();
    if (key === "h" && !event.repeat) toggleHelp(pane);
    return;
  }
  if (pane.popover === "reject") {
    const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code)?.[1] || (/^[1-9]$/.test(key) ? key : null);
    if (digit) {
      take();
      if (!event.repeat) reject(pane, Number(digit));
      return;
    }
    const outside = key === "tab" && !pane.pop.contains(target);
    if (key === "n" || outside) {
      take();
      noteField(pane).focus({ preventScroll: true });
      return;
    }
  }
  if (pane.mine.open) {
    if (key === " " && pane.mine.el.contains(target)) return;
    if (pane.mine.onKey(key, event.repeat)) return take();
  }
  if (!(key in BARE)) return;
  if (performance.now() - pane.deafAt < DEAF) {
    pane.deafAt = performance.now();
    return take();
  }
  if (key === " " || key.startsWith("arrow")) {
    // a control that the keyboard is on keeps its own keys
    if (
      mine
        ? target.matches?.("button:focus-visible,summary:focus-visible") && key === " "
        : target.closest?.(key === " " ? SPACE_WIDGETS : ARROW_WIDGETS) && target !== pane.clicked
    )
      return;
  }
  take();
  if (event.repeat && !REPEATS.has(key)) return;
  if (pane.popover) {
    if (key === "x" && pane.popover === "reject") closeAsk(pane);
    return;
  }
  if (pane.editing && !REPEATS.has(key) && !"novh/e".includes(key)) return; // no verdict past an open edit
  BARE[key](pane, event);
}

// The letter on the key; on a layout without Latin letters, the letter of its place.
function nameOf(event) {
  const key = event.key.toLowerCase();
  if (key.length === 1 && key.charCodeAt(0) > 127) return /^Key([A-Z])$/.exec(event.code)?.[1].toLowerCase() || key;
  return key;
}
