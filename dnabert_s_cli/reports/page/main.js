// Start what the page has room for, and keep the line that says what is marked.

function speak(sentence) {
  document.getElementById("spoken").textContent = sentence;
}

function showChosen() {
  const box = document.getElementById("chosen");
  box.hidden = state.bin === null && state.contig === null;
  if (box.hidden) return;
  const close = element("button", "✕", { type: "button", "aria-label": "Clear the selection" });
  close.addEventListener("click", () => mark({ bin: null, contig: null }));
  const parts = [];
  if (state.contig !== null) parts.push(element("span", `${contigs.names[state.contig]}, ${text.bp(contigs.length[state.contig])}`));
  if (state.bin !== null) {
    const bin = bins[placeOfBin.get(state.bin)];
    parts.push(swatch(bin.number), element("b", text.bin(bin.number)));
    parts.push(element("span", `${text.bp(bin.size)}, ${text.count(bin.contigs)} ${page.record}${bin.contigs === 1 ? "" : "s"}`));
    if (qualityOf(bin)) parts.push(element("span", `${text.percent(bin.completeness)} complete`));
  } else parts.push(element("span", text.bin(0)));
  box.replaceChildren(...parts, close);
}

function startSamples() {
  const choice = document.getElementById("sample");
  if (!choice) return;
  choice.append(element("option", "sum of all samples", { value: "-1" }));
  page.samples.forEach((name, place) => choice.append(element("option", name, { value: place })));
  choice.addEventListener("change", () => mark({ sample: Number(choice.value) }));
}

function start() {
  onChange(showChosen);
  onChange((change) => {
    if ("bin" in change && !change.show) speak(state.bin === null ? "no mark" : `${text.bin(state.bin)} marked`);
  });
  window.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && event.target.tagName !== "INPUT") mark({ bin: null, contig: null });
  });
  window.addEventListener("scroll", hideTip, { passive: true });
  onChange(hideTip);
  startSamples();
  startMap();
  if (document.getElementById("gc-canvas")) startGcChart();
  if (document.getElementById("bins-canvas")) startBinChart();
  startTable();
  startSearch();
}

start();
