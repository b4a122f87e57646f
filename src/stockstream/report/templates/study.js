"use strict";
// The buttons of the page, and which pair of parameters the heat maps show.
(() => {
  document.getElementById("copy-command").addEventListener("click", async (event) => {
    await navigator.clipboard.writeText(document.getElementById("command").textContent);
    event.target.textContent = "Copied";
  });

  const boxes = [...document.querySelectorAll("#maps [data-figure]")];
  document.getElementById("pick-maps")?.addEventListener("change", (event) => {
    const names = event.target.value.split(" ");
    boxes.forEach((box, place) => {
      box.dataset.figure = `figure-${names[place]}`;
    });
    document.dispatchEvent(new Event("redraw"));
  });
})();
