"use strict";
/** What every page has: a choice of light or dark, and tables that sort and filter. */
const Page = (() => {
  const THEME = "infonet-theme";

  // ---- light or dark -----------------------------------------------------------------------------------------------

  function remembered() {
    try { return localStorage.getItem(THEME); } catch { return null; } // where the browser keeps nothing for files
  }
  function isDark() {
    return (document.documentElement.style.colorScheme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  }
  function setTheme(theme) {
    if (theme === "dark" || theme === "light") document.documentElement.style.colorScheme = theme;
  }
  function startTheme(button) {
    const label = () => { button.textContent = isDark() ? "Light" : "Dark"; };
    button.hidden = false;
    button.addEventListener("click", () => {
      setTheme(isDark() ? "light" : "dark");
      try { localStorage.setItem(THEME, document.documentElement.style.colorScheme); } catch { /* until the page is closed */ }
      label();
    });
    label();
  }

  // ---- tables ------------------------------------------------------------------------------------------------------

  /** Order of two cells, numbers or texts; a number that is not known (NaN) comes last in either direction. */
  function compare(a, b, descending) {
    if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) - Number.isNaN(b);
    const order = typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true });
    return descending ? -order : order;
  }
  /** Whether every word of the query is in the text, in any case. */
  function matches(text, query) {
    const within = text.toLowerCase();
    return query.toLowerCase().split(/\s+/).every((word) => within.includes(word));
  }
  function key(cell) {
    return "value" in cell.dataset ? Number.parseFloat(cell.dataset.value) : cell.textContent;
  }
  /** Of what is large first: numbers; of what is small first: names. A second time the other way round. */
  function sortBy(table, column) {
    const heads = [...table.tHead.rows[0].cells], head = heads[column];
    const before = head.getAttribute("aria-sort");
    const descending = before ? before === "ascending" : head.classList.contains("number");
    for (const other of heads) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", descending ? "descending" : "ascending");
    const rows = [...table.tBodies[0].rows].map((row) => [key(row.cells[column]), row]);
    rows.sort(([a], [b]) => compare(a, b, descending));
    table.tBodies[0].append(...rows.map(([, row]) => row));
  }
  function startTable(block) {
    const table = block.querySelector("table"), rows = [...table.tBodies[0].rows];
    [...table.tHead.rows[0].cells].forEach((head, column) => head.addEventListener("click", () => sortBy(table, column)));
    if (rows.length < 8) return;
    const search = block.querySelector("input"), count = block.querySelector("output");
    // The names in full are in the titles of cells.
    const texts = rows.map((row) => [...row.cells].map((cell) => `${cell.textContent} ${cell.title}`).join(" "));
    const show = () => {
      let shown = 0;
      rows.forEach((row, k) => { row.hidden = !matches(texts[k], search.value.trim()); shown += !row.hidden; });
      count.value = shown === rows.length ? `${shown} rows` : `${shown} of ${rows.length} rows`;
    };
    search.addEventListener("input", show);
    search.addEventListener("keydown", (event) => { if (event.key === "Escape") { search.value = ""; show(); } });
    block.querySelector(".tools").hidden = false;
    show();
  }

  function start() {
    setTheme(remembered()); // before anything is drawn
    document.addEventListener("DOMContentLoaded", () => {
      startTheme(document.getElementById("theme"));
      document.querySelectorAll(".table").forEach(startTable);
    });
  }
  return { compare, matches, start };
})();
if (typeof document !== "undefined") Page.start();
