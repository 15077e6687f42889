// The table of bins: sorted by any column, filtered by number and quality, a row marks its bin.

const COLUMNS = [
  { title: page.noun[0].toUpperCase() + page.noun.slice(1), value: (bin) => bin.number, rising: true },
  { title: "Bases", value: (bin) => bin.size, show: (bin) => text.bp(bin.size) },
  { title: `${page.record[0].toUpperCase()}${page.record.slice(1)}s`, value: (bin) => bin.contigs, show: (bin) => text.count(bin.contigs) },
  { title: "N50", value: (bin) => bin.n50, show: (bin) => text.bp(bin.n50) },
  { title: "Longest", value: (bin) => bin.longest, show: (bin) => text.bp(bin.longest) },
  { title: "GC", value: (bin) => bin.gc, show: (bin) => text.percent(bin.gc) },
  { title: "Depth", value: depthOfBin, show: (bin) => text.depth(depthOfBin(bin)) },
  { title: "Completeness", value: (bin) => bin.completeness, show: (bin) => text.percent(bin.completeness) },
  { title: "Contamination", value: (bin) => bin.contamination, show: (bin) => text.percent(bin.contamination), rising: true },
  { title: "Name", value: (bin) => bin.name || null, show: (bin) => bin.name || "–", rising: true },
].filter(({ value }, place) => place < 5 || bins.some((bin) => value(bin) !== null));

const MOST_ROWS = 2000;
const order = { column: 0, falling: false };

function startTable() {
  const head = document.createElement("tr");
  COLUMNS.forEach((column, place) => {
    const cell = element("th", "", { scope: "col" });
    const button = element("button", column.title, { type: "button" });
    button.addEventListener("click", () => sortBy(place));
    cell.append(button);
    head.append(cell);
  });
  document.querySelector("#bin-table thead").append(head);
  document.getElementById("filter").addEventListener("input", fillTable);
  document.getElementById("quality").addEventListener("change", fillTable);
  document.getElementById("quality-box").hidden = !knowsQuality;
  document.getElementById("colour-box").hidden = phyla.length === 0;
  document.getElementById("colour-by").addEventListener("change", (event) => mark({ byPhylum: event.target.value === "phylum" }));
  document.querySelector("#bins .filters").hidden = bins.length < 2;
  onChange((change) => {
    if ("byPhylum" in change) recolour();
    if ("sample" in change) fillTable();
    else markRows();
    if (change.bin) showRow();
  });
  darkGround.addEventListener("change", recolour);
  fillTable();
}

function sortBy(place) {
  order.falling = order.column === place ? !order.falling : !COLUMNS[place].rising;
  order.column = place;
  fillTable();
  const { title } = COLUMNS[place];
  speak(`sorted by ${title}, ${order.falling ? "descending" : "ascending"}`);
}

/** Bins that pass the filters, in the order asked for; what is not known comes last either way. */
function shownBins() {
  const wanted = document.getElementById("filter").value.trim().toLowerCase();
  const quality = document.getElementById("quality").value;
  const exact = /^\d+$/.test(wanted);
  const called = (bin) => `${text.bin(bin.number)} ${bin.name} ${bin.phylum}`.toLowerCase();
  const passes = (bin) => (exact ? String(bin.number).startsWith(wanted) : called(bin).includes(wanted));
  const { value } = COLUMNS[order.column];
  const sign = order.falling ? -1 : 1;
  return bins
    .filter((bin) => (!wanted || passes(bin)) && (!quality || qualityOf(bin) === quality))
    .sort((a, b) => {
      const [one, two] = [value(a), value(b)];
      if (one === null || two === null) return (one === null) - (two === null) || a.number - b.number;
      const difference = typeof one === "string" ? one.localeCompare(two) : one - two;
      return sign * difference || a.number - b.number;
    });
}

function fillTable() {
  const shown = shownBins();
  document.querySelectorAll("#bin-table th").forEach((cell, place) => {
    const sorted = order.falling ? "descending" : "ascending";
    cell.setAttribute("aria-sort", place === order.column ? sorted : "none");
  });
  const rows = shown.slice(0, MOST_ROWS).map(makeRow);
  if (rows.length === 0) {
    const why = bins.length ? `No ${page.noun} passes the filter.` : `This run found no ${page.noun}s.`;
    const row = document.createElement("tr");
    row.append(element("td", why, { class: "void", colspan: COLUMNS.length }));
    rows.push(row);
  }
  document.querySelector("#bin-table tbody").replaceChildren(...rows);
  const n = Math.min(shown.length, MOST_ROWS);
  const few = n < bins.length ? `${text.count(n)} of ${text.count(bins.length)} shown.` : "";
  document.getElementById("table-note").textContent = few;
  markRows();
}

function makeRow(bin) {
  const row = document.createElement("tr");
  row.dataset.bin = bin.number;
  const name = document.createElement("td");
  const button = element("button", "", { type: "button" });
  button.append(swatch(bin.number), text.bin(bin.number));
  name.append(button);
  row.append(name, ...COLUMNS.slice(1).map((column) => element("td", column.show(bin))));
  row.addEventListener("click", () => chooseBin(placeOfBin.get(bin.number)));
  return row;
}

function markRows() {
  for (const row of document.querySelectorAll("#bin-table tbody tr[data-bin]")) {
    const marked = Number(row.dataset.bin) === state.bin;
    row.setAttribute("aria-selected", marked);
    row.querySelector("button").setAttribute("aria-pressed", marked);
  }
}

/** Scroll the table, never the page, to the marked row. */
function showRow() {
  const row = document.querySelector('#bin-table tr[aria-selected="true"]');
  if (!row) return;
  const box = document.querySelector(".table-box");
  const [top, bottom] = [row.offsetTop - 40, row.offsetTop + row.offsetHeight];
  if (top < box.scrollTop) box.scrollTop = top;
  else if (bottom > box.scrollTop + box.clientHeight) box.scrollTop = bottom - box.clientHeight;
}

function recolour() {
  for (const one of document.querySelectorAll(".swatch")) one.style.background = colourOf(Number(one.dataset.bin));
}
