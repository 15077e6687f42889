// Points on a canvas: sharp on any screen, redrawn once a frame, with a tip at the pointer and a click that marks.

const TAU = 2 * Math.PI;
const tip = document.getElementById("tip");

/** Set a canvas up: `draw(context, width, height)` runs at each change of size, state or ground. */
function makeSurface(canvas, draw) {
  const context = canvas.getContext("2d");
  let waiting = false;
  const paint = () => {
    waiting = false;
    const { width, height } = canvas.getBoundingClientRect();
    if (width === 0 || height === 0) return;
    const scale = window.devicePixelRatio || 1;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    context.setTransform(scale, 0, 0, scale, 0, 0);
    draw(context, width, height);
  };
  const ask = () => {
    if (!waiting) requestAnimationFrame(paint);
    waiting = true;
  };
  new ResizeObserver(ask).observe(canvas);
  darkGround.addEventListener("change", ask);
  onChange(ask);
  printing(paint);
  ask();
  return ask;
}

/** Paint on paper's ground before printing, and on the screen's after it. */
function printing(paint) {
  window.addEventListener("beforeprint", () => {
    document.documentElement.classList.add("printing");
    paint();
  });
  window.addEventListener("afterprint", () => {
    document.documentElement.classList.remove("printing");
    paint();
  });
}

/** Radius of a contig's point in pixels: it grows slowly with the length, so that short ones stay visible. */
function radiusOf(length) {
  const base = contigs.n > 20000 ? 1 : 1.35;
  return Math.min(11, Math.max(0.9, base * (length / 2000) ** 0.36));
}

/** Contigs in drawing order, in runs of one bin: those of none first, then bin by bin. */
const drawingOrder = (() => {
  const groups = new Map([[0, []]]);
  for (const bin of bins) groups.set(bin.number, []);
  for (let i = 0; i < contigs.n; i += 1) groups.get(groups.has(contigs.bin[i]) ? contigs.bin[i] : 0).push(i);
  return [...groups].map(([number, members]) => ({ number, members }));
})();

/** Draw all contigs at `x(i)`, `y(i)`; where a bin is marked, the others step back. */
function drawContigs(context, frame, { x, y, grow }) {
  const colours = theme();
  const marked = state.bin;
  const inOrder = marked === null ? drawingOrder : [...drawingOrder].sort((a, b) => (a.number === marked) - (b.number === marked));
  for (const { number, members } of inOrder) {
    const backed = marked !== null && number !== marked;
    context.fillStyle = backed ? colours.none : colourOf(number);
    context.globalAlpha = backed ? 0.22 : number === 0 ? 0.55 : 0.78;
    drawDots(context, frame, { members, x, y, grow });
  }
  context.globalAlpha = 1;
  if (state.contig !== null) drawRing(context, x(state.contig), y(state.contig), colours);
}

function drawDots(context, frame, { members, x, y, grow }) {
  for (const i of members) {
    const left = x(i);
    const top = y(i);
    if (!(left > frame.left - 12 && left < frame.right + 12 && top > frame.top - 12 && top < frame.bottom + 12)) continue;
    const radius = radiusOf(contigs.length[i]) * grow;
    if (radius < 1.3) {
      context.fillRect(left - radius * 0.9, top - radius * 0.9, radius * 1.8, radius * 1.8);
    } else {
      context.beginPath();
      context.arc(left, top, radius, 0, TAU);
      context.fill();
    }
  }
}

function drawRing(context, left, top, colours) {
  for (const [style, width] of [[colours.card, 5], [colours.ink, 2]]) {
    context.beginPath();
    context.arc(left, top, 11, 0, TAU);
    context.strokeStyle = style;
    context.lineWidth = width;
    context.stroke();
  }
}

/** The place among `n` whose point is nearest to the pointer and within reach; -1 for none. */
function nearestPoint(n, { x, y, radius }, pointer) {
  let best = -1;
  let bestScore = Infinity;
  for (let i = 0; i < n; i += 1) {
    const score = Math.hypot(x(i) - pointer.x, y(i) - pointer.y) - radius(i);
    if (score < 5 && score < bestScore) {
      best = i;
      bestScore = score;
    }
  }
  return best;
}

/** Tip at the pointer and mark at a click; `find(pointer)` gives a place or -1, `lines(place)` what the tip says. */
function makePointable(canvas, { find, lines, choose }) {
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  canvas.addEventListener("pointermove", (event) => {
    const place = event.buttons ? -1 : find(at(event));
    if (place < 0) hideTip();
    else showTip(lines(place), event);
  });
  canvas.addEventListener("pointerleave", hideTip);
  canvas.addEventListener("click", (event) => {
    const place = find(at(event));
    choose(place);
    if (place >= 0) showTip(lines(place), event);
  });
}

function showTip({ head, number, rest }, event) {
  const ofBin = element("span", "", { class: "of-bin" });
  ofBin.append(swatch(number), text.bin(number));
  tip.replaceChildren(element("b", head), ofBin, ...rest.map((line) => element("span", line)));
  tip.hidden = false;
  const { width, height } = tip.getBoundingClientRect();
  const left = event.clientX + 16 + width > window.innerWidth ? event.clientX - width - 12 : event.clientX + 16;
  const top = event.clientY + 14 + height > window.innerHeight ? event.clientY - height - 10 : event.clientY + 14;
  tip.style.left = `${Math.max(6, left)}px`;
  tip.style.top = `${Math.max(6, top)}px`;
}

function hideTip() {
  tip.hidden = true;
}

function contigTip(i) {
  const depth = depthOf(i);
  const gc = Number.isNaN(contigs.gc[i]) ? "" : `, GC ${text.percent(contigs.gc[i])}`;
  const rest = [`${text.count(contigs.length[i])} bp${gc}`];
  if (depth !== null) rest.push(`depth ${text.depth(depth)}${state.sample < 0 ? "" : ` in ${page.samples[state.sample]}`}`);
  return { head: contigs.names[i], number: contigs.bin[i], rest };
}

/** Mark the bin of contig `i`, or, at a second click or beside all, none. */
function chooseContig(i) {
  const number = i < 0 || contigs.bin[i] === 0 ? null : contigs.bin[i];
  mark({ bin: number === state.bin ? null : number, contig: null });
}
