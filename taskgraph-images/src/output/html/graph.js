// The task graph: one row an image, parents above their children; build, verify and publish side by side. Where an image
// is validated it is not built, so that stands in the same place.
//
// An image has at most one parent, so rows in family order need no crossing lines: a child's build hangs below its
// parent's, and the tasks of one image follow from left to right.

const ROWS = 120; // Three tasks each: more than that nobody reads, and browsers begin to feel it.
const SIZE = { row: 34, box: 24, indent: 22, gap: 40, small: 74, letter: 7.25, top: 8, left: 16, longest: 46 };

function startGraph() {
  rove(byId("drawing"), "a");
}

// Which images the drawing shows, and what to say of the others.
function folded() {
  const all = [...images.values()].filter((image) => Object.keys(image.nodes).length > 0);
  const selected = state.selection?.image;
  const wanted = filtered() ? withAncestors(all.filter(matches)) : all;
  if (wanted.length <= ROWS && (!selected || !filtered() || wanted.includes(selected))) {
    const left = all.length - wanted.length;
    return { rows: families(new Set(wanted)), note: left > 0 ? `${count(left, "image")} outside of the search not drawn.` : "" };
  }
  const of = `of ${count(all.length, "image")}`;
  if (selected && all.includes(selected)) {
    const near = families(new Set(neighbourhood(selected)));
    const cut = near.length - ROWS;
    const more = cut > 0 ? ` ${count(cut, "more descendant")} not drawn.` : "";
    return {
      rows: near.slice(0, ROWS),
      note: `Drawn: ${selected.id} with its ancestors and descendants, ${Math.min(near.length, ROWS)} ${of}.${more}`,
    };
  }
  const shown = new Set(wanted);
  const roots = families(shown).filter((row) => row.indent === 0);
  for (const row of roots) row.folded = families(new Set(descendants(row.image).filter((image) => shown.has(image)))).length;
  const cut = roots.length - ROWS;
  const more = cut > 0 ? ` ${count(cut, "more family", "more families")} not drawn: search for them.` : "";
  return {
    rows: roots.slice(0, ROWS),
    note: `Folded: ${count(Math.min(roots.length, ROWS), "family", "families")} ${of}. Select an image to see what surrounds it.${more}`,
  };
}

function withAncestors(some) {
  const all = new Set();
  for (let image of some) {
    for (; image && !all.has(image); image = images.get(image.parent)) all.add(image);
  }
  return [...all];
}

function descendants(image) {
  const found = new Set();
  const queue = [...image.children];
  while (queue.length > 0) {
    const next = queue.pop();
    if (!found.has(next)) {
      found.add(next);
      queue.push(...next.children);
    }
  }
  return [...found];
}

const neighbourhood = (image) => [...withAncestors([image]), ...descendants(image)];

