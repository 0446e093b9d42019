"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const kernels = data.kernels;
const byName = new Map(kernels.map((kernel) => [kernel.name, kernel]));
const $ = (id) => document.getElementById(id);
const escaped = (text) => String(text).replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);
let current = kernels[0];

// Numbers for readers: three digits that count.
const number = (value) => (value === 0 ? "0" : Math.abs(value) >= 1e-3 ? String(Number(value.toPrecision(3))) : value.toExponential(1));
const seconds = (value) => {
  const [scale, unit] = value >= 1 ? [1, "s"] : value >= 1e-3 ? [1e3, "ms"] : [1e6, "µs"];
  return `${number(value * scale)} ${unit}`;
};
const table = (head, rows) =>
  `<table>${head.length ? `<tr>${head.map((cell, i) => `<th${i ? ' class="r"' : ""}>${cell}</th>`).join("")}</tr>` : ""}${rows
    .map((row) => `<tr>${row.map((cell, i) => `<td${i && head.length ? ' class="r"' : ""}>${cell}</td>`).join("")}</tr>`)
    .join("")}</table>`;

// ---- the list

const options = (id, label, values) => {
  $(id).innerHTML = [`<option value="">${label}</option>`, ...values.map((value) => `<option>${escaped(value)}</option>`)].join("");
};
const distinct = (of) => [...new Set(kernels.map(of))];
options("family", "family", distinct((kernel) => kernel.family));
options("route", "route", distinct((kernel) => kernel.route));
options("class", "class", distinct((kernel) => kernel.numeric.class));
options("encoding", "weights", distinct((kernel) => kernel.configuration.encoding));
options("scales", "scales", distinct((kernel) => kernel.configuration.scales.format));

function list() {
  const words = $("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const found = kernels.filter(
    (kernel) =>
      words.every((word) => kernel.name.toLowerCase().includes(word)) &&
      (!$("family").value || kernel.family === $("family").value) &&
      (!$("route").value || kernel.route === $("route").value) &&
      (!$("class").value || kernel.numeric.class === $("class").value) &&
      (!$("encoding").value || kernel.configuration.encoding === $("encoding").value) &&
      (!$("scales").value || kernel.configuration.scales.format === $("scales").value),
  );
  $("count").textContent = `${found.length} of ${kernels.length} kernels`;
  $("list").innerHTML = found
    .map((kernel) => `<a href="#${escaped(kernel.name)}"${kernel === current ? ' aria-current="true"' : ""}>${escaped(kernel.name)}</a>`)
    .join("");
}
for (const id of ["search", "family", "route", "class", "encoding", "scales"]) $(id).addEventListener("input", list);

// ---- the text

const WORDS = new Set("alias break case const continue default else enable fn for if let loop override return struct switch var while workgroup storage read read_write function uniform".split(" "));
const TYPE = /^(?:[iuf](?:16|32)|bool|array|atomic|vec[234](?:[iufh])?|mat\dx\d[fh]?|ptr|coop_mat\w*)$/;
const TOKEN = /(\/\/.*)|(@\w+)|(\b(?:0x[0-9a-fA-F]+|\d+(?:\.\d*)?(?:e[+-]?\d+)?)[iufh]?\b)|([A-Za-z_]\w*)|([^])/g;
function highlighted(text) {
  return text
    .replace(/\n$/, "")
    .split("\n")
    .map((line) => {
      const row = line.replace(TOKEN, (all, comment, attribute, literal, word) => {
        const kind = comment ? "c" : attribute ? "a" : literal ? "n" : word && WORDS.has(word) ? "w" : word && TYPE.test(word) ? "t" : "";
        return kind ? `<span class="${kind}">${escaped(all)}</span>` : escaped(all);
      });
      return `<span class="row">${row}</span>`;
    })
    .join("");
}

// ---- the roofline

