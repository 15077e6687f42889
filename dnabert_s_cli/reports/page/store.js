// What the page knows: the columns it carries, numbers as text, colours, and what is marked now.

/** Decode "u2:base64" or "u4:base64" to a typed array of 2- or 4-byte unsigned integers. */
function unpack(text) {
  const bytes = Uint8Array.from(atob(text.slice(3)), (letter) => letter.charCodeAt(0));
  return text.startsWith("u2:") ? new Uint16Array(bytes.buffer) : new Uint32Array(bytes.buffer);
}

const page = JSON.parse(document.getElementById("report-data").textContent);
const contigs = readContigs(page.contigs);
const bins = readBins(page.bins);
const placeOfBin = new Map(bins.map((bin, place) => [bin.number, place]));

function readContigs(columns) {
  const depth = columns.depth.map((text) => Float32Array.from(unpack(text), (code) => 0.01 * Math.expm1(code / 3000)));
  return {
    n: columns.names.length,
    names: columns.names,
    x: Float32Array.from(unpack(columns.x), (code) => code / 65535),
    y: Float32Array.from(unpack(columns.y), (code) => code / 65535),
    length: unpack(columns.length),
    gc: Float32Array.from(unpack(columns.gc), (code) => (code === 65535 ? NaN : code / 100)),
    bin: unpack(columns.bin),
    depth,
    depthSum: sumOf(depth, columns.names.length),
  };
}

function readBins(columns) {
  return columns.number.map((number, place) => ({
    number,
    label: columns.label[place],
    contigs: columns.n_contigs[place],
    size: columns.total_bp[place],
    n50: columns.n50_bp[place],
    longest: columns.longest_bp[place],
    gc: columns.gc[place],
    depths: columns.depth[place],
    completeness: columns.completeness[place],
    contamination: columns.contamination[place],
    name: columns.name[place],
    phylum: columns.phylum[place],
    x: columns.x[place],
    y: columns.y[place],
    colour: columns.colour[place],
  }));
}

function sumOf(columns, n) {
  if (columns.length === 0) return null;
  const sum = new Float32Array(n);
  for (const column of columns) for (let i = 0; i < n; i += 1) sum[i] += column[i];
  return sum;
}

/** Depth of contig `i` in the sample looked at; null where the run knew no depth. */
function depthOf(i) {
  if (!contigs.depthSum) return null;
  return state.sample < 0 ? contigs.depthSum[i] : contigs.depth[state.sample][i];
}

/** The same of a bin. */
function depthOfBin(bin) {
  if (!bin.depths) return null;
  return state.sample < 0 ? bin.depths.reduce((sum, one) => sum + one, 0) : bin.depths[state.sample];
}

/** "high", "medium" or "low" by completeness and contamination; "" where they are not known. */
function qualityOf(bin) {
  if (bin.completeness === null || bin.contamination === null) return "";
  if (bin.completeness >= page.high.completeness && bin.contamination < page.high.contamination) return "high";
  if (bin.completeness >= page.medium.completeness && bin.contamination < page.medium.contamination) return "medium";
  return "low";
}

const knowsQuality = bins.some((bin) => qualityOf(bin) !== "");

const text = {
  count: (n) => n.toLocaleString("en-US"),
  bp(n) {
    if (n >= 1e9) return `${(n / 1e9).toFixed(2)} Gbp`;
    if (n >= 1e6) return `${(n / 1e6).toFixed(2)} Mbp`;
    if (n >= 1e3) return `${(n / 1e3).toFixed(1)} kbp`;
    return `${n} bp`;
  },
  percent: (n) => (n === null || Number.isNaN(n) ? "–" : `${n.toFixed(1)} %`),
  depth(n) {
    if (n === null) return "–";
    return n === 0 ? "0" : n >= 100 ? n.toFixed(0) : n >= 1 ? n.toFixed(1) : n.toPrecision(2);
  },
  bin: (number) => (number === 0 ? `in no ${page.noun}` : bins[placeOfBin.get(number)]?.label ?? `${page.prefix}${number}`),
};

const phyla = [...new Set(bins.map((bin) => bin.phylum).filter((phylum) => phylum !== ""))];

// What is marked: a bin (null for none, 0 never), a contig (null or its place), the sample (-1: all); what colours mean.
const state = { bin: null, contig: null, sample: -1, byPhylum: false };
const listeners = [];

function onChange(listener) {
  listeners.push(listener);
}

function mark(change) {
  Object.assign(state, change);
  for (const listener of listeners) listener(change);
}

const darkGround = window.matchMedia("(prefers-color-scheme: dark)");

function colourOf(number) {
  const place = placeOfBin.get(number);
  if (place === undefined) return theme().none;
  const dark = darkGround.matches && !document.documentElement.classList.contains("printing");
  const colours = page.colours[dark ? "dark" : "light"];
  if (!state.byPhylum) return colours[bins[place].colour];
  const phylum = phyla.indexOf(bins[place].phylum);
  return phylum < 0 ? theme().none : colours[phylum % colours.length];
}

/** The page's own colours, as its style sheet has them now. */
function theme() {
  const style = getComputedStyle(document.documentElement);
  const named = (name) => style.getPropertyValue(`--${name}`).trim();
  return Object.fromEntries(
    ["card", "ink", "quiet", "line", "grid", "accent", "none", "good", "fair"].map((name) => [name, named(name)]),
  );
}

/** A new element with text (never markup) and attributes. */
function element(tag, content = "", attributes = {}) {
  const made = document.createElement(tag);
  made.textContent = content;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function swatch(number) {
  const made = element("span", "", { class: "swatch", "aria-hidden": "true" });
  made.dataset.bin = number;
  made.style.background = colourOf(number);
  return made;
}