function renderGraph() {
  const { rows, note } = folded();
  byId("folded").textContent = note;
  if (rows.length === 0) {
    byId("columns").replaceChildren();
    byId("drawing").replaceChildren(make("p", { class: "empty" }, tasks.size === 0 ? "No task would run." : "No task to draw."));
    return;
  }
  const text = (image) => (image.id.length > SIZE.longest ? `${image.id.slice(0, 28)}…${image.id.slice(-17)}` : image.id);
  const widest = Math.max(...rows.map(({ image, indent }) => indent * SIZE.indent + text(image).length * SIZE.letter + 24));
  const verify = SIZE.left + widest + SIZE.gap;
  const publish = verify + SIZE.small + SIZE.gap;
  const width = publish + SIZE.small + (rows.some((row) => row.folded) ? 130 : 20);
  const height = SIZE.top * 2 + rows.length * SIZE.row;
  const edges = draw("g", { class: "edges" });
  const nodes = draw("g", { class: "nodes" });
  const boxes = new Map();

  rows.forEach(({ image, indent, folded }, at) => {
    const y = SIZE.top + at * SIZE.row + SIZE.row / 2;
    const start = SIZE.left + indent * SIZE.indent;
    const first = { x: start, y, width: text(image).length * SIZE.letter + 24 };
    const place = {
      validate: first,
      build: first,
      verify: { x: verify, y, width: SIZE.small },
      publish: { x: publish, y, width: SIZE.small },
    };
    const row = draw("g", {});
    if (!image.nodes.build && !image.nodes.validate) {
      row.append(draw("text", { x: start + 12, y: y + 4, class: "name" }, text(image)));
    }
    for (const kind of KINDS) {
      const task = image.nodes[kind];
      if (!task) continue;
      boxes.set(task.label, place[kind]);
      row.append(node(task, place[kind], place[kind] === first ? text(image) : kind));
    }
    if (folded) {
      const more = draw("text", { x: publish + SIZE.small + 14, y: y + 4, class: "folded" }, `+ ${count(folded, "image")}`);
      row.append(draw("a", { href: link("image", image.id), class: "more", tabindex: "-1" }, more));
    }
    nodes.append(row);
  });
  for (const [label, box] of boxes) {
    for (const before of direct(tasks.get(label))) {
      if (boxes.has(before)) edges.append(edge(before, label, boxes.get(before), box));
    }
  }
  byId("columns").replaceChildren(
    ...[[["build", "validate"], SIZE.left], [["verify"], verify], [["publish"], publish]].map(([kinds, left]) => {
      const shown = kinds.filter((kind) => rows.some(({ image }) => image.nodes[kind]));
      if (shown.length === 0) return "";
      const heading = make("span", {}, capital(shown.join(", ")));
      heading.style.left = `${left}px`;
      return heading;
    }),
  );
  byId("columns").style.width = `${width}px`;
  const title = `Task graph: ${count(boxes.size, "task")} of ${count(rows.length, "image")}`;
  byId("drawing").replaceChildren(
    draw("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": title }, edges, nodes),
  );
  markGraph();
}

// Dependencies that do not follow from others: publish needs build too, but verify stands between.
function direct(task) {
  const implied = new Set(task.dependencies.flatMap((label) => tasks.get(label)?.dependencies ?? []));
  return task.dependencies.filter((label) => !implied.has(label));
}

function node(task, { x, y, width }, text) {
  const state = task.affected ? "affected" : "needed";
  const change = images.get(task.image).change;
  const describe = `${task.label}: ${task.affected ? `affected, ${change} image` : "only needed"}`;
  return draw(
    "a",
    { href: link("task", task.label), class: `node ${state} ${change}`, "data-label": task.label, tabindex: "-1", "aria-label": describe },
    draw("title", {}, describe),
    draw("rect", { x, y: y - SIZE.box / 2, width, height: SIZE.box, rx: 4 }),
    draw("text", { x: x + 12, y: y + 4 }, text),
  );
}

function edge(from, to, a, b) {
  const same = a.y === b.y;
  const drop = a.x + SIZE.indent / 2;
  const path = same
    ? `M${a.x + a.width} ${a.y}H${b.x}`
    : `M${drop} ${a.y + SIZE.box / 2}V${b.y - 6}q0 6 6 6H${b.x}`;
  return draw("path", { d: path, "data-from": from, "data-to": to });
}

// Selected, before it, after it, and all the rest.
function markGraph() {
  const { selection } = state;
  const drawing = byId("drawing");
  const chosen = selection?.labels ?? new Set();
  const related = (label) => chosen.has(label) || selection?.up.has(label) || selection?.down.has(label);
  drawing.classList.toggle("choosing", chosen.size > 0);
  for (const element of drawing.querySelectorAll(".node")) {
    const { label } = element.dataset;
    element.classList.toggle("selected", chosen.has(label));
    element.classList.toggle("related", chosen.size > 0 && Boolean(related(label)));
  }
  for (const element of drawing.querySelectorAll("path")) {
    const { from, to } = element.dataset;
    const inside = chosen.has(from) && chosen.has(to);
    const up = selection?.up?.has(from) && (selection.up.has(to) || chosen.has(to));
    const down = selection?.down?.has(to) && (selection.down.has(from) || chosen.has(from));
    element.classList.toggle("related", Boolean(inside || up || down));
  }
  const stop = drawing.querySelector(".selected") ?? drawing.querySelector(".node");
  setStop(drawing, "a", stop);
}