const FALLBACK = { bandwidth: 1000, arithmetic: 20, matrix: null };
for (const id of ["bandwidth", "arithmetic", "matrix"]) {
  $(id).value = (data.ceilings ?? FALLBACK)[id] ?? "";
  $(id).addEventListener("input", roofline);
}
const useful = (work) => 2 * work.shape.m * work.shape.n * work.shape.k;
const intensity = (work) => useful(work) / work.bytes;
// As the report in the terminal has it; null where matrices are used and nobody said how fast those are.
function bound(work) {
  const memory = work.bytes / (Number($("bandwidth").value) * 1e9);
  let arithmetic = work.operations / (Number($("arithmetic").value) * 1e12);
  if (work.matrix_operations > 0) {
    if (!Number($("matrix").value)) return null;
    arithmetic += work.matrix_operations / (Number($("matrix").value) * 1e12);
  }
  return { memory, arithmetic, least: Math.max(memory, arithmetic) };
}
function roofline() {
  const bandwidth = Number($("bandwidth").value) * 1e9;
  const peak = Number($("arithmetic").value) * 1e12;
  if (!(bandwidth > 0) || !(peak > 0)) return;
  const W = 520, H = 270, left = 52, right = 20, top = 12, bottom = 34;
  const points = kernels.filter((kernel) => kernel.work).map((kernel) => ({ kernel, at: intensity(kernel.work), bound: bound(kernel.work) })).filter((point) => point.bound);
  const speed = (point) => useful(point.kernel.work) / point.bound.least;
  const lowX = Math.floor(Math.log10(Math.min(1, ...points.map((p) => p.at))));
  const highX = Math.ceil(Math.log10(Math.max(peak / bandwidth, ...points.map((p) => p.at))) + 0.2);
  const highest = Math.max(peak, ...points.map(speed));
  const highY = Math.ceil(Math.log10(highest)), lowY = Math.floor(Math.log10(Math.min(bandwidth * 10 ** lowX, ...points.map(speed))));
  const x = (value) => left + ((Math.log10(value) - lowX) / (highX - lowX)) * (W - left - right);
  const y = (value) => H - bottom - ((Math.log10(value) - lowY) / (highY - lowY)) * (H - top - bottom);
  const parts = [];
  for (let e = lowX; e <= highX; e++) parts.push(`<line class="axis" x1="${x(10 ** e)}" x2="${x(10 ** e)}" y1="${top}" y2="${H - bottom}"/><text x="${x(10 ** e)}" y="${H - bottom + 14}" text-anchor="middle">${10 ** e}</text>`);
  for (let e = lowY; e <= highY; e++) {
    const label = e >= 12 ? `${10 ** (e - 12)} T` : e >= 9 ? `${10 ** (e - 9)} G` : `${10 ** (e - 6)} M`;
    parts.push(`<line class="axis" x1="${left}" x2="${W - right}" y1="${y(10 ** e)}" y2="${y(10 ** e)}"/><text x="${left - 6}" y="${y(10 ** e) + 4}" text-anchor="end">${label}</text>`);
  }
  parts.push(`<text x="${(left + W - right) / 2}" y="${H - 4}" text-anchor="middle">useful operations per byte</text>`);
  parts.push(`<path class="roof" d="M${x(10 ** lowX)} ${y(bandwidth * 10 ** lowX)} L${x(peak / bandwidth)} ${y(peak)} L${x(10 ** highX)} ${y(peak)}"/>`);
  for (const point of points) {
    const alike = point.kernel.family === current.family;
    parts.push(`<circle class="dot${alike ? " alike" : ""}" data-name="${escaped(point.kernel.name)}" cx="${x(point.at)}" cy="${y(speed(point))}" r="3.5"><title>${escaped(point.kernel.name)}</title></circle>`);
  }
  const here = points.find((point) => point.kernel === current);
  if (here) parts.push(`<circle class="here" cx="${x(here.at)}" cy="${y(speed(here))}" r="6.5"/>`);
  $("roofline").innerHTML = `<svg viewBox="0 0 ${W} ${H}" role="img" aria-label="Roofline: useful operations per second against operations per byte">${parts.join("")}</svg>`;
  const work = current.work;
  const reached = work && bound(work);
  const assumed = data.ceilings ? "" : " The ceilings are examples: put in those of your device.";
  $("bound").innerHTML = reached
    ? `Bound by <b>${reached.memory >= reached.arithmetic ? "memory" : "arithmetic"}</b> for ${work.shape.m} × ${work.shape.n} × ${work.shape.k}: no less than <b>${seconds(reached.least)}</b> (memory ${seconds(reached.memory)}, arithmetic ${seconds(reached.arithmetic)}).${assumed}`
    : "It computes with cooperative matrices: say above how fast those are.";
}
$("roofline").addEventListener("click", (event) => {
  const name = event.target.dataset?.name;
  if (name) location.hash = name;
});

