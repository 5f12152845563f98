// The view of a calculator: controls, a headline, readouts and charts.
// The same in Jupyter and in the built page; PANELS and quantity come from the compiled formulas.

const SVG = "http://www.w3.org/2000/svg";
let serial = 0;

function node(tag, attributes = {}, children = []) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

function shape(tag, attributes = {}, text = "") {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.textContent = text;
  return element;
}

// An svg with its name and description, which a screen reader says in place of the drawing.
function drawing(chart, width, height, description) {
  const id = `explorer-chart-${serial += 1}`;
  const svg = shape("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-labelledby": `${id}-title ${id}-desc` });
  svg.append(shape("title", { id: `${id}-title` }, chart.title), shape("desc", { id: `${id}-desc` }, description));
  return svg;
}

function total(bar) {
  return bar.segments.reduce((sum, segment) => sum + segment.value, 0);
}

function drawBars(chart, width) {
  const [gap, thickness] = [22, 22];
  const largest = Math.max(...chart.bars.map(total), Number.MIN_VALUE);
  const description = chart.bars
    .map((bar) => `${bar.label}: ${bar.segments.map(({ label, text }) => `${label} ${text}`).join(", ")}`)
    .join("; ");
  const svg = drawing(chart, width, chart.bars.length * (gap + thickness) + 4, description);
  chart.bars.forEach((bar, row) => {
    const top = row * (gap + thickness);
    svg.append(shape("text", { x: 0, y: top + gap - 6 }, bar.label));
    let left = 0;
    for (const { value, series } of bar.segments) {
      const length = (value / largest) * width;
      svg.append(shape("rect", { x: left, y: top + gap, width: Math.max(length, 1), height: thickness, class: `series-${series}` }));
      left += length;
    }
  });
  return svg;
}

function legend(parts) {
  const entries = parts.map(({ label, text, series }) =>
    node("li", {}, [node("span", { class: `swatch series-${series}`, "aria-hidden": "true" }), `${label} ${text}`]));
  return node("ul", { class: "explorer-legend" }, entries);
}

// Powers of ten; over less than two decades twice and five times them too, or there would be nothing to read off.
function ticks({ low, high }) {
  const steps = high < 100 * low ? [1, 2, 5] : [1];
  const found = [];
  for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; power += 1) found.push(...steps.map((step) => Number(`${step}e${power}`)));
  return found.filter((value) => value >= low && value <= high);
}

function drawCurve(chart, width) {
  const height = Math.min(300, Math.max(220, width * 0.55));
  const edge = { left: 58, right: 26, top: 12, bottom: 44 };
  const across = (value) => edge.left + ((width - edge.left - edge.right) * Math.log(value / chart.x.low)) / Math.log(chart.x.high / chart.x.low);
  const down = (value) => height - edge.bottom - ((height - edge.top - edge.bottom) * Math.log(value / chart.y.low)) / Math.log(chart.y.high / chart.y.low);
  const described = chart.marks.map(({ label, x, y }) => `${label} at ${significant(x)} on the ${chart.x.label} axis and ${quantity(y, chart.y.label)}`);
  const svg = drawing(chart, width, height, described.join("; "));
  for (const value of ticks(chart.x)) {
    svg.append(shape("line", { class: "grid", x1: across(value), x2: across(value), y1: edge.top, y2: height - edge.bottom }));
    svg.append(shape("text", { x: across(value), y: height - edge.bottom + 16, "text-anchor": "middle" }, value < 10000 ? significant(value, 1) : quantity(value, "", 1)));
  }
  for (const value of ticks(chart.y)) {
    svg.append(shape("line", { class: "grid", x1: edge.left, x2: width - edge.right, y1: down(value), y2: down(value) }));
    svg.append(shape("text", { x: edge.left - 6, y: down(value) + 4, "text-anchor": "end" }, value >= 0.01 && value < 1000 ? significant(value, 1) : quantity(value, "", 1)));
  }
  svg.append(shape("text", { x: (edge.left + width - edge.right) / 2, y: height - 6, "text-anchor": "middle" }, chart.x.label));
  svg.append(shape("text", { x: 12, y: height / 2, "text-anchor": "middle", transform: `rotate(-90 12 ${height / 2})` }, chart.y.label));
  for (const { points, series } of chart.lines) {
    svg.append(shape("polyline", { class: `curve stroke-${series}`, points: points.map(([x, y]) => `${across(x)},${down(y)}`).join(" ") }));
  }
  chart.marks.forEach(({ label, x, y, series }, place) => {
    const [left, top] = [across(x), down(y)];
    const flip = left > width * 0.7;
    // Many marks have their names in a legend, and each is smaller than the last, so that none hides another.
    svg.append(shape("circle", { class: `series-${series}`, cx: left, cy: top, r: chart.legend ? 11 - 2 * place : 6 }));
    if (!chart.legend) svg.append(shape("text", { x: left + (flip ? -10 : 10), y: top + 16, "text-anchor": flip ? "end" : "start" }, label));
  });
  return svg;
}

