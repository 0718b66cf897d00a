// Bars and handles in one SVG. A handle is a slider to the keyboard and to a screen reader.

const SVG = "http://www.w3.org/2000/svg";
const LINE = 18, BOTTOM = 40, LEFT = 44, RIGHT = 14; // LINE: height of what one handle says
const STEPS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -5, PageUp: 5 };

const draw = (name, attributes = {}, ...children) => {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children.filter((child) => child != null));
  return node;
};
const said = (value) => value.toLocaleString("en-US");

function ticks(most) {
  const rough = Math.max(most / 3, 1), power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough);
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, n) => n * step);
}

class Histogram {
  constructor(root) {
    this.root = root;
    this.dragged = null;
    this.moves = new Map(); // by key of the handle: let go, and not yet drawn by the server
    this.watch = new ResizeObserver(() => this.data && !this.dragged && this.paint());
    this.watch.observe(root);
  }

  update(data) {
    this.data = data;
    for (const handle of data.handles) {
      if (this.moves.get(handle.key) === handle.value) this.moves.delete(handle.key);
    }
    if (!this.dragged) this.paint();
  }

  paint() {
    const focused = this.root.getRootNode().activeElement?.dataset?.key;
    const { data } = this;
    this.width = Math.max(280, this.root.clientWidth);
    this.height = data.height;
    const unjudged = data.bars.some((bar) => bar.bin === null);
    this.from = LEFT + (unjudged ? 40 : 0);
    this.span = this.width - this.from - RIGHT;
    const svg = draw("svg", { width: this.width, height: this.height, role: "group", "aria-label": data.title });
    this.paintBars(svg);
    this.handles = data.handles.map((handle) => this.handle(svg, { ...handle }));
    svg.append(...this.handles.map(({ words }) => words)); // over the line of whatever handle
    this.root.replaceChildren(svg, ...(data.legend ? [this.legend()] : []));
    if (focused) this.handles.find((one) => one.key === focused)?.node.focus();
  }

  x(value) {
    return this.from + value * this.span;
  }

  paintBars(svg) {
    const { bars, bins, series, title } = this.data;
    const piles = new Map();
    for (const { bin, state, n } of bars) {
      if (!piles.has(bin)) piles.set(bin, {});
      piles.get(bin)[state] = (piles.get(bin)[state] || 0) + n;
    }
    const sum = (pile) => Object.values(pile).reduce((a, b) => a + b, 0);
    const most = Math.max(1, ...[...piles.values()].map(sum));
    const floor = this.height - BOTTOM, scale = (floor - 10 - LINE * this.data.handles.length) / most;
    for (const tick of ticks(most)) {
      const y = floor - tick * scale;
      svg.append(
        draw("line", { class: "grid", x1: LEFT, x2: this.width - RIGHT, y1: y, y2: y }),
        draw("text", { class: "tick", x: LEFT - 6, y: y + 4, "text-anchor": "end" }, said(tick)),
      );
    }
    for (const [bin, pile] of piles) {
      const left = bin === null ? LEFT + 6 : this.x(bin / bins) + 1;
      const width = bin === null ? 24 : Math.max(1, this.span / bins - 2);
      const where = bin === null ? "unjudged" : `${(bin / bins).toFixed(2)} to ${((bin + 1) / bins).toFixed(2)}`;
      const parts = series.filter(({ state }) => pile[state]);
      const words = `${where}: ${parts.map(({ state }) => `${state} ${said(pile[state])}`).join(", ")}`;
      const group = draw("g", {}, draw("title", {}, words));
      let y = floor;
      for (const { state, colour } of parts) {
        const height = pile[state] * scale;
        y -= height;
        group.append(draw("rect", { x: left, y, width, height, fill: colour }));
      }
      svg.append(group);
    }
    for (let tenth = 0; tenth <= 10; tenth++) {
      const words = (tenth / 10).toFixed(1);
      svg.append(draw("text", { class: "tick", x: this.x(tenth / 10), y: floor + 16, "text-anchor": "middle" }, words));
    }
    if (piles.has(null)) {
      svg.append(draw("text", { class: "tick", x: LEFT + 18, y: floor + 16, "text-anchor": "middle" }, "none"));
    }
    svg.append(draw("text", { class: "tick", x: this.x(0.5), y: this.height - 6, "text-anchor": "middle" }, title));
  }

