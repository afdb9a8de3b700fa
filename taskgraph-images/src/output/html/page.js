// The header, the keyboard and the address: what holds the parts together.

const short = (name) => (/^[0-9a-f]{40,}$/.test(name) ? name.slice(0, 12) : name);

// Names between backticks, as messages write them, become code.
const quoted = (text) => text.split("`").map((part, at) => (at % 2 === 1 ? make("code", {}, part) : part));

function renderHeader() {
  const number = (change) => preview.images.filter((image) => image.change === change).length;
  const affected = preview.tasks.filter((task) => task.affected);
  const ofKind = (kind) => affected.filter((task) => task.kind === kind).length;
  const parts = (some) => some.filter(([size]) => size > 0).map(([size, what]) => `${size.toLocaleString("en")} ${what}`).join(", ");
  const needed = preview.tasks.length - affected.length;
  const verb = preview.images.length === 1 ? "image is" : "images are";
  const title = preview.images.length === 0 ? "No image is affected" : `${preview.images.length.toLocaleString("en")} ${verb} affected`;
  document.title = `${title}: ${short(preview.head)} compared with ${short(preview.base)}`;
  const figure = (size, what, note, title) =>
    make("div", { title: title ?? note }, make("dt", {}, what), make("dd", {}, make("strong", {}, size.toLocaleString("en")), note ? make("span", {}, note) : null));
  byId("header").replaceChildren(
    make(
      "div",
      {},
      make("h1", {}, title),
      make(
        "p",
        { class: "range" },
        make("code", { title: preview.head }, short(preview.head)),
        " compared with ",
        make("code", { title: preview.base }, short(preview.base)),
        preview.how ? [" (", quoted(preview.how), ")"] : "",
        make("span", { class: "event" }, preview.event.replaceAll("-", " ")),
        make("span", { class: "event" }, `level ${preview.level}`),
      ),
    ),
    make(
      "dl",
      { class: "figures" },
      ["new", "changed", "removed"].map((change) => (number(change) > 0 ? figure(number(change), change) : null)),
      figure(preview.total, preview.total === 1 ? "image in all" : "images in all"),
      figure(affected.length, affected.length === 1 ? "affected task" : "affected tasks", parts(KINDS.map((kind) => [ofKind(kind), kind]))),
      figure(needed, "needed only", "", "Tasks that affected ones depend on: found in the index, or built if they are not there"),
      preview.unclaimed.length > 0 ? figure(preview.unclaimed.length, preview.unclaimed.length === 1 ? "unclaimed file" : "unclaimed files") : null,
    ),
  );
}

let origin = null; // Where the focus was when the details were opened.

function select({ focus }) {
  const before = state.selection;
  state.selection = parseSelection(location.hash);
  renderDetails();
  const wasFolded = byId("folded").textContent !== "";
  if (wasFolded || tasks.size > ROWS) renderGraph();
  else markGraph();
  markRow();
  const { selection } = state;
  if (selection === null) {
    if (focus && before) (origin?.isConnected ? origin : byId("search")).focus();
    return;
  }
  if (matchMedia("(max-width: 1150px)").matches) {
    byId("details").scrollIntoView();
  } else {
    show(rows.get(selection.image?.id));
    show(byId("drawing").querySelector(".selected"));
  }
  if (focus) byId("details").querySelector("h2").focus();
}

// Moves what cannot be seen to the middle; leaves alone what can.
function show(element) {
  if (!element?.isConnected) return;
  const view = element.closest(".scroll").getBoundingClientRect();
  const { top, bottom } = element.getBoundingClientRect();
  if (top < view.top + SIZE.row || bottom > view.bottom) element.scrollIntoView({ block: "center", inline: "nearest" });
}

function close() {
  if (state.selection !== null) location.hash = "";
}

function startKeyboard() {
  document.addEventListener("focusin", (event) => {
    if (!event.target.closest("#details")) origin = event.target;
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, select, textarea");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      byId("search").focus();
      byId("search").select();
    } else if (event.key === "Escape") {
      if (event.target === byId("search") && event.target.value !== "") {
        event.preventDefault();
        event.target.value = "";
        search("");
      } else {
        close();
      }
    }
  });
}

document.body.classList.toggle("nothing", images.size === 0);
renderHeader();
startList();
startGraph();
startKeyboard();
addEventListener("hashchange", () => select({ focus: true }));
renderList();
renderGraph();
select({ focus: false });
