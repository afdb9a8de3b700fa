// The details: of what is selected, or, with nothing selected, the causes of all of it.

const REASONS = 40; // Shown at first; the rest on demand.
const CAUSES = 30;

const FILE_CHANGES = {
  added: " was added",
  removed: " was removed",
  modified: " was modified",
  mode: ": its executable bit changed",
  type: ": file, link or submodule changed kind",
};

const code = (text) => make("code", {}, text);

// What a reason says, without the way there.
function cause(reason) {
  const file = reason.path ? code(reason.path) : null;
  const change = FILE_CHANGES[reason.change] ?? "";
  switch (reason.kind) {
    case "new": return ["The image is new: ", file];
    case "removed": return ["The image is gone; it was defined in ", file];
    case "parent": return ["Through its parent: ", reason.key ? [code(reason.key), " changed in ", file] : [file, change || " changed"]];
    case "forced": return ["It was asked for"];
    case "base-at-fault": return ["The definitions of the base are at fault, so nothing is known of the image there"];
    case "pin": return ["Pin ", code(reason.key ?? ""), " changed in ", file];
    case "template": return [file, change, ": what it means for the image differs"];
    default: return reason.key ? [code(reason.key), " changed in ", file] : [file, change || " changed"];
  }
}

// Every edge: from ─how→ to (file:line). A way that goes on where the last edge ended is written as one chain.
function way(via) {
  const list = make("ol", { class: "way" });
  let end = null;
  for (const step of via) {
    if (step.from !== end) list.append(make("li", { class: "start" }, place(step.from)));
    list.append(
      make(
        "li",
        {},
        make("span", { class: "how" }, `─ ${step.how} →`),
        " ",
        place(step.to),
        step.at ? [" ", make("span", { class: "at" }, `(${step.at})`)] : null,
      ),
    );
    end = step.to;
  }
  return list;
}

const place = (text) => (tasks.has(text) ? make("a", { href: link("task", text) }, text) : code(text));

function renderDetails() {
  const { selection } = state;
  const pane = byId("details");
  document.body.classList.toggle("open", selection !== null);
  if (selection === null) pane.replaceChildren(...overview());
  else if (selection.unknown !== undefined) pane.replaceChildren(heading(selection.unknown), unknown());
  else pane.replaceChildren(...imageDetails(selection));
  pane.scrollTop = 0;
}

function heading(text, ...below) {
  const close = make("a", { href: "#", class: "close", "aria-label": "Close details", title: "Close (Esc)" }, "×");
  return make("div", { class: "heading" }, make("h2", { tabindex: "-1" }, text), close, below);
}

const unknown = () => make("p", {}, "No image or task of this name is part of the preview: what it is made of did not change.");

function imageDetails({ image, task }) {
  const facts = make("dl", { class: "facts" });
  const fact = (name, ...value) => facts.append(make("dt", {}, name), make("dd", {}, value));
  if (image.definition) fact("Definition", code(image.definition));
  if (image.parent) fact("Parent", images.has(image.parent) ? make("a", { href: link("image", image.parent) }, image.parent) : image.parent);
  if (image.children.length > 0) fact(image.children.length === 1 ? "Child" : "Children", imageLinks(image.children));
  return [
    heading(task ? task.label : image.id, make("p", { class: "sub" }, badge(image.change), task ? [" task of ", make("a", { href: link("image", image.id) }, image.id)] : null)),
    facts,
    section("Tasks", taskList(image, task)),
    section(image.reasons.length > 1 ? `Reasons (${image.reasons.length})` : "Reason", reasonList(image)),
  ];
}

const section = (title, ...content) => make("section", {}, make("h3", {}, title), content);

function imageLinks(some) {
  const links = some.slice(0, 12).map((image, at) => [at > 0 ? ", " : "", make("a", { href: link("image", image.id) }, image.id)]);
  return [links, some.length > 12 ? ` and ${some.length - 12} more` : ""];
}

function taskList(image, chosen) {
  const list = make("ul", { class: "tasks" });
  for (const kind of KINDS) {
    const task = image.nodes[kind];
    if (!task) {
      if (image.tasks.includes(kind)) {
        list.append(make("li", {}, make("span", { class: "kind" }, kind), " ", make("span", { class: "muted" }, "affected, but this event does not run it")));
      }
      continue;
    }
    const needs = task.dependencies.map((label, at) => [at > 0 ? ", " : "", make("a", { href: link("task", label) }, label)]);
    list.append(
      make(
        "li",
        { class: task === chosen ? "chosen" : null },
        make("a", { class: "label", href: link("task", task.label) }, task.label),
        make("span", { class: `state ${task.affected ? "affected" : "needed"}` }, task.affected ? "affected" : "needed only"),
        make("dl", {}, make("dt", {}, "Queue"), make("dd", {}, code(task.task_queue_id)), needs.length > 0 ? [make("dt", {}, "Needs"), make("dd", {}, needs)] : null),
      ),
    );
  }
  if (list.children.length > 0) return list;
  return make("p", {}, image.change === "removed" ? "None. What was built of it stays until it expires or is deleted." : "None.");
}

