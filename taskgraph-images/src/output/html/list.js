// The list of images: a table that can be searched, filtered and sorted.

const COLUMNS = [
  { key: "image", title: "Image", of: (image) => image.name },
  { key: "cloud", title: "Cloud", of: (image) => image.cloud },
  { key: "change", title: "Change", of: (image) => image.change },
  { key: "tasks", title: "Tasks", of: (image) => KINDS.map((kind) => (image.tasks.includes(kind) ? "0" : "1")).join("") },
];

const rows = new Map();

function startList() {
  const clouds = [...new Set([...images.values()].map((image) => image.cloud))].sort();
  byId("cloud").append(new Option("Every cloud", ""), ...clouds.map((cloud) => new Option(cloud, cloud)));
  const number = (change) => [...images.values()].filter((image) => image.change === change).length;
  const changes = ["new", "changed", "removed", "needed"].filter((change) => number(change) > 0);
  byId("change").append(
    new Option("Affected", "affected"),
    ...changes.map((change) => new Option(`${change === "needed" ? "Needed only" : capital(change)} (${number(change)})`, change)),
    new Option("Every image shown here", ""),
  );
  for (const column of COLUMNS) {
    const button = make("button", { type: "button" }, column.title);
    button.addEventListener("click", () => {
      state.descending = state.sort === column.key && !state.descending;
      state.sort = column.key;
      renderList();
    });
    byId("headings").append(make("th", { scope: "col", class: `c-${column.key}` }, button));
  }
  byId("search").addEventListener("input", (event) => search(event.target.value));
  byId("cloud").addEventListener("change", (event) => refine({ cloud: event.target.value }));
  byId("change").addEventListener("change", (event) => refine({ change: event.target.value }));
  byId("controls").addEventListener("submit", (event) => event.preventDefault());
  byId("more").addEventListener("click", () => refine({ limit: Infinity }));
  rove(byId("rows"), "a");
}

const capital = (word) => word[0].toUpperCase() + word.slice(1);

function search(text) {
  refine({ terms: text.toLowerCase().split(/\s+/).filter(Boolean) });
}

function refine(change) {
  Object.assign(state, change);
  renderList();
  renderGraph();
}

function renderList() {
  const column = COLUMNS.find(({ key }) => key === state.sort);
  const sign = state.descending ? -1 : 1;
  const found = [...images.values()]
    .filter(matches)
    .sort((a, b) => sign * collator.compare(column.of(a), column.of(b)) || collator.compare(a.id, b.id));
  for (const [at, heading] of [...byId("headings").children].entries()) {
    const sorted = COLUMNS[at].key === state.sort;
    heading.setAttribute("aria-sort", sorted ? (state.descending ? "descending" : "ascending") : "none");
  }
  byId("rows").replaceChildren(...found.slice(0, state.limit).map(row));
  byId("more").hidden = found.length <= state.limit;
  byId("more").textContent = `Show all ${count(found.length, "image")}`;
  byId("found").textContent = foundText(found.length);
  markRow();
}

function foundText(found) {
  if (images.size === 0) return "";
  if (filtered() && found === 0) return "No image matches. The search looks at names, labels, task queues, files and keys.";
  return filtered() ? `${count(found, "image")} of ${images.size.toLocaleString("en")} match` : count(found, "affected image");
}

// Made once an image: sorting and searching only move them.
function row(image) {
  let element = rows.get(image.id);
  if (!element) {
    element = make(
      "tr",
      {},
      make("td", { class: "c-image" }, make("a", { href: link("image", image.id), tabindex: "-1" }, image.name)),
      make("td", { class: "c-cloud" }, image.cloud),
      make("td", { class: "c-change" }, badge(image.change)),
      make("td", { class: "c-tasks" }, image.change === "removed" ? "–" : marks(image)),
    );
    element.addEventListener("click", (event) => {
      if (!event.target.closest("a") && String(getSelection()) === "") location.hash = link("image", image.id);
    });
    rows.set(image.id, element);
  }
  return element;
}

const badge = (change) => make("span", { class: `badge ${change}` }, change === "needed" ? "needed only" : change);

// Three small squares: filled where the task is affected, outlined where it is only needed.
function marks(image) {
  const what = (kind) => {
    if (image.tasks.includes(kind)) return image.nodes[kind] ? "affected" : "absent";
    return image.nodes[kind] ? "needed" : "none";
  };
  const words = { affected: "affected", absent: "affected, not run by this event", needed: "needed", none: "unchanged" };
  const text = KINDS.map((kind) => `${kind}: ${words[what(kind)]}`).join(", ");
  const squares = KINDS.map((kind) => make("i", { class: `mark ${what(kind)}` }, kind[0].toUpperCase()));
  return make("span", { class: "marks", role: "img", "aria-label": text, title: text }, squares);
}

function markRow() {
  byId("rows").querySelector(".selected")?.classList.remove("selected");
  byId("rows").querySelector("[aria-current]")?.removeAttribute("aria-current");
  const selected = rows.get(state.selection?.image?.id);
  const shown = selected?.isConnected ? selected : null;
  shown?.classList.add("selected");
  shown?.querySelector("a").setAttribute("aria-current", "true");
  const anchor = (shown ?? byId("rows").firstElementChild)?.querySelector("a");
  setStop(byId("rows"), "a", anchor);
}
