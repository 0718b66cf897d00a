// What is typed or pasted is drawn without the server: its hidden characters become the symbols of `shown.py`.

const HIDES = new RegExp(
  "\\r(?=\\n)|[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\xad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180e" +
    "\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u3164\\ufeff\\uffa0\\ufff9-\\ufffb\\ud800-\\udfff" +
    "\\u{e0000}-\\u{e01ef}]|(?<![^\\x00-\\x7f])[\\u200c\\u200d]|[\\u200c\\u200d](?![^\\x00-\\x7f])",
  "gu",
);
const CONTROL_NAMES = (
  "NUL SOH STX ETX EOT ENQ ACK BEL BS TAB LF VT FF CR SO SI " +
  "DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC FS GS RS US"
).split(" ");

function withSymbols(text) {
  return text.replace(HIDES, (one, at) => {
    if (one === "\r" && text[at + 1] === "\n") return "";
    const code = one.codePointAt(0);
    const name = code === 127 ? "DEL" : CONTROL_NAMES[code];
    return `\u27e8${name || `U+${code.toString(16).toUpperCase().padStart(4, "0")}`}\u27e9`;
  });
}
