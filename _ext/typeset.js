// Sets formulas with MathJax: reads one JSON line for each, {tex, display}, and answers with one, {html} or {error}.
// The line {} is answered with {css}: the style for all formulas so far, with the glyphs that they use and no others.
// Arguments: MathJax's entry for Node, the address of its fonts as seen from the style sheet, the macros as JSON.
const [entry, fontURL, macros] = process.argv.slice(2);

require(entry).init({
  loader: {load: ["input/tex-full", "output/chtml", "a11y/assistive-mml"]},
  tex: {
    packages: {"[-]": ["noundefined"]}, // an unknown command is an error, not red text
    macros: JSON.parse(macros),
    formatError: (jax, error) => { throw error; },
  },
  // No window to measure the text in: its letters are taken to be as tall as those of the usual sans serifs.
  chtml: {fontURL, scale: 1.19, matchFontHeight: false, adaptiveCSS: true},
  startup: {typeset: false},
}).then((MathJax) => {
  const {adaptor} = MathJax.startup;
  const answer = ({tex, display}) => {
    if (tex === undefined) return {css: adaptor.textContent(MathJax.chtmlStylesheet())};
    try {
      return {html: adaptor.outerHTML(MathJax.tex2chtml(tex, {display}))};
    } catch (error) {
      return {error: error.message};
    }
  };
  require("readline").createInterface({input: process.stdin}).on("line", (line) => {
    process.stdout.write(JSON.stringify(answer(JSON.parse(line))) + "\n");
  });
});