// ---- routes over M

const FEATURES = [...new Set([...kernels.map((kernel) => kernel.needs), ...data.orders.flat()].flatMap(({ features }) => features))];
$("features").innerHTML = FEATURES.map((feature) => `<label><input type="checkbox" value="${feature}" checked> ${feature.replaceAll("_", " ")}</label>`).join("");
$("features").addEventListener("change", routes);
const most = (constraints) => (constraints.rows === "one" ? 1 : constraints.rows === "any" ? Infinity : constraints.rows.up_to);
const serves = ({ constraints: { k, k_multiple, k_most } }) => (k === null || k === data.k) && data.k % k_multiple === 0 && data.k <= k_most;
const orderOf = new Map(kernels.map((kernel, index) => [kernel.name, data.orders[data.order_of[index]]]));
const LAST = 4096;
$("layers").textContent = `K = ${data.k}`;
function routes() {
  const has = new Set([...$("features").querySelectorAll("input:checked")].map((box) => box.value));
  const all = orderOf.get(current.name);
  const order = all.filter((variant) => serves(variant) && variant.features.every((feature) => has.has(feature)));
  // As they stand, but those that come before another for few rows: of them those for fewer first.
  const place = (variant, m) => (m <= variant.precedence?.rows ? [variant.precedence.before, 0, variant.precedence.rows] : [all.indexOf(variant), 1, 0]);
  const first = (a, b, m) => { const [of, than] = [place(a, m), place(b, m)]; return of[0] - than[0] || of[1] - than[1] || of[2] - than[2]; };
  const chosen = (m) => order.filter((variant) => m <= most(variant.constraints)).sort((a, b) => first(a, b, m))[0];
  const ends = order.flatMap((variant) => [most(variant.constraints), variant.precedence?.rows ?? 0]);
  const edges = [...new Set([1, ...ends.map((end) => end + 1)])].filter((m) => m <= LAST).sort((a, b) => a - b);
  const spans = [];
  edges.forEach((first, index) => {
    const last = (edges[index + 1] ?? LAST + 1) - 1;
    const kernel = chosen(first);
    if (!kernel) return;
    if (spans.length && spans.at(-1).kernel === kernel) spans.at(-1).last = last;
    else spans.push({ kernel, first, last });
  });
  if (serves(current) && !spans.some((span) => span.kernel.name === current.name))
    spans.push({ kernel: current, first: 1, last: Math.min(most(current.constraints), LAST), aside: true });
  if (!spans.length) { $("routes").textContent = "Nothing runs without these features."; return; }
  const W = 520, row = 24, left = 8, right = 18, top = 18;
  const x = (m) => left + (Math.log2(m) / (Math.log2(LAST + 1))) * (W - left - right);
  const H = top + spans.length * row + 6;
  const parts = [];
  for (let m = 1; m <= LAST; m *= 4) parts.push(`<line class="axis" x1="${x(m)}" x2="${x(m)}" y1="${top - 4}" y2="${H}"/><text x="${x(m)}" y="11" text-anchor="${m === 1 ? "start" : "middle"}">${m === 1 ? "M = 1" : m}</text>`);
  spans.forEach((span, index) => {
    const from = x(span.first), to = x(span.last + 1), on = span.kernel.name === current.name ? " on" : "";
    const label = `${span.kernel.name}${span.aside ? " (could serve)" : ""}`, inside = to - from > label.length * 6.8, before = !inside && from > W / 2;
    parts.push(`<rect class="bar${on}" data-name="${escaped(span.kernel.name)}" x="${from}" y="${top + index * row}" width="${Math.max(to - from - 1, 2)}" height="${row - 6}" rx="3"><title>M = ${span.first} to ${span.last >= LAST ? "any" : span.last}</title></rect>`);
    parts.push(`<text class="label${inside ? on : ""}" x="${inside ? from + 6 : before ? from - 5 : to + 5}" text-anchor="${before ? "end" : "start"}" y="${top + index * row + 13}">${escaped(label)}</text>`);
  });
  $("routes").innerHTML = `<svg viewBox="0 0 ${W} ${H}" role="img" aria-label="Which kernel runs for how many rows">${parts.join("")}</svg>`;
}
$("routes").addEventListener("click", (event) => {
  const name = event.target.dataset?.name;
  if (byName.has(name)) location.hash = name;
});

