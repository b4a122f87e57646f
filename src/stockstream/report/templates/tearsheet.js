"use strict";
// The buttons of the page, and the table of trades: filtered, sorted, downloaded.
(() => {
  const read = (id) => document.getElementById(id).textContent;
  const button = (id, act) => document.getElementById(id)?.addEventListener("click", act);

  button("copy-command", async (event) => {
    await navigator.clipboard.writeText(read("command"));
    event.target.textContent = "Copied";
  });
  button("trade-download", () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([JSON.parse(read("trade-csv"))], { type: "text/csv" }));
    link.download = "trades.csv";
    link.click();
    URL.revokeObjectURL(link.href);
  });

  const table = document.getElementById("trade-table");
  if (!table) return;
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const filter = document.getElementById("trade-filter");
  const shown = document.getElementById("trade-count");
  const reset = document.getElementById("trade-reset");
  const words = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
  let span = null;

  function show() {
    const wanted = filter.value.trim().toLowerCase();
    let left = 0;
    for (const row of rows) {
      const inside = !span || (row.dataset.from <= span.to && row.dataset.to >= span.from);
      row.hidden = !(inside && words.get(row).includes(wanted));
      left += row.hidden ? 0 : 1;
    }
    const when = span ? ` held between ${span.from} and ${span.to}` : "";
    shown.textContent = `${left.toLocaleString("en")} of ${rows.length.toLocaleString("en")} rows${when}`;
    reset.hidden = !span && !wanted;
  }

  filter.addEventListener("input", show);
  button("trade-reset", () => {
    span = null;
    filter.value = "";
    show();
  });
  for (const link of document.querySelectorAll("button.link[data-from]")) {
    link.addEventListener("click", () => {
      span = { from: link.dataset.from, to: link.dataset.to };
      show();
      document.getElementById("trades").scrollIntoView();
    });
  }

  const key = (row, column) => {
    const cell = row.cells[column];
    return "sort" in cell.dataset ? Number(cell.dataset.sort) : cell.textContent;
  };
  for (const head of table.tHead.rows[0].cells) {
    head.addEventListener("click", () => {
      const column = head.cellIndex;
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of table.tHead.rows[0].cells) other.setAttribute("aria-sort", "none");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      rows.sort((a, b) => {
        const [x, y] = [key(a, column), key(b, column)];
        return (x > y ? 1 : x < y ? -1 : 0) * (down ? -1 : 1);
      });
      body.append(...rows);
    });
  }
  show();
})();
