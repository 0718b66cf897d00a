// Into the edit and out of it again; what is typed belongs to the editor.

// Where this tab keeps which request its editor is open on: a page loaded anew opens it again.
const openName = ({ data }) => `agenther:${data.desk}:open`;
const wasOpen = (pane) => stored(openName(pane), Boolean) === pane.item.seen;

function edited(pane) {
  if (!pane.item) return;
  const { values, dirty } = pane.editor;
  pane.trace.setRange(values.first_step, values.last_step);
  if (!pane.editing) pane.proposal.draw(values, dirty, pane.editor.words, pane.editor.found);
  drawActions(pane);
}

function openEditor(pane) {
  if (!pane.item || pane.busy) return;
  closeAsk(pane);
  pane.editing = true;
  store(openName(pane), pane.item.seen);
  pane.proposal.el.hidden = true;
  pane.editor.el.hidden = false;
  pane.editor.refresh();
  pane.editor.text.focus({ preventScroll: true });
  drawActions(pane);
}

function closeEditor(pane) {
  pane.answered(); // a save that still waits is meant no more
  pane.editor.flush();
  pane.editing = false;
  sessionStorage.removeItem(openName(pane));
  pane.editor.el.hidden = true;
  pane.proposal.el.hidden = false;
  pane.proposal.el.scrollTop = 0;
  edited(pane);
  drawActions(pane);
  pane.trace.scroll.focus({ preventScroll: true });
}

function useAttempt(pane, attempt) {
  pane.editor.use(attempt);
  openEditor(pane);
}

// Esc leaves the innermost thing; false: there was none.
function leave(pane, target) {
  if (pane.help.open) pane.help.close();
  else if (pane.popover) closeAsk(pane);
  else if (!pane.mine.el.hidden) pane.mine.close();
  else if (target === pane.trace.search.box) pane.trace.search.leave();
  else if (pane.editing) closeEditor(pane);
  else return false;
  return true;
}

// Most of a screenful, so that a line or two stays to find the place by.
function scrollRight(pane, by) {
  const { el } = pane.editing ? pane.editor : pane.proposal;
  el.scrollBy({ top: by * el.clientHeight * 0.8 });
}
