// One text of the run: folded, marked, searched and made readable without losing its offsets.

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

  get cut() {
    return isCutBlock(this.block);
  }

  replace(block, open) {
    this.block = block;
    this.ready = null;
    this.open = open;
    this.hits = [];
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
        if (gap) out.append(this.gap(gap));
        gap = 0;
        emitLong(out, part.text, start, end, ranges);
        done = end;
      }
      gap += part.text.length - done + part.skip;
    });
    if (gap) out.append(this.gap(gap));
    if (this.open && this.long)
      out.append(button("Fold", { kind: "gap", onclick: () => this.fold(), aria: "Fold this text" }));
    this.el.replaceChildren(out);
  }

  fold() {
    this.setOpen(false);
    this.el.closest(".step, .card")?.scrollIntoView({ block: "nearest" });
  }

  gap(chars) {
    const words = `${plural(chars, "character")} hidden`;
    const load = this.cut && this.onload;
    return button(words, {
      kind: "gap",
      aria: `${words}; show them`,
      onclick: () => (load ? this.onload() : this.setOpen(true)),
    });
  }
}