// ---- one kernel

function show(kernel) {
  current = kernel;
  const { constraints, needs, cost, numeric } = kernel;
  document.title = `${kernel.name} · q4 kernels`;
  $("name").textContent = kernel.name;
  $("description").textContent = kernel.description;
  const chips = [kernel.family, kernel.route, `${numeric.class}: ${numeric.meaning}`, kernel.web ? "runs in browsers" : "not in browsers", ...needs.features.map((feature) => `needs ${feature.replaceAll("_", " ")}`)];
  $("chips").innerHTML = chips.map((chip) => `<span class="chip">${escaped(chip)}</span>`).join("");
  $("wgsl").innerHTML = highlighted(kernel.wgsl);
  if (cost) {
    const { m, n, k, group_size } = cost.shape;
    $("counted").textContent = `Counted on the emulator at M = ${m}, N = ${n}, K = ${k}, groups of ${group_size}, subgroups of ${cost.subgroup_size}.`;
    $("cost").innerHTML =
      table(["", "bytes", "new bytes", "sectors"], Object.entries(cost.bindings).map(([name, traffic]) => [name, number(traffic.bytes), number(traffic.unique_bytes), number(traffic.sectors)])) +
      table(["", "per weight"], [
        ["f32 operations", number(cost.float_operations)],
        ["integer operations", number(cost.integer_operations)],
        ["conversions", number(cost.conversions)],
        ["products of matrices", number(cost.matrix_products)],
        ["bytes of workgroup memory", number(cost.workgroup_bytes)],
        ["bank conflicts", number(cost.bank_conflicts)],
        ["barriers", number(cost.barriers)],
        ["subgroup operations", number(cost.subgroup_operations)],
      ]);
  } else {
    $("counted").textContent = "It cannot be emulated, so nothing was counted.";
    $("cost").innerHTML = "";
  }
  const rows = constraints.rows === "one" ? "1" : constraints.rows === "any" ? "any" : `up to ${constraints.rows.up_to}`;
  const tolerance = numeric.tolerance;
  $("needs").innerHTML = table([], [
    ["rows", rows],
    ["K", constraints.k ?? `a multiple of ${constraints.k_multiple}${constraints.k_most < 2 ** 32 - 1 ? `, up to ${constraints.k_most}` : ""}`],
    ["group size", constraints.group_size ?? `a multiple of ${constraints.group_size_multiple}`],
    ["invocations", needs.workgroup_size],
    ["workgroup memory", `${needs.workgroup_bytes} bytes`],
    ["subgroups", needs.subgroup_size ? `of ${needs.subgroup_size} lanes` : needs.features.includes("subgroup") ? "of any size" : "not used"],
    ["tolerance", `${tolerance.absolute} + ${tolerance.relative} of the output${tolerance.of_products ? ` + ${tolerance.of_products} of the products` : ""}`],
    ["SHA-256", `<code title="${kernel.fingerprint}">${kernel.fingerprint.slice(0, 16)}…</code>`],
  ]);
  $("formula").innerHTML = `<code>${escaped(kernel.dispatch_formula)}</code>`;
  $("grids").innerHTML = table(["M × N", "workgroups"], kernel.grids.map((grid) => [`${grid.m} × ${grid.n}`, grid.workgroups ? grid.workgroups.join(" × ") : "more than a grid holds"]));
  $("bindings").innerHTML = table(["buffer", "@group(0) @binding"], kernel.bindings.map((buffer) => [buffer.name, buffer.binding]));
  $("params").innerHTML = table([], kernel.params.map((field) => [field.offset, `<code>${field.name}</code>`, escaped(field.meaning)]));
  list();
  roofline();
  routes();
}
function follow() {
  show(byName.get(decodeURIComponent(location.hash.slice(1))) ?? current);
}
addEventListener("hashchange", follow);
$("theme").addEventListener("click", () => {
  const dark = getComputedStyle(document.documentElement).colorScheme === "dark" || (getComputedStyle(document.documentElement).colorScheme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.style.colorScheme = dark ? "light" : "dark";
});
follow();
document.querySelector("[aria-current]")?.scrollIntoView({ block: "center" });
