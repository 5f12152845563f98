// Mounts the view in a built page, where no kernel answers.

function pageModel(initial) {
  const values = { ...initial, address };
  return {
    get: (key) => values[key],
    set: (key, value) => { values[key] = value; },
    save_changes: () => {},
    on: () => {},
    off: () => {},
  };
}

// ?decode.bits=8&decode.batch=32 puts the calculator named decode where its sender left it.
function valuesFromAddress(state, values) {
  const query = new URLSearchParams(location.search);
  const found = { ...values };
  for (const control of state.controls) {
    const text = query.get(`${state.name}.${control.name}`);
    const option = control.options.find(([value]) => String(value) === text);
    if (option) found[control.name] = option[0];
  }
  return found;
}

// Every control is named, so a link keeps its meaning when the page's own start is changed.
function address(state, values) {
  const query = new URLSearchParams(state.controls.map(({ name }) => [`${state.name}.${name}`, values[name]]));
  return `${location.pathname}?${query}#calculator-${state.name}`;
}

function mountAll() {
  for (const host of document.querySelectorAll(".explorer-host")) {
    const { state, values } = JSON.parse(host.querySelector("script").textContent);
    const el = document.createElement("div");
    render({ model: pageModel({ state, values: valuesFromAddress(state, values) }), el });
    host.replaceChildren(el);
  }
}

mountAll(); // the script stands below the hosts
