// A server that was started anew has never drawn this page: while the page was at rest, nothing made it do so, and
// what the page sends is dropped unheard. Loaded anew, the page is known again; what it has to send is in the tab.

const WAKE_PAUSE = 60000; // ms between two attempts: a server that is only slow is left to its work
const WOKEN = "agenther:woken";

async function wake(pane) {
  if (Date.now() - Number(sessionStorage.getItem(WOKEN)) < WAKE_PAUSE) return;
  sessionStorage.setItem(WOKEN, String(Date.now()));
  const alive = await fetch("/_stcore/health").then((reply) => reply.ok, () => false);
  if (!alive) sessionStorage.removeItem(WOKEN);
  else if (pane.root.isConnected && pane.outbox.silentFor(performance.now()) > SILENT) {
    pane.editor.flush();
    pane.waking = true;
    location.reload();
  }
}
