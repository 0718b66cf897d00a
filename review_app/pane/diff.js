// Word diff: [["same" | "out" | "in", text]], by longest common subsequence of words.
function wordDiff(before, after) {
  const a = before.match(/\s+|[^\s]+/g) || [];
  const b = after.match(/\s+|[^\s]+/g) || [];
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  const x = a.slice(head, a.length - tail);
  const y = b.slice(head, b.length - tail);
  const out = [];
  const push = (kind, word) => {
    if (!word) return;
    const last = out[out.length - 1];
    if (last && last[0] === kind) last[1] += word;
    else out.push([kind, word]);
  };
  push("same", a.slice(0, head).join(""));
  if (x.length * y.length > 400000) {
    push("out", x.join(""));
    push("in", y.join(""));
  } else {
    const width = y.length + 1;
    const table = new Uint16Array((x.length + 1) * width);
    for (let i = x.length - 1; i >= 0; i--)
      for (let j = y.length - 1; j >= 0; j--)
        table[i * width + j] =
          x[i] === y[j]
            ? table[(i + 1) * width + j + 1] + 1
            : Math.max(table[(i + 1) * width + j], table[i * width + j + 1]);
    let i = 0;
    let j = 0;
    while (i < x.length || j < y.length) {
      if (i < x.length && j < y.length && x[i] === y[j]) {
        push("same", x[i++]);
        j++;
      } else if (i < x.length && (j >= y.length || table[(i + 1) * width + j] >= table[i * width + j + 1]))
        push("out", x[i++]);
      else push("in", y[j++]);
    }
  }
  push("same", a.slice(a.length - tail).join(""));
  return joinChanges(out);
}

// Words changed in a row read as one change, not as a mesh of single words.
function joinChanges(parts) {
  const out = [];
  for (let at = 0; at < parts.length;) {
    if (parts[at][0] === "same") {
      out.push(parts[at++]);
      continue;
    }
    const gone = [];
    const come = [];
    for (; at < parts.length; at++) {
      const [kind, text] = parts[at];
      const bridge = kind === "same" && /^\s+$/.test(text) && at + 1 < parts.length;
      if (kind === "same" && !bridge) break;
      if (kind !== "in") gone.push(text);
      if (kind !== "out") come.push(text);
    }
    for (const [kind, words] of [
      ["out", gone],
      ["in", come],
    ])
      if (words.length) out.push([kind, words.join("")]);
  }
  return out;
}

function drawDiff(out, before, after) {
  const names = { out: "del", in: "ins" };
  fill(out);
  wordDiff(withSymbols(before), withSymbols(after)).forEach(([kind, text], n, all) => {
    const piece = kind === "same" ? out : h(names[kind], {});
    emitPlain(piece, text);
    if (kind === "same") return;
    out.append(piece);
    if (kind === "out" && all[n + 1]?.[0] === "in") out.append(" "); // not one run-together word
  });
}
