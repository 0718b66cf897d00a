// One text of the run: folded, marked, searched and made readable without losing its offsets.

const FOLD_CHARS = 1500;
const FOLD_LINES = 22;
const HEAD = { chars: 900, lines: 12 };
const TAIL = { chars: 260, lines: 3 };
const AROUND = 150;
const CHUNK = 6000;
const SYMBOLS = /\u27e8(?:U\+[0-9A-F]{4,6}|[A-Z]{2,3}[1-4]?)\u27e9/g;

class TextView {
  constructor(block, { mono = false, onload = null } = {}) {
    this.block = block;
    this.mono = mono;
    this.onload = onload;
    this.open = false;
    this.hits = []; // {part, start, end}, in the offsets of the block
    this.hit = -1;
    this.el = h("div", { class: mono ? "text mono" : "text", dir: "auto" });
    this.render();
  }

  get long() {
    return this.block.parts.length > 1 || isLong(this.parts[0].text);
  }

  replace(block) {
    this.block = block;
    this.ready = null;
    this.open = true;
    this.render();
  }

  setOpen(open) {
    if (this.open === open) return;
    this.open = open;
    this.render();
  }

  // Offsets are mapped once: reformatting JSON moves every mark.
  get parts() {
    this.ready ??= this.block.parts.map((part, number) => {
      const nice = this.mono ? prettyJson(part.text) : null;
      const move = nice ? nice.move : (offset) => offset;
      return {
        text: nice ? nice.text : part.text,
        skip: part.skip,
        source: part.text,
        move,
        quiet: nice ? nice.keys : [],
        marks: this.block.marks
          .filter((mark) => mark.part === number)
          .map((mark) => ({ start: move(mark.start), end: move(mark.end), id: mark.id, kind: `mark m-${mark.kind}` })),
      };
    });
    return this.ready;
  }

  find(needle) {
    const found = [];
    this.block.parts.forEach((part, number) => {
      const text = part.text.toLowerCase();
      for (let at = text.indexOf(needle); at >= 0 && found.length < 500; at = text.indexOf(needle, at + needle.length))
        found.push({ part: number, start: at, end: at + needle.length });
    });
    return found;
  }

  setHits(hits, current = -1) {
    if (!hits.length && !this.hits.length) return;
    this.hits = hits;
    this.hit = current;
    this.render();
  }

  // The element of a mark, unfolding what hides it.
  reveal(id) {
    const query = `[data-marks~="${CSS.escape(id)}"]`;
    let found = this.el.querySelector(query);
    if (!found && !this.open && this.block.marks.some((mark) => mark.id === id)) {
      this.setOpen(true);
      found = this.el.querySelector(query);
    }
    return found;
  }

  render() {
    const out = document.createDocumentFragment();
    const folded = !this.open && this.long;
    let gap = 0;
    this.parts.forEach((part, number) => {
      const hits = this.hits
        .map((hit, n) => ({ ...hit, n }))
        .filter((hit) => hit.part === number)
        .map((hit) => ({
          start: part.move(hit.start),
          end: part.move(hit.end),
          id: `hit${hit.n}`,
          kind: hit.n === this.hit ? "hit now" : "hit",
        }));
      const ranges = [...part.quiet, ...part.marks, ...hits];
      const last = number === this.parts.length - 1;
      const keep = [...part.marks, ...hits.filter((hit) => hit.kind === "hit now")];
      const windows = folded ? windowsOf(part.text, keep, number === 0, last) : [[0, part.text.length]];
      let done = 0;
      for (const [start, end] of windows) {
        gap += start - done;
        if (gap) out.append(this.gap(gap, folded));
        gap = 0;
        emitLong(out, part.text, start, end, ranges);
        done = end;
      }
      gap += part.text.length - done + part.skip;
    });
    if (gap) out.append(this.gap(gap, folded));
    if (this.open && this.long)
      out.append(button("Fold", { kind: "gap", onclick: () => this.fold(), aria: "Fold this text" }));
    this.el.replaceChildren(out);
  }

  fold() {
    this.setOpen(false);
    this.el.closest(".step, .card")?.scrollIntoView({ block: "nearest" });
  }

  gap(chars, folded) {
    const words = `${plural(chars, "character")} hidden`;
    const load = !folded && this.onload;
    return button(load ? `${words} · load all` : words, {
      kind: "gap",
      aria: `${words}; show them`,
      onclick: () => (load ? this.onload() : this.setOpen(true)),
    });
  }
}

