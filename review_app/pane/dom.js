// Building blocks. Nothing here or after it ever parses HTML: text goes in as text nodes.

function h(tag, props, ...kids) {
  const el = document.createElement(tag);
  for (const [name, value] of Object.entries(props || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) el.addEventListener(name.slice(2), value);
    else if (name === "value") el.value = value;
    else el.setAttribute(name, value === true ? "" : value);
  }
  add(el, kids);
  return el;
}

function add(el, kids) {
  for (const kid of kids.flat(Infinity)) {
    if (kid === null || kid === undefined || kid === false || kid === "") continue;
    el.append(kid);
  }
  return el;
}

function fill(el, ...kids) {
  el.replaceChildren();
  return add(el, kids);
}

const KEY_CAPS = {
  ctrl_enter: "Ctrl ↵",
  backspace: "⌫",
  space: "Space",
  esc: "Esc",
  left: "←",
  right: "→",
  enter: "↵",
};

const cap = (key) => h("kbd", { "aria-hidden": "true" }, KEY_CAPS[key] || key);

// A press with the mouse leaves the focus where it was, so that Space still means "defer" after it.
const plainButton = (props, ...kids) =>
  h("button", { type: "button", onmousedown: (event) => event.preventDefault(), ...props }, ...kids);

function button(label, { key, title, kind = "", onclick, aria, keyshort } = {}) {
  return plainButton(
    { class: `btn ${kind}`, title, "aria-label": aria, "aria-keyshortcuts": keyshort, onclick },
    h("span", {}, label),
    key && cap(key),
  );
}

const count = (number) => number.toLocaleString("en-US");
const plural = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

const tag = (text, tone = "plain", title = null) => h("span", { class: `tag ${tone}`, title }, text);

function randomId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16)); // plain http on another host has no randomUUID
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
