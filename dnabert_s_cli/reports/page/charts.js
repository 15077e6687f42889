// Axes, and the chart of contigs by GC and depth.

const MARGIN = { left: 52, right: 12, top: 10, bottom: 40 };

/** Round steps of 1, 2 or 5 times a power of ten from low to high, about `wanted` of them. */
function ticksOf(low, high, wanted) {
  const raw = (high - low) / wanted || 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= raw);
  const ticks = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-6; k += 1) ticks.push(Number((k * step).toPrecision(12)));
  return ticks;
}

/** Powers of ten between low and high, with 2 and 5 between them while these are at most `wanted`. */
function logTicks(low, high, wanted = 6) {
  const decades = Math.log10(high / low);
  const factors = 3 * decades > wanted + 1 ? (2 * decades > wanted + 1 ? [1] : [1, 3]) : decades < 0.7 ? [1, 1.5, 2, 3, 4, 5, 7] : [1, 2, 5];
  const ticks = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power += 1) {
    for (const factor of factors) {
      const tick = factor * 10 ** power;
      if (tick >= low * 0.999 && tick <= high * 1.001) ticks.push(Number(tick.toPrecision(3)));
    }
  }
  return ticks;
}

function makeAxis(low, high, log = false) {
  const map = log ? Math.log : (value) => value;
  const width = map(high) - map(low) || 1;
  return { low, high, at: (value) => (map(Math.max(value, low)) - map(low)) / width };
}

function frameOf(width, height) {
  return { left: MARGIN.left, right: width - MARGIN.right, top: MARGIN.top, bottom: height - MARGIN.bottom };
}

/** Grid, tick labels and titles of both axes; an axis is {at, ticks, label, title}. */
function drawAxes(context, frame, { x, y }) {
  const colours = theme();
  context.font = "12px system-ui, sans-serif";
  context.lineWidth = 1;
  context.strokeStyle = colours.grid;
  context.fillStyle = colours.quiet;
  context.textBaseline = "top";
  context.textAlign = "center";
  for (const tick of x.ticks) {
    const left = Math.round(frame.left + x.at(tick) * (frame.right - frame.left)) + 0.5;
    line(context, [left, frame.top], [left, frame.bottom]);
    context.fillText(x.label(tick), left, frame.bottom + 6);
  }
  context.textBaseline = "middle";
  context.textAlign = "right";
  for (const tick of y.ticks) {
    const top = Math.round(frame.bottom - y.at(tick) * (frame.bottom - frame.top)) + 0.5;
    line(context, [frame.left, top], [frame.right, top]);
    context.fillText(y.label(tick), frame.left - 7, top);
  }
  context.strokeStyle = colours.line;
  line(context, [frame.left, frame.bottom + 0.5], [frame.right, frame.bottom + 0.5]);
  context.textAlign = "center";
  context.textBaseline = "alphabetic";
  context.fillText(x.title, (frame.left + frame.right) / 2, frame.bottom + MARGIN.bottom - 5);
  context.save();
  context.translate(11, (frame.top + frame.bottom) / 2);
  context.rotate(-Math.PI / 2);
  context.fillText(y.title, 0, 0);
  context.restore();
}

function line(context, from, to) {
  context.beginPath();
  context.moveTo(...from);
  context.lineTo(...to);
  context.stroke();
}

/** Least and greatest of the finite values that pass; null where there are none. */
function rangeOf(n, value) {
  let low = Infinity;
  let high = -Infinity;
  for (let i = 0; i < n; i += 1) {
    const one = value(i);
    if (!Number.isFinite(one)) continue;
    if (one < low) low = one;
    if (one > high) high = one;
  }
  return low <= high ? [low, high] : null;
}

const shortDepth = (value) => (value >= 1 ? text.count(value) : String(value));
const shortNumber = (value) => (value >= 1e6 ? `${value / 1e6} M` : value >= 1e3 ? `${value / 1e3} k` : String(value));

function startGcChart() {
  const hasDepth = contigs.depthSum !== null;
  const gc = rangeOf(contigs.n, (i) => contigs.gc[i]);
  document.getElementById("gc-title").textContent = hasDepth ? "GC and depth" : "GC and length";
  if (gc === null) return markEmpty("gc-figure", `No ${page.record}s with a known GC.`);
  const frame = { left: 0, right: 1, top: 0, bottom: 1 };
  const axes = { x: null, y: null };
  const value = hasDepth ? depthOf : (i) => contigs.length[i];
  const place = {
    x: (i) => frame.left + axes.x.at(contigs.gc[i]) * (frame.right - frame.left),
    y: (i) => frame.bottom - axes.y.at(value(i)) * (frame.bottom - frame.top),
    radius: (i) => radiusOf(contigs.length[i]) * 0.8,
  };
  const canvas = document.getElementById("gc-canvas");
  makeSurface(canvas, (context, width, height) => {
    Object.assign(frame, frameOf(width, height));
    Object.assign(axes, { x: gcAxis(gc, width), y: hasDepth ? depthAxis(value) : lengthAxis(value) });
    context.clearRect(0, 0, width, height);
    drawAxes(context, frame, axes);
    drawContigs(context, frame, { ...place, grow: 0.8 });
  });
  makePointable(canvas, { find: (at) => nearestPoint(contigs.n, place, at), lines: contigTip, choose: chooseContig });
  onChange(() => noteGc(hasDepth));
  noteGc(hasDepth);
}

function noteGc(hasDepth) {
  const where = state.sample >= 0 ? ` in ${page.samples[state.sample]}` : page.samples.length > 1 ? `, sum of ${page.samples.length} samples` : "";
  document.getElementById("gc-note").textContent = hasDepth
    ? `Each ${page.record} by its GC and its depth${where}.`
    : `Each ${page.record} by its GC and its length; no depth was given.`;
}

function gcAxis([low, high], width) {
  const from = Math.max(0, Math.floor(low / 5 - 0.2) * 5);
  const to = Math.min(100, Math.ceil(high / 5 + 0.2) * 5);
  return { ...makeAxis(from, to), ticks: ticksOf(from, to, width / 80), label: String, title: "GC, %" };
}

function depthAxis(value) {
  const range = rangeOf(contigs.n, (i) => (value(i) > 0 ? value(i) : NaN)) ?? [1, 10];
  const low = Math.max(range[0] * 0.8, range[1] * 1e-5, 0.02);
  const high = Math.max(range[1] * 1.25, low * 10);
  const axis = makeAxis(low, high, true);
  const least = rangeOf(contigs.n, value);
  const floor = least !== null && least[0] < low ? [low] : []; // what is 0, or next to it, lies on the axis itself
  const ticks = logTicks(low, high).filter((tick) => floor.length === 0 || tick > low * 1.4);
  return { ...axis, ticks: [...floor, ...ticks], label: (tick) => (tick === floor[0] ? "0" : shortDepth(tick)), title: "depth" };
}

function lengthAxis(value) {
  const [least, most] = rangeOf(contigs.n, value);
  const [low, high] = [least * 0.8, most * 1.25];
  return { ...makeAxis(low, high, true), ticks: logTicks(low, high), label: shortNumber, title: "length, bp" };
}
