// The table of measured figures beside their predictions, with filters. The figures stand in the page as plain data.
{
  const host = document.getElementById("anchors");
  const data = JSON.parse(host.querySelector("script").textContent);
  const place = Object.fromEntries(data.columns.map((name, index) => [name, index]));
  const figures = data.rows.map((row) => Object.fromEntries(data.columns.map((name) => [name, row[place[name]]])));
  const AT_FIRST = 25, MORE = 100;

  const make = (name, attributes = {}, ...content) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...content);
    return element;
  };
  const grouped = (number) => number.toLocaleString("en-US");
  const short = (number) => number.toLocaleString("en-US", { maximumSignificantDigits: 3 });
  const percent = (thousandths) => `${grouped(Math.floor(Math.abs(thousandths) / 10 + 0.5))}\u00a0%`;
  const signed = (thousandths) => `${Math.abs(thousandths) < 5 ? "" : thousandths > 0 ? "+" : "\u2212"}${percent(thousandths)}`;
  const median = (numbers) => {
    const sorted = numbers.slice().sort((a, b) => a - b), half = sorted.length >> 1;
    return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  };
  const isRate = (figure) => data.metrics[figure.metric][1] === "token/s";
  // The error is that of a rate; a time that is too short is a rate that is too fast.
  const predicted = (figure) => isRate(figure) ? figure.measured * (1 + figure.error / 1000) : figure.measured / (1 + figure.error / 1000);
  const interval = (figure) => {
    const regime = /first token|prompt tokens/.test(data.metrics[figure.metric][0]) ? 2 : figure.requests === 1 ? 0 : 1;
    const [low, high] = data.sources[figure.source][1][regime], middle = predicted(figure);
    return isRate(figure) ? [middle / high, middle / low] : [middle * low, middle * high];
  };

  const byName = (a, b) => a[1].localeCompare(b[1], "en", { numeric: true });
  const options = (list) => list.map((entry, index) => [index, Array.isArray(entry) ? entry[0] : entry]);
  const filters = [
    ["source", "Source", options(data.sources).sort(byName), (figure, chosen) => figure.source === chosen],
    ["metric", "What was measured", options(data.metrics), (figure, chosen) => figure.metric === chosen],
    ["machine", "Machine", options(data.machines).sort(byName), (figure, chosen) => figure.machine === chosen],
    ["kind", "Kind of model", [[0, "dense"], [1, "mixture of experts"]], (figure, chosen) => +data.models[figure.model][1] === chosen],
    ["load", "Requests at once", options(data.loads), (figure, chosen) => figure.load === chosen],
  ];
  const orders = {
    "as published": null,
    "largest error first": (a, b) => Math.abs(b.error) - Math.abs(a.error),
    "smallest error first": (a, b) => Math.abs(a.error) - Math.abs(b.error),
  };

  const select = (name, label, entries) => {
    const input = make("select", { id: `anchors-${name}` }, ...entries.map(([value, text]) => make("option", { value }, text)));
    return [make("div", {}, make("label", { for: input.id }, label), input), input];
  };
  const controls = filters.map(([name, label, entries]) => select(name, label, [["", "all"], ...entries]));
  const [orderBox, order] = select("order", "Order", Object.keys(orders).map((name) => [name, name]));
  const status = make("p", { role: "status" });
  const body = make("tbody");
  const heads = ["What ran", "Measured", "Predicted", "Error", "Of the ceiling"];
  const table = make("table", {}, make("thead", {}, make("tr", {}, ...heads.map((text) => make("th", { scope: "col" }, text)))), body);
  const scroll = make("div", { class: "anchors-table", role: "region", "aria-label": "Measured figures beside their predictions", tabindex: 0 }, table);
  const more = make("button", { type: "button" });
  const clear = make("button", { type: "button" }, "Clear the filters");

  const line = (figure) => {
    const [label, unit] = data.metrics[figure.metric];
    const [low, high] = interval(figure);
    const machine = `${figure.devices > 1 ? `${figure.devices} × ` : ""}${data.machines[figure.machine]}`;
    const load = figure.requests === null ? "as many requests as fit" : figure.requests === 1 ? "one request" : `${grouped(figure.requests)} requests`;
    const what = make("th", { scope: "row" }, `${data.models[figure.model][0]}, ${data.weights[figure.weights]}, on ${machine}`,
      make("small", {}, `${data.engines[figure.engine]}; prompt ${grouped(figure.prompt)}, reply ${grouped(figure.reply)}, ${load}; ${label}. ${data.sources[figure.source][0]}`));
    return make("tr", {}, what,
      make("td", {}, `${short(figure.measured)} ${unit}`),
      make("td", {}, `${short(predicted(figure))} ${unit}`, make("small", {}, `${short(low)} to ${short(high)}${figure.inside ? "" : ": outside"}`)),
      make("td", {}, signed(figure.error)),
      make("td", {}, percent(figure.ceiling)));
  };

  let found = [], shown = 0;
  const show = (count) => {
    body.append(...found.slice(shown, shown + count).map(line));
    shown = Math.min(found.length, shown + count);
    more.hidden = shown === found.length;
    more.textContent = `Show ${grouped(Math.min(MORE, found.length - shown))} more of ${grouped(found.length - shown)}`;
  };
  const update = () => {
    found = figures.filter((figure) => filters.every(([, , , fits], index) => {
      const { value } = controls[index][1];
      return value === "" || fits(figure, +value);
    }));
    if (orders[order.value]) found.sort(orders[order.value]);
    const errors = found.map((figure) => figure.error);
    status.textContent = !found.length ? `None of ${grouped(figures.length)} figures: clear a filter.`
      : `${grouped(found.length)} of ${grouped(figures.length)} figures: median error ${percent(median(errors.map(Math.abs)))}, `
        + `signed ${signed(median(errors))}; ${percent(1000 * found.filter((figure) => figure.inside).length / found.length)} inside their interval; `
        + `half of them reach ${percent(median(found.map((figure) => figure.ceiling)))} of the ceiling or more.`;
    clear.hidden = controls.every(([, input]) => input.value === "");
    body.replaceChildren();
    shown = 0;
    show(AT_FIRST);
    scroll.scrollTop = 0;
  };
  // The address holds what is chosen, in words, so that it outlives a change of the data.
  const remember = () => {
    const query = new URLSearchParams(location.search);
    [...controls.map(([, input]) => input), order].forEach((input) => {
      if (input.selectedIndex > 0) query.set(input.id, input.selectedOptions[0].textContent);
      else query.delete(input.id);
    });
    const text = query.toString();
    history.replaceState(null, "", `${location.pathname}${text && `?${text}`}${location.hash}`);
  };
  const recall = () => {
    const query = new URLSearchParams(location.search);
    [...controls.map(([, input]) => input), order].forEach((input) => {
      const index = [...input.options].findIndex((option) => option.textContent === query.get(input.id));
      input.selectedIndex = Math.max(index, 0);
    });
  };

  const form = make("form", { "aria-label": "Which figures to show" }, ...controls.map(([box]) => box), orderBox);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => { update(); remember(); });
  more.addEventListener("click", () => {
    const first = shown;
    show(MORE);
    body.children[first]?.scrollIntoView({ block: "nearest" });
  });
  clear.addEventListener("click", () => {
    controls.forEach(([, input]) => { input.value = ""; });
    update();
    remember();
    controls[0][1].focus();
  });
  host.replaceChildren(form, status, scroll, make("p", { class: "anchors-buttons" }, more, " ", clear));
  recall();
  update();
}
