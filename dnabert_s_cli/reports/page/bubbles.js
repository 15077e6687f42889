// The bins as bubbles: completeness and contamination where they are known, else size and N50.

function startBinChart() {
  document.getElementById("bins-title").textContent = knowsQuality ? "Quality of bins" : "Sizes of bins";
  if (bins.length === 0) return markEmpty("bins-figure", "No bins: no group of contigs is large enough.");
  return startBubbles(knowsQuality ? qualityChart() : sizeChart());
}

/** What the chart shows: places of bins, both values and their axes, and what a bubble's area stands for. */
function qualityChart() {
  const places = bins.map((_, place) => place).filter((place) => qualityOf(bins[place]));
  const most = Math.min(100, Math.max(12, ...places.map((place) => bins[place].contamination * 1.1)));
  const root = { ...makeAxis(0, most), at: (value) => 0.05 + 0.95 * Math.sqrt(Math.max(0, value) / most) };
  const unknown = bins.length - places.length;
  return {
    places,
    x: { value: (bin) => bin.completeness, at: (value) => 0.02 + 0.95 * value / 100, ticks: [0, 25, 50, 75, 90, 100], label: String, title: "completeness, %" },
    y: { value: (bin) => bin.contamination, ...root, ticks: [0, 1, 5, 10, 25, 50, 100].filter((tick) => tick <= most), label: String, title: "contamination, %" },
    weight: (bin) => bin.size,
    regions: [[page.medium, "fair"], [page.high, "good"]],
    note: `Area by bases. Shaded: high quality (from ${page.high.completeness} %, below ${page.high.contamination} %) and medium (${page.medium.completeness} %, ${page.medium.contamination} %).${unknown ? ` ${unknown} not estimated.` : ""}`,
  };
}

function sizeChart() {
  const axis = (value, title, wanted) => {
    const [least, most] = rangeOf(bins.length, (place) => value(bins[place]));
    const [low, high] = [least / 1.35, most * 1.35];
    return { value, ...makeAxis(low, high, true), ticks: logTicks(low, high, wanted), label: shortNumber, title };
  };
  return {
    places: bins.map((_, place) => place),
    x: axis((bin) => bin.size, "bases", 5),
    y: axis((bin) => bin.n50, "N50, bp", 4),
    weight: (bin) => bin.contigs,
    regions: [],
    note: `Bases and N50 of each ${page.noun}; area by its number of ${page.record}s.`,
  };
}

function startBubbles({ places, x, y, weight, regions, note }) {
  const frame = {};
  const heaviest = Math.max(1, ...places.map((place) => weight(bins[place])));
  const left = (value) => frame.left + x.at(value) * (frame.right - frame.left);
  const top = (value) => frame.bottom - y.at(value) * (frame.bottom - frame.top);
  const largestFirst = [...places].sort((a, b) => weight(bins[b]) - weight(bins[a]));
  const place = {
    x: (k) => left(x.value(bins[largestFirst[k]])),
    y: (k) => top(y.value(bins[largestFirst[k]])),
    radius: (k) => 3.5 + 7.5 * Math.sqrt(weight(bins[largestFirst[k]]) / heaviest),
  };
  const canvas = document.getElementById("bins-canvas");
  makeSurface(canvas, (context, width, height) => {
    Object.assign(frame, frameOf(width, height));
    context.clearRect(0, 0, width, height);
    for (const [limits, colour] of regions) {
      context.fillStyle = theme()[colour];
      const [x0, y0] = [left(limits.completeness), top(limits.contamination)];
      context.fillRect(x0, y0, frame.right - x0, frame.bottom - y0);
    }
    drawAxes(context, frame, { x, y });
    const bubbles = largestFirst.map((one, k) => ({ number: bins[one].number, x: place.x(k), y: place.y(k), radius: place.radius(k) }));
    bubbles.sort((a, b) => (a.number === state.bin) - (b.number === state.bin)); // stable: the marked one on top
    for (const bubble of bubbles) drawBubble(context, bubble);
  });
  makePointable(canvas, {
    find: (pointer) => nearestPoint(largestFirst.length, place, pointer),
    lines: (k) => binTip(largestFirst[k]),
    choose: (k) => chooseBin(k < 0 ? -1 : largestFirst[k]),
  });
  document.getElementById("bins-note").textContent = note;
}

function drawBubble(context, { number, x, y, radius }) {
  const colours = theme();
  const marked = state.bin === number;
  const plain = state.bin === null || marked;
  context.globalAlpha = plain ? 0.85 : 0.3;
  context.fillStyle = plain ? colourOf(number) : colours.none;
  context.beginPath();
  context.arc(x, y, radius, 0, TAU);
  context.fill();
  context.globalAlpha = 1;
  context.lineWidth = marked ? 2 : 1;
  context.strokeStyle = marked ? colours.ink : colours.card;
  context.stroke();
}

function binTip(place) {
  const bin = bins[place];
  const rest = [`${text.count(bin.contigs)} ${page.record}${bin.contigs === 1 ? "" : "s"}, N50 ${text.bp(bin.n50)}`];
  if (qualityOf(bin)) rest.push(`completeness ${text.percent(bin.completeness)}, contamination ${text.percent(bin.contamination)}`);
  return { head: text.bp(bin.size), number: bin.number, rest };
}

function chooseBin(place) {
  const number = place < 0 ? null : bins[place].number;
  mark({ bin: number === state.bin ? null : number, contig: null });
}
