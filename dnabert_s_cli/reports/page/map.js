// The map: contigs on the plane, to be moved and zoomed, with the numbers of the bins where there is room.

const MOST_ZOOM = 60;

function startMap() {
  const canvas = document.getElementById("map-canvas");
  if (contigs.n === 0) return markEmpty("map-figure", `No ${page.record}s to show.`);
  const view = { zoom: 1, x: 0.5, y: 0.5, width: 1, height: 1 };
  const place = {
    x: (i) => toLeft(view, contigs.x[i]),
    y: (i) => toTop(view, contigs.y[i]),
    radius: (i) => radiusOf(contigs.length[i]) * growth(view),
  };
  const ask = makeSurface(canvas, (context, width, height) => {
    Object.assign(view, { width, height });
    context.clearRect(0, 0, width, height);
    drawContigs(context, { left: 0, right: width, top: 0, bottom: height }, { ...place, grow: growth(view) });
    drawNumbers(context, view);
  });
  makePointable(canvas, { find: (at) => (view.dragged ? -1 : nearestPoint(contigs.n, place, at)), lines: contigTip,
    choose: (i) => !view.dragged && chooseContig(i) });
  listenToPointers(canvas, view, ask);
  listenToKeys(canvas, view, ask);
  for (const button of document.querySelectorAll("#zoom button")) {
    const factors = { in: 1.6, out: 1 / 1.6 };
    button.addEventListener("click", () => {
      if (button.dataset.zoom === "all") Object.assign(view, { zoom: 1, x: 0.5, y: 0.5 });
      else zoomAt(view, factors[button.dataset.zoom], { x: view.width / 2, y: view.height / 2 });
      ask();
    });
  }
  onChange((change) => {
    if ("byPhylum" in change) document.getElementById("map-note").textContent = mapNote();
    if (change.show) Object.assign(view, { x: contigs.x[change.contig], y: contigs.y[change.contig], zoom: Math.max(view.zoom, 2) });
  });
  document.getElementById("map-note").textContent = mapNote();
}

function mapNote() {
  const coloured = state.byPhylum
    ? `coloured by phylum; grey: in no ${page.noun}, or of no known phylum`
    : `coloured by ${page.noun}; grey: in no ${page.noun}`;
  const kinds = bins.length ? coloured : `none in a ${page.noun}`;
  const shown = page.total > contigs.n
    ? `${text.count(contigs.n)} of ${text.count(page.total)} ${page.record}s, the longest and a sample of the others`
    : `${text.count(contigs.n)} ${page.record}${contigs.n === 1 ? "" : "s"}`;
  return `${shown}; similar sequences lie close together. Size by length, ${kinds}.`;
}

/** Say in place of a figure's plot why there is none. */
function markEmpty(figureId, why) {
  const figure = document.getElementById(figureId);
  figure.classList.add("empty");
  figure.querySelector(".canvas-box").append(element("p", why));
}

function side(view) {
  return (Math.min(view.width, view.height) - 36) * view.zoom;
}

/** Screen place of map coordinates; a wide canvas stretches the map, at most by half. */
function stretch(view) {
  return Math.min(1.5, Math.max(1, view.width / view.height));
}

function toLeft(view, x) {
  return view.width / 2 + (x - view.x) * side(view) * stretch(view);
}

function toTop(view, y) {
  return view.height / 2 - (y - view.y) * side(view);
}

/** How much larger points are drawn: by the zoom, and by the room that there is. */
function growth(view) {
  const room = Math.min(1.2, Math.max(0.7, Math.min(view.width, view.height) / 620));
  return room * Math.min(2.6, view.zoom ** 0.35);
}

function zoomAt(view, factor, at) {
  const zoom = Math.min(MOST_ZOOM, Math.max(1, view.zoom * factor));
  const across = (at.x - view.width / 2) / stretch(view);
  const down = at.y - view.height / 2;
  const before = side(view);
  view.zoom = zoom;
  const after = side(view);
  move(view, across / before - across / after, -(down / before - down / after));
}