function reasonList(image) {
  if (image.change === "needed") {
    return make("p", {}, "Nothing that it is made of changed. Affected tasks depend on it: it is found in the index, or built if it is not there.");
  }
  const list = make("ol", { class: "reasons" });
  const add = (reasons) => {
    for (const reason of reasons) {
      list.append(make("li", {}, make("p", { class: "cause" }, cause(reason)), reason.via.length > 0 ? way(reason.via) : null));
    }
  };
  add(image.reasons.slice(0, REASONS));
  if (image.reasons.length <= REASONS) return list;
  const more = make("button", { type: "button" }, `Show ${count(image.reasons.length - REASONS, "more reason")}`);
  more.addEventListener("click", () => {
    add(image.reasons.slice(REASONS));
    more.remove();
  });
  return [list, more];
}

const CHANGES = { new: "New images", removed: "Removed images" };

// Causes, those with the most images first: what a change to shared files really reaches.
function causes() {
  const found = new Map();
  for (const image of images.values()) {
    for (const reason of image.reasons) {
      // New and removed images are one cause each; what reaches some through their parent is the same cause for all.
      const key = CHANGES[reason.kind] ? reason.kind : JSON.stringify([reason.path, reason.key]);
      const entry = found.get(key) ?? { reason, images: new Set() };
      if (entry.reason.kind === "parent") entry.reason = reason;
      entry.images.add(image);
      found.set(key, entry);
    }
  }
  const text = ({ reason }) => `${reason.path} ${reason.key}`;
  return [...found.values()].sort((a, b) => b.images.size - a.images.size || collator.compare(text(a), text(b)));
}

function overview() {
  if (preview.images.length === 0) return nothing();
  const all = causes();
  const list = make("ul", { class: "causes" });
  for (const { reason, images } of all.slice(0, CAUSES)) {
    const button = make("button", { type: "button", title: "Show these images" }, count(images.size, "image"));
    button.addEventListener("click", () => {
      const term = CHANGES[reason.kind] ? "" : (reason.path ?? reason.key ?? "");
      byId("change").value = CHANGES[reason.kind] ? reason.kind : "affected";
      byId("search").value = term;
      state.change = byId("change").value;
      search(term);
    });
    list.append(make("li", {}, button, make("span", {}, CHANGES[reason.kind] ?? (reason.kind === "parent" ? cause({ ...reason, kind: "input" }) : cause(reason)))));
  }
  const more = all.length > CAUSES ? make("p", { class: "note" }, `${count(all.length - CAUSES, "more cause")}: select an image to see its own.`) : null;
  return [
    make("div", { class: "heading" }, make("h2", { tabindex: "-1" }, "Causes")),
    make("p", { class: "note" }, "What changed, by the number of images that it reaches. Select an image or a task for the way there."),
    list,
    more,
    unclaimed(),
  ].filter(Boolean);
}

function unclaimed() {
  if (preview.unclaimed.length === 0) return null;
  return section(
    `Unclaimed files (${preview.unclaimed.length})`,
    make("p", { class: "note" }, "They changed and go into no image. Remove them, name them in an image, or list them under ", code("unclaimed-ok"), " in the settings."),
    make("ul", { class: "files" }, preview.unclaimed.map((path) => make("li", {}, code(path)))),
  );
}

function nothing() {
  return [
    make("div", { class: "heading" }, make("h2", { tabindex: "-1" }, "Nothing to build")),
    make("p", {}, "Nothing that an image is made of differs between the two states, so no task would run."),
    make("p", {}, "If you expected one:"),
    make(
      "ul",
      { class: "advice" },
      make("li", {}, "Check that the right states were compared: ", code("--base REV"), " and ", code("--head REV"), " name them, ", code("--worktree"), " and ", code("--staged"), " look at what is not committed. ", code("--all"), " shows every image."),
      make("li", {}, "Ask what a file goes into: ", code("taskgraph-images affected --explain PATH"), "."),
      make("li", {}, "A comment, or a value that resolves to what it was, changes no image."),
    ),
    unclaimed(),
  ].filter(Boolean);
}
