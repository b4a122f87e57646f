"use strict";
// Charts are drawn from the JSON beside them; every number is in the tables without any of this.
(() => {
  const read = (id) => document.getElementById(id).textContent;
  const night = matchMedia("(prefers-color-scheme: dark)");
  const narrow = matchMedia("(max-width: 560px)");
  const twins = JSON.parse(read("dark-twins"));

  function fitted(figure) {
    const { data, layout } = figure;
    if (!narrow.matches) return figure;
    layout.font.size = 11;
    for (const trace of data) {
      if (trace.type === "heatmap") trace.textfont = { ...trace.textfont, size: 9 };
    }
    for (const note of layout.annotations ?? []) note.font = { ...note.font, size: 9 };
    for (const key of Object.keys(layout)) {
      if (key.startsWith("yaxis")) delete layout[key].title;
    }
    return figure;
  }

  // Who takes a picture of the page reads there how high it is once all is drawn.
  const measure = () => {
    document.documentElement.dataset.height = document.documentElement.scrollHeight;
  };

  function draw() {
    const drawn = [...document.querySelectorAll("[data-figure]")].map((box) => {
      let text = read(box.dataset.figure);
      if (night.matches) text = text.replace(/#[0-9a-f]{6}/g, (colour) => twins[colour] ?? colour);
      const { data, layout } = fitted(JSON.parse(text));
      return Plotly.react(box, data, layout, {
        responsive: true,
        displaylogo: false,
        displayModeBar: narrow.matches ? false : "hover",
        // by name: the library's own choice has a button that leads off the page
        modeBarButtons: [["toImage", "resetScale2d"]],
      });
    });
    Promise.all(drawn).then(measure);
  }
  draw();
  night.addEventListener("change", draw);
  narrow.addEventListener("change", draw);
  document.addEventListener("redraw", draw);
})();
