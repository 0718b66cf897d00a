// JSON on one line, laid out for reading; `move` carries an offset over. Null: leave it as it is.
function prettyJson(text) {
  const first = text.trimStart()[0];
  if ((first !== "{" && first !== "[") || text.length < 60 || text.length > 300000) return null;
  try {
    JSON.parse(text);
  } catch {
    if (text.length < 10000) return null; // a capped one cannot be whole
  }
  const tokens = [];
  const open = [];
  const shape = /"(?:[^"\\]|\\.)*"?|[{}[\],:]|[^\s"{}[\],:]+/g;
  for (let match = shape.exec(text); match; match = shape.exec(text)) {
    const token = { text: match[0], at: match.index, close: -1 };
    if (token.text === "{" || token.text === "[") open.push(token);
    else if (token.text === "}" || token.text === "]") {
      const from = open.pop();
      if (from) from.close = token.at;
    }
    tokens.push(token);
  }
  const from = [0];
  const to = [0];
  const keys = [];
  const out = [];
  let length = 0;
  let depth = 0;
  let flat = -1; // offset of the bracket that ends the short group we are in
  const put = (piece) => {
    out.push(piece);
    length += piece.length;
  };
  tokens.forEach((token, n) => {
    const closing = token.text === "}" || token.text === "]";
    if (closing && flat < 0) {
      depth = Math.max(0, depth - 1);
      if (tokens[n - 1]?.text !== "{" && tokens[n - 1]?.text !== "[") put("\n" + "  ".repeat(depth));
    }
    from.push(token.at);
    to.push(length);
    if (token.text[0] === '"' && tokens[n + 1]?.text === ":")
      keys.push({ start: length, end: length + token.text.length, kind: "json-key" });
    put(token.text);
    from.push(token.at + token.text.length);
    to.push(length);
    if (token.at === flat) flat = -1;
    else if (token.text === "{" || token.text === "[") {
      if (flat >= 0) return;
      if (token.close >= 0 && token.close - token.at <= 112) flat = token.close;
      else {
        depth++;
        put("\n" + "  ".repeat(depth));
      }
    } else if (token.text === ",") put(flat >= 0 ? " " : "\n" + "  ".repeat(depth));
    else if (token.text === ":") put(" ");
  });
  return {
    text: out.join(""),
    keys,
    move(offset) {
      let low = 0;
      let high = from.length - 1;
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (from[middle] <= offset) low = middle;
        else high = middle - 1;
      }
      const next = low + 1 < to.length ? to[low + 1] : length;
      return Math.min(to[low] + offset - from[low], next);
    },
  };
}
