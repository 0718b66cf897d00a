// Where a long text is cut: head, tail and every marked place stay, and no word is cut in two.

const FOLD_CHARS = 1500;
const FOLD_LINES = 22;
const HEAD = { chars: 900, lines: 12 };
const TAIL = { chars: 260, lines: 3 };
const AROUND = 150;

// Whether the server kept some of a text, or of any text of a run.
const isCutBlock = (block) => Boolean(block?.parts.some((part) => part.skip > 0));
const isCut = ({ prompt, system, final, steps }) =>
  [prompt, system, final].some(isCutBlock) ||
  steps.some((s) => isCutBlock(s.observation) || isCutBlock(s.thought) || isCutBlock(s.text));

// The text of a run that a view is named after: `3:observation`; arguments come on their own.
function blockAt(trace, name) {
  const [step, field] = name.split(":");
  const short = { original_prompt: "prompt", system_prompt: "system", final_answer: "final" };
  return Number(step) ? trace.steps[step - 1][field] : trace[short[field]];
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