function move(view, dx, dy) {
  view.x = Math.min(1, Math.max(0, view.x + dx));
  view.y = Math.min(1, Math.max(0, view.y + dy));
}

function listenToPointers(canvas, view, ask) {
  const held = new Map();
  canvas.addEventListener("pointerdown", (event) => {
    held.set(event.pointerId, { x: event.clientX, y: event.clientY });
    view.dragged = false;
    view.travel = 0;
  });
  canvas.addEventListener("pointermove", (event) => {
    const last = held.get(event.pointerId);
    if (!last) return;
    const now = { x: event.clientX, y: event.clientY };
    view.travel += Math.hypot(now.x - last.x, now.y - last.y);
    if (view.travel < 4) return;
    if (!view.dragged) canvas.setPointerCapture(event.pointerId);
    view.dragged = true;
    canvas.classList.add("moving");
    const others = [...held].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
    if (others.length) pinch(canvas, view, { last, now, other: others[0] });
    else move(view, (last.x - now.x) / side(view) / stretch(view), (now.y - last.y) / side(view));
    held.set(event.pointerId, now);
    ask();
  });
  for (const name of ["pointerup", "pointercancel"]) {
    window.addEventListener(name, (event) => {
      held.delete(event.pointerId);
      canvas.classList.remove("moving");
      setTimeout(() => { view.dragged = held.size > 0; }); // after the click that follows
    });
  }
  canvas.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey && document.activeElement !== canvas) return; // the page scrolls
    event.preventDefault();
    const box = canvas.getBoundingClientRect();
    zoomAt(view, Math.exp(-event.deltaY * 0.0022), { x: event.clientX - box.left, y: event.clientY - box.top });
    hideTip();
    ask();
  }, { passive: false });
}

function pinch(canvas, view, { last, now, other }) {
  const box = canvas.getBoundingClientRect();
  const apart = (at) => Math.max(20, Math.hypot(at.x - other.x, at.y - other.y));
  zoomAt(view, apart(now) / apart(last), { x: (now.x + other.x) / 2 - box.left, y: (now.y + other.y) / 2 - box.top });
}

function listenToKeys(canvas, view, ask) {
  const step = () => 0.12 / view.zoom;
  const middle = () => ({ x: view.width / 2, y: view.height / 2 });
  const actions = {
    ArrowLeft: () => move(view, -step(), 0),
    ArrowRight: () => move(view, step(), 0),
    ArrowUp: () => move(view, 0, step()),
    ArrowDown: () => move(view, 0, -step()),
    "+": () => zoomAt(view, 1.4, middle()),
    "=": () => zoomAt(view, 1.4, middle()),
    "-": () => zoomAt(view, 1 / 1.4, middle()),
    0: () => Object.assign(view, { zoom: 1, x: 0.5, y: 0.5 }),
  };
  canvas.addEventListener("keydown", (event) => {
    if (!actions[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    actions[event.key]();
    ask();
  });
}

/** Numbers of the bins at their thickest spots, large bins first, each only where it covers no other. */
function drawNumbers(context, view) {
  const colours = theme();
  const drawn = [];
  context.font = "600 12px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineJoin = "round";
  const largestFirst = bins.map((_, place) => place).sort((a, b) => bins[b].size - bins[a].size);
  for (const place of largestFirst) {
    if (state.bin !== null && bins[place].number !== state.bin) continue;
    const label = String(bins[place].number);
    const half = context.measureText(label).width / 2 + 3;
    const above = bins[place].contigs < 3 ? 14 : 0; // a number would hide what it names
    const at = { x: toLeft(view, bins[place].x), y: toTop(view, bins[place].y) - above, half };
    if (at.x < half || at.x > view.width - half || at.y < 9 || at.y > view.height - 9) continue;
    if (drawn.some((other) => Math.abs(other.y - at.y) < 17 && Math.abs(other.x - at.x) < other.half + half)) continue;
    drawn.push(at);
    context.strokeStyle = colours.card;
    context.lineWidth = 4;
    context.strokeText(label, at.x, at.y);
    context.fillStyle = colours.ink;
    context.fillText(label, at.x, at.y);
  }
}