  legend() {
    const shown = new Set(this.data.bars.map((bar) => bar.state));
    const list = document.createElement("div");
    list.className = "legend";
    for (const { state, colour } of this.data.series.filter((one) => shown.has(one.state))) {
      const entry = document.createElement("span");
      const swatch = document.createElement("i");
      swatch.style.background = colour;
      entry.append(swatch, state.replaceAll("_", " "));
      list.append(entry);
    }
    return list;
  }

  handle(svg, handle) {
    const y = 12 + this.data.handles.findIndex((one) => one.key === handle.key) * LINE;
    handle.line = draw("line", { y1: y, y2: this.height - BOTTOM });
    handle.grip = draw("circle", { cy: y, r: 7 });
    handle.words = draw("text", { class: "words", y: y + 4, "aria-hidden": "true" }); // the slider's value says them
    handle.reach = draw("rect", { class: "reach", y: 0, width: 20, height: this.height - BOTTOM });
    const attributes = { class: `handle ${handle.key}`, role: "slider", tabindex: 0, "aria-label": handle.label };
    handle.node = draw("g", attributes, handle.reach, handle.line, handle.grip);
    handle.node.dataset.key = handle.key;
    handle.node.addEventListener("keydown", (event) => this.press(event, handle));
    handle.node.addEventListener("keyup", (event) => this.letGo(event, handle));
    handle.node.addEventListener("blur", () => this.send(handle));
    handle.node.addEventListener("pointerdown", (event) => this.drag(event, handle));
    svg.append(handle.node);
    this.place(handle, this.moves.get(handle.key) ?? handle.value);
    return handle;
  }

  place(handle, wanted) {
    const value = Math.round(Math.min(handle.most, Math.max(handle.least, wanted)) * 100) / 100;
    const x = this.x(value), right = value > 0.6;
    handle.value = value;
    handle.line.setAttribute("x1", x);
    handle.line.setAttribute("x2", x);
    handle.grip.setAttribute("cx", x);
    handle.reach.setAttribute("x", x - 10);
    handle.words.setAttribute("x", x + (right ? -12 : 12));
    handle.words.setAttribute("text-anchor", right ? "end" : "start");
    const words = `${value.toFixed(2)} ${handle.says} ${said(handle.counts[Math.round(value * 100)])}`;
    handle.words.textContent = handle.off && !value ? handle.off : `${handle.label} ${words}`;
    const aria = { valuemin: handle.least, valuemax: handle.most, valuenow: value, valuetext: words };
    for (const [name, told] of Object.entries(aria)) handle.node.setAttribute(`aria-${name}`, told);
  }

  press(event, handle) {
    const ends = { Home: handle.least, End: handle.most };
    const step = STEPS[event.key];
    if (step === undefined && !(event.key in ends)) return;
    event.preventDefault();
    event.stopPropagation();
    this.place(handle, ends[event.key] ?? handle.value + step / 100);
    this.moves.set(handle.key, handle.value);
    handle.unsent = true;
  }

  letGo(event, handle) {
    if (event.key in STEPS || event.key === "Home" || event.key === "End") this.send(handle);
  }

  drag(event, handle) {
    event.preventDefault();
    handle.node.focus();
    handle.node.setPointerCapture(event.pointerId);
    this.dragged = handle;
    const move = ({ clientX }) => {
      this.place(handle, (clientX - this.root.getBoundingClientRect().left - this.from) / this.span);
      handle.unsent = true;
    };
    const end = () => {
      handle.node.removeEventListener("pointermove", move);
      this.dragged = null;
      this.moves.set(handle.key, handle.value);
      this.send(handle);
    };
    handle.node.addEventListener("pointermove", move);
    handle.node.addEventListener("pointerup", end, { once: true });
    handle.node.addEventListener("lostpointercapture", () => this.dragged === handle && end(), { once: true });
  }

  send(handle) {
    if (!handle.unsent) return;
    handle.unsent = false;
    const known = this.data.handles.find((one) => one.key === handle.key);
    if (known?.value === handle.value) this.moves.delete(handle.key);
    else this.commit({ key: handle.key, value: handle.value });
  }
}

const histograms = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  let histogram = histograms.get(parentElement);
  if (!histogram) {
    histogram = new Histogram(parentElement.querySelector(".histogram"));
    histograms.set(parentElement, histogram);
  }
  histogram.commit = (move) => setTriggerValue("moved", move);
  histogram.update(data);
  return () => {
    histogram.watch.disconnect();
    histograms.delete(parentElement);
  };
}
