// Finding a contig by its name: a list below the box, chosen by keys or pointer.

const MOST_FOUND = 8;

function startSearch() {
  const input = document.getElementById("search");
  const list = document.getElementById("found");
  const found = { places: [], active: -1 };
  const close = () => {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const choose = (k) => {
    const contig = found.places[k];
    if (contig === undefined) return;
    input.value = contigs.names[contig];
    close();
    mark({ contig, bin: contigs.bin[contig] || null, show: true });
    speak(`${contigs.names[contig]}, ${text.bin(contigs.bin[contig])}`);
  };
  const refresh = () => {
    found.places = namesLike(input.value.trim());
    found.active = found.places.length ? 0 : -1;
    if (!input.value.trim()) return close();
    list.replaceChildren(...foundItems(found.places, choose));
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    activate(input, list, found.active);
  };
  input.addEventListener("input", refresh);
  input.addEventListener("focus", () => input.value.trim() && refresh());
  input.addEventListener("blur", () => setTimeout(close, 150)); // after a click on the list
  input.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && found.places.length) {
      event.preventDefault();
      found.active = (found.active + step + found.places.length) % found.places.length;
      activate(input, list, found.active);
    } else if (event.key === "Enter") choose(Math.max(0, found.active));
    else if (event.key === "Escape") close();
  });
}

/** The first contigs of exactly this name, then those that begin with it, then those that hold it. */
function namesLike(wanted) {
  if (!wanted) return [];
  const sought = wanted.toLowerCase();
  const ranks = [[], [], []];
  for (let i = 0; i < contigs.n && ranks[0].length < MOST_FOUND; i += 1) {
    const at = contigs.names[i].toLowerCase().indexOf(sought);
    if (at < 0) continue;
    const rank = at > 0 ? 2 : contigs.names[i].length === sought.length ? 0 : 1;
    if (ranks[rank].length < MOST_FOUND) ranks[rank].push(i);
  }
  return ranks.flat().slice(0, MOST_FOUND);
}

function foundItems(places, choose) {
  if (places.length === 0) {
    const few = page.total > contigs.n ? `No ${page.record} of this name is shown here.` : `No ${page.record} of this name.`;
    return [element("li", few, { class: "nothing" })];
  }
  return places.map((contig, k) => {
    const made = element("li", "", { role: "option", id: `found-${k}`, "aria-selected": "false" });
    made.append(element("span", contigs.names[contig]), element("span", text.bin(contigs.bin[contig])));
    made.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      choose(k);
    });
    return made;
  });
}

function activate(input, list, k) {
  [...list.children].forEach((one, place) => one.setAttribute("aria-selected", place === k));
  if (k >= 0) input.setAttribute("aria-activedescendant", `found-${k}`);
}
