// What the page has to say: a refusal or a hint, and what is not saved yet, for as long as that is so.

const SILENT = 10000; // ms without any answer after which the reviewer is told what may be wrong
const NAMES = {
  accept: "Your accept",
  edit: "Your edit",
  reject: "Your reject",
  defer: "Your defer",
  flag: "Your flag",
  undo: "Your undo",
};

function drawNotice(pane, notice) {
  pane.noticed = notice;
  const lines = pane.refused.map((refusal) => refusalLine(pane, refusal));
  if (notice) lines.push(noticeLine(notice, () => drawNotice(pane, null)));
  fill(pane.notice, lines);
}

const noticeLine = ({ level, text }, close, more = []) =>
  h(
    "div",
    { class: `notice ${level}` },
    h("span", { dir: "auto" }, text),
    more,
    button("Close", { kind: "small", onclick: close }),
  );

// A verdict that was not taken, perhaps on an item that is no longer on screen: said until it was read.
function refusalLine(pane, { op_id: opId, id, name, text }) {
  const here = pane.item?.id === id;
  const close = () => {
    pane.read.add(opId);
    hearRefusals(pane);
  };
  const open = () => {
    close();
    pane.send({ action: "open", id });
  };
  const opener = id && !here ? [button("Open it", { kind: "small", onclick: open })] : [];
  return noticeLine({ level: "error", text: here ? text : `${name}: ${text}` }, close, opener);
}

// A refusal is read when it is closed, or once its own item is acted on again.
function hearRefusals(pane) {
  pane.refused = pane.data.refused.filter(({ op_id: opId }) => !pane.read.has(opId));
  drawNotice(pane, pane.noticed);
}

function readRefusals(pane) {
  for (const { op_id: opId, id } of pane.refused) if (!id || id === pane.item?.id) pane.read.add(opId);
  pane.refused = pane.refused.filter(({ op_id: opId }) => !pane.read.has(opId));
}

// Stays until the act is taken; the words change only when they say something else.
function drawTrouble(pane, late) {
  const { trouble = "" } = pane.data || {};
  const silent = !trouble && late > SILENT;
  const words = trouble || silent ? troubleWords(pane.outbox.unsaved, trouble) : "";
  if (words === pane.troubled) return;
  pane.troubled = words;
  fill(
    pane.trouble,
    words &&
      h(
        "div",
        { class: "notice error" },
        h("span", { dir: "auto" }, words),
        button("Try now", { kind: "small", onclick: () => pane.retry() }),
      ),
  );
}

function troubleWords(unsaved, why) {
  const names = unsaved.map(({ act, name }) => NAMES[act.action] + (name ? ` of ${name}` : ""));
  const all = names.length > 1 ? `Your last ${names.length} verdicts are` : `${names[0]} is`;
  const what = names.length ? `${all} not saved yet.` : "Not saved or loaded yet.";
  const it = names.length > 1 ? "them and tries again every few seconds; each" : "it and tries again every few seconds; it";
  const keeps = `This page keeps ${it} counts once. Keep the page open.`;
  if (!why) return `${what} The app does not answer. ${keeps} If this lasts, start the app again at the same address.`;
  const holder = why.includes("another program") ? " If this lasts, end that program." : "";
  return `${what} ${why} ${keeps}${holder}`;
}
