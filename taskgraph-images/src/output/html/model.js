// The preview, indexed. All parts of the script share this module's scope, in the order that mod.rs names them.

const preview = JSON.parse(document.getElementById("data").textContent);

// Only a stranger's pull request validates.
const KINDS = ["validate", "build", "verify", "publish"].filter(
  (kind) => kind !== "validate" || preview.tasks.some((task) => task.kind === kind),
);
const SVG = "http://www.w3.org/2000/svg";
const collator = new Intl.Collator("en", { numeric: true });

// The only ways in which elements are made: what comes from the data is always text, never markup.
function make(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

function draw(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== undefined && value !== null && value !== false) element.setAttribute(name, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

const byId = (id) => document.getElementById(id);
const count = (number, one, many = `${one}s`) => `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
const link = (kind, name) => `#${kind}=${encodeURIComponent(name).replaceAll("%40", "@")}`;

// Tasks by label, each with those that wait for it.
const tasks = new Map(preview.tasks.map((task) => [task.label, { ...task, dependents: [] }]));
for (const task of tasks.values()) {
  for (const label of task.dependencies) tasks.get(label)?.dependents.push(task.label);
}

// Images by id: the affected ones, and those of which tasks are only needed.
const images = new Map();
function addImage(image) {
  const at = image.id.lastIndexOf("@");
  images.set(image.id, { ...image, name: image.id.slice(0, at), cloud: image.id.slice(at + 1), nodes: {}, children: [] });
}
preview.images.forEach(addImage);
for (const task of tasks.values()) {
  if (!images.has(task.image)) {
    addImage({ id: task.image, change: "needed", tasks: [], parent: null, definition: "", reasons: [] });
  }
  images.get(task.image).nodes[task.kind] = task;
}
for (const image of images.values()) {
  // An image that is only needed says nothing of its parent; its build's dependency does.
  const before = Object.values(image.nodes).flatMap((task) => task.dependencies.map((label) => tasks.get(label)?.image));
  image.parent ??= before.find((id) => id && id !== image.id) ?? null;
  images.get(image.parent)?.children.push(image);
  image.haystack = haystack(image);
}

function haystack(image) {
  const words = [image.id, image.definition, image.change, image.parent];
  for (const task of Object.values(image.nodes)) words.push(task.label, task.task_queue_id);
  for (const reason of image.reasons) {
    words.push(reason.kind, reason.path, reason.key);
    for (const step of reason.via) words.push(step.from, step.how, step.to, step.at);
  }
  return words.filter(Boolean).join("\n").toLowerCase();
}

// Everything that can be reached from some labels, themselves left out.
function reach(labels, next) {
  const seen = new Set(labels);
  const queue = [...labels];
  while (queue.length > 0) {
    for (const label of tasks.get(queue.pop())?.[next] ?? []) {
      if (!seen.has(label)) {
        seen.add(label);
        queue.push(label);
      }
    }
  }
  for (const label of labels) seen.delete(label);
  return seen;
}

// What an address after `#` selects: an image, or one task of it.
function parseSelection(hash) {
  const fields = new URLSearchParams(hash.replace(/^#/, ""));
  const label = fields.get("task");
  const id = fields.get("image");
  if (label === null && id === null) return null;
  const task = label === null ? null : tasks.get(label);
  const image = images.get(label === null ? id : task?.image);
  if (!image) return { unknown: label ?? id };
  const labels = task ? [task.label] : Object.values(image.nodes).map((node) => node.label);
  return { image, task, labels: new Set(labels), up: reach(labels, "dependencies"), down: reach(labels, "dependents") };
}

// Parents before children, each family together, by name; `indent` counts the generations that are shown.
function families(shown) {
  const rows = [];
  const visited = new Set();
  const byName = (a, b) => collator.compare(a.id, b.id);
  const visit = (start) => {
    const stack = [[start, 0]];
    while (stack.length > 0) {
      const [image, indent] = stack.pop();
      if (visited.has(image)) continue;
      visited.add(image);
      rows.push({ image, indent });
      const children = image.children.filter((child) => shown.has(child)).sort(byName).reverse();
      for (const child of children) stack.push([child, indent + 1]);
    }
  };
  const sorted = [...shown].sort(byName);
  sorted.filter((image) => !shown.has(images.get(image.parent))).forEach(visit);
  sorted.forEach(visit);
  return rows;
}

// What the page shows now; `render` in page.js draws it.
const state = { terms: [], cloud: "", change: "affected", sort: "image", descending: false, limit: 500, selection: null };

function matches(image) {
  return (
    (state.cloud === "" || image.cloud === state.cloud) &&
    (state.change === "" || image.change === state.change || (state.change === "affected" && image.change !== "needed")) &&
    state.terms.every((term) => image.haystack.includes(term))
  );
}

const filtered = () => state.terms.length > 0 || state.cloud !== "" || state.change !== "affected";

// One tab stop for a group of links; arrows, Home and End move inside of it.
function rove(container, selector) {
  const stops = () => [...container.querySelectorAll(selector)].filter((stop) => !stop.closest("[hidden]"));
  container.addEventListener("focusin", (event) => {
    const stop = event.target.closest(selector);
    if (stop) setStop(container, selector, stop);
  });
  container.addEventListener("keydown", (event) => {
    const all = stops();
    const at = all.indexOf(event.target.closest(selector));
    const to = { ArrowDown: at + 1, ArrowRight: at + 1, ArrowUp: at - 1, ArrowLeft: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (at < 0 || to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    all[Math.min(Math.max(to, 0), all.length - 1)].focus();
  });
}

function setStop(container, selector, stop) {
  for (const other of container.querySelectorAll(`${selector}[tabindex="0"]`)) other.setAttribute("tabindex", "-1");
  stop?.setAttribute("tabindex", "0");
}