function isLong(text) {
  if (text.length > FOLD_CHARS) return true;
  let lines = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) if (++lines >= FOLD_LINES) return true;
  return false;
}

function windowsOf(text, keep, first, last) {
  const wanted = keep
    .slice(0, 24)
    .map((range) => [
      edge(text, Math.max(0, range.start - AROUND), -1),
      edge(text, Math.min(text.length, range.end + AROUND, range.start + FOLD_CHARS), 1),
    ]);
  if (first) wanted.push([0, headEnd(text)]);
  if (last) wanted.push([tailStart(text), text.length]);
  wanted.sort((a, b) => a[0] - b[0]);
  const merged = [];
  for (const [start, end] of wanted) {
    const before = merged[merged.length - 1];
    if (before && start <= before[1] + 80) before[1] = Math.max(before[1], end);
    else merged.push([start, end]);
  }
  return merged;
}

function headEnd(text) {
  let at = 0;
  for (let line = 0; line < HEAD.lines; line++) {
    const next = text.indexOf("\n", at);
    if (next < 0 || next > HEAD.chars) return edge(text, Math.min(HEAD.chars, text.length), 1);
    at = next + 1;
  }
  return at;
}

function tailStart(text) {
  let at = text.length;
  for (let line = 0; line < TAIL.lines; line++) {
    const before = text.lastIndexOf("\n", at - 1);
    if (before < 0 || text.length - before > TAIL.chars) return edge(text, Math.max(0, text.length - TAIL.chars), -1);
    at = before;
  }
  return at + 1;
}

// Move a cut in `step` direction to a line end or a blank that is near, so that no word is cut.
function edge(text, at, step) {
  const line = step > 0 ? text.indexOf("\n", at) : text.lastIndexOf("\n", at);
  if (line >= 0 && Math.abs(line - at) < 70) return step > 0 ? line : line + 1;
  for (let n = 0; n < 24; n++) {
    const here = at + n * step;
    if (here <= 0) return 0;
    if (here >= text.length) return text.length;
    if (/\s/.test(text[here])) return step > 0 ? here : here + 1;
  }
  return /[\udc00-\udfff]/.test(text[at]) ? at + 1 : at;
}

// A browser lays out one huge text node slowly; blocks out of sight cost nothing.
function emitLong(out, text, start, end, ranges) {
  if (end - start <= CHUNK * 2) return emit(out, text, start, end, ranges);
  for (let at = start; at < end;) {
    let stop = Math.min(end, at + CHUNK);
    if (stop < end) {
      const line = text.indexOf("\n", stop);
      stop = line >= 0 && line < stop + CHUNK ? line + 1 : edge(text, stop, 1);
    }
    const chunk = h("div", { class: "chunk" });
    emit(chunk, text, at, stop, ranges);
    out.append(chunk);
    at = stop;
  }
}

function emit(out, text, start, end, ranges) {
  const edges = [];
  for (const range of ranges) {
    if (range.end <= start || range.start >= end) continue;
    edges.push([Math.max(range.start, start), 1, range], [Math.min(range.end, end), -1, range]);
  }
  edges.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const active = new Set();
  let done = start;
  const flush = (to) => {
    if (to <= done) return;
    const piece = text.slice(done, to);
    done = to;
    if (!active.size) return emitPlain(out, piece);
    const over = [...active];
    const ids = over.map((range) => range.id).filter(Boolean);
    const el = h("span", {
      class: over.map((range) => range.kind).join(" "),
      "data-marks": ids.length ? ids.join(" ") : null,
    });
    emitPlain(el, piece);
    out.append(el);
  };
  for (const [at, step, range] of edges) {
    flush(at);
    if (step > 0) active.add(range);
    else active.delete(range);
  }
  flush(end);
}

function emitPlain(out, piece) {
  let done = 0;
  let drawn = 0;
  SYMBOLS.lastIndex = 0;
  for (let match = SYMBOLS.exec(piece); match && drawn < 2000; match = SYMBOLS.exec(piece), drawn++) {
    if (match.index > done) out.append(piece.slice(done, match.index));
    out.append(h("span", { class: "symbol", title: "A character that is normally invisible" }, match[0]));
    done = match.index + match[0].length;
  }
  if (done < piece.length) out.append(piece.slice(done));
}
