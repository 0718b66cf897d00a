// How the pane sits on its page: its colours, its height, and the keys and signs of life that it hears.

function listen(pane) {
  pane.stop = new AbortController();
  const { signal } = pane.stop;
  window.addEventListener("keydown", (event) => onKey(pane, event), { capture: true, signal });
  // Streamlit sees keys of this shadow tree as coming from no text field, and would act on them
  for (const kind of ["keydown", "keypress", "keyup"])
    pane.root.addEventListener(kind, (event) => event.stopPropagation());
  window.addEventListener("resize", () => fit(pane), { signal });
  for (const kind of ["keydown", "pointermove", "wheel", "pointerdown"])
    window.addEventListener(kind, () => pane.attention.tick(), { capture: true, passive: true, signal });
  // a button that the mouse was on, as that of a popover, has the focus back afterwards but no claim to Space
  const clicked = ({ target }) => (pane.clicked = target.closest?.("button"));
  window.addEventListener("pointerdown", clicked, { capture: true, passive: true, signal });
  document.addEventListener(
    "visibilitychange",
    () => (document.hidden ? pane.editor.flush() : pane.attention.back()),
    { signal },
  );
  window.addEventListener("pagehide", () => pane.editor.flush(), { signal });
  // A closed tab loses what the server has not taken; one that wakes a dead page keeps it (`waking.js`).
  window.addEventListener("beforeunload", (event) => pane.owes && !pane.waking && event.preventDefault(), { signal });
  pane.pulse = setInterval(() => pane.beat(), 1000);
}

function tone(pane) {
  const probe = getComputedStyle(pane.root).getPropertyValue("--st-background-color").trim();
  const canvas = (pane.canvas ??= document.createElement("canvas").getContext("2d"));
  canvas.fillStyle = probe || "#fff";
  const [, r, g, b] = /^#(..)(..)(..)/.exec(canvas.fillStyle)?.map((hex) => parseInt(hex, 16)) || [0, 255, 255, 255];
  pane.root.dataset.tone = 0.3 * r + 0.59 * g + 0.11 * b < 128 ? "dark" : "light";
}

function fit(pane) {
  const top =
    pane.root.getBoundingClientRect().top + (document.querySelector("[data-testid=stMain]")?.scrollTop || 0);
  pane.root.style.setProperty("--top", `${Math.max(0, Math.round(top))}px`);
  pane.editor.grow();
}