function drawChart(chart, width) {
  const body = chart.kind === "bars"
    ? [drawBars(chart, width), legend(chart.bars.flatMap((bar) => bar.segments))]
    : [drawCurve(chart, width), ...(chart.legend ? [legend(chart.marks)] : [])];
  return node("figure", {}, [node("figcaption", {}, [chart.title]), ...body]);
}

// One control: a list to choose from, or a slider over its options.
function buildControl(control, values, change) {
  const id = `explorer-control-${serial += 1}`;
  const index = () => control.options.findIndex(([value]) => value === values()[control.name]);
  // JupyterLab would take the arrow keys for its own unless told otherwise.
  const common = { id, name: control.name, "data-lm-suppress-shortcuts": "true" };
  const input = control.slider
    ? node("input", { ...common, type: "range", min: 0, max: control.options.length - 1, step: 1 })
    : node("select", common, control.options.map(([, text], place) => node("option", { value: place }, [text])));
  const output = node("output", { for: id });
  const show = () => {
    input.value = index();
    const text = control.options[index()][1];
    if (control.slider) {
      output.textContent = text;
      input.setAttribute("aria-valuetext", text);
    }
  };
  input.addEventListener("input", () => change(control.name, control.options[Number(input.value)][0]));
  const label = node("label", { for: id }, [control.label]);
  return { element: node("div", { class: "explorer-control" }, control.slider ? [label, output, input] : [label, input]), show };
}

function render({ model, el }) {
  const state = model.get("state");
  let values = model.get("values");
  let charts = [];
  let drawnWidth = 0;

  const titleId = `explorer-title-${serial += 1}`;
  const headline = node("p", { class: "explorer-headline", role: "status" });
  const readouts = node("dl", { class: "explorer-readouts" });
  const pictures = node("div", { class: "explorer-charts" });
  const controls = state.controls.map((control) => buildControl(control, () => values, change));
  const root = node("section", { class: "explorer", "aria-labelledby": titleId, "data-calculator": state.name }, [
    node("p", { class: "explorer-title", id: titleId }, [state.title]),
    node("div", { class: "explorer-controls" }, controls.map(({ element }) => element)),
    headline, readouts, pictures,
  ]);
  const address = model.get("address");
  const link = node("a", { class: "explorer-link" }, ["Link to these settings"]);
  if (address) root.append(link);
  el.replaceChildren(root);

  function change(name, value) {
    values = { ...values, [name]: value };
    model.set("values", values);
    model.save_changes();
    update();
  }

  function draw() {
    drawnWidth = pictures.clientWidth;
    if (drawnWidth) pictures.replaceChildren(...charts.map((chart) => drawChart(chart, drawnWidth)));
  }

  function update() {
    const panel = PANELS[state.name](state.shelf, values);
    charts = panel.charts;
    controls.forEach(({ show }) => show());
    headline.textContent = panel.headline;
    readouts.replaceChildren(...panel.readouts.map(({ label, text }) => node("div", {}, [node("dt", {}, [label]), node("dd", {}, [text])])));
    root.dataset.values = JSON.stringify(values);
    if (address) link.href = address(state, values);
    draw();
  }

  // The kernel echoes what the view has just sent; only a real change is drawn.
  function follow() {
    const next = model.get("values");
    if (JSON.stringify(next) === JSON.stringify(values)) return;
    values = next;
    update();
  }

  model.on("change:values", follow);
  update();
  const observer = new ResizeObserver(() => pictures.clientWidth !== drawnWidth && draw());
  observer.observe(pictures);
  return () => {
    observer.disconnect();
    model.off("change:values", follow);
  };
}
