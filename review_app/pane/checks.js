// What the rules found in a request: its values, and what a reviewer should be warned of.
function drawChecks(out, { values, stale, stale_refs: staleRefs = [], missing, unmet, secrets = [], similarity }, pane) {
  const go = (ref) => pane.proposal.go(ref);
  const told = [...Map.groupBy(values, (value) => `${value.standing} ${value.text}`).values()].map(([first]) => first);
  const good = told.filter((value) => value.standing === "found").length;
  fill(
    out,
    told.length > 0 &&
      h(
        "ul",
        {
          class: "values",
          "aria-label": `Values that the request names: ${good} of ${told.length} found in the run`,
        },
        told.map((value) => drawValue(value, go)),
      ),
    unmet.length > 0 &&
      h(
        "p",
        { class: "warn-line", title: "Only the user's own words hold it: no call took it up, no result shows it" },
        `Asked for, and nothing in the run shows that it was met: ${unmet.join(", ")}`,
      ),
    missing.length > 0 &&
      h("p", { class: "warn-line" }, `Nothing says where these inputs come from: ${missing.join(", ")}`),
    stale.length > 0 &&
      h("p", { class: "warn-line" }, `Words of the old request left in the kept steps: ${stale.join(", ")} `, chips(pane, staleRefs)),
    secrets.length > 0 &&
      h("p", { class: "warn-line" }, `Request or answer repeats a secret of the run: ${secrets.join(", ")}`),
    similarity > 0.85 &&
      h("p", { class: "warn-line" }, `Nearly the same as the original request (${similarity.toFixed(2)}).`),
  );
}

function drawValue(value, go) {
  const words = {
    found: value.ref?.place,
    asked: "asked for, not met",
    leak: `gives the answer away · ${value.ref?.place || "result"}`,
    against: `the run shows otherwise · ${value.ref?.place}`,
    missing: "not found in the run",
  }[value.standing];
  const inner = [h("b", { dir: "auto" }, value.text), h("span", {}, words)];
  const drawn = value.ref
    ? plainButton({ class: "value", "data-refs": value.ref.id, title: value.ref.quote, onclick: () => go(value.ref) }, inner)
    : h("span", { class: "value" }, inner);
  return h("li", { class: value.standing }, drawn);
}

const standWords = ({ score, threshold }) =>
  `${score < threshold ? "below" : "not below"} the threshold ${threshold.toFixed(2)}`;

const rangeWords = ({ first_step: first, last_step: last, steps }) => {
  if (first === 1 && last === steps) return steps === 1 ? "the only step" : `all ${steps} steps`;
  return first === last ? `step ${first} of ${steps}` : `steps ${first}–${last} of ${steps}`;
};
