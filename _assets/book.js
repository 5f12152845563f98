// Loaded after tippy and before it is used.

// A tip stands inside the page's main landmark, is set like the page, and repeats no id of it.
if (window.tippy) {
  tippy.setDefaultProps({
    appendTo: () => document.querySelector("main"),
    onCreate({ popper }) {
      const content = popper.querySelector(".tippy-content");
      content.querySelectorAll("[id]").forEach((element) => element.removeAttribute("id"));
      content.querySelectorAll("a.headerlink").forEach((link) => link.remove());
      if (content.querySelector(":scope > dt")) {
        const list = document.createElement("dl");
        list.append(...content.childNodes);
        content.append(list);
      }
    },
    onShow({ popper, reference }) {
      // A tooltip needs a name in words, which a formula alone is not.
      if (popper.querySelector(".tippy-content > div.math:only-child")) {
        popper.firstElementChild.setAttribute("aria-label", `Equation ${reference.textContent}`);
      }
    },
  });
  // The script of a page wants a tip for each of its hundreds of links at once; each is made when its link is come to.
  const make = window.tippy;
  window.tippy = (link, options) => {
    const show = () => {
      for (const coming of ["mouseenter", "focus"]) link.removeEventListener(coming, show);
      make(link, options).show();
    };
    for (const coming of ["mouseenter", "focus"]) link.addEventListener(coming, show);
  };
}

// A page opened as a file may not fetch its neighbours, which the search does for its excerpts.
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
