// Made-up previews of any size, in the form of `preview --format json`, and pages that hold them.

const CLOUDS = ["google", "aws", "azure", "qemu"];

// A path that tries to leave every place it can be put in.
export const HOSTILE = "image-defs/scripts/</script><img src=x onerror=alert(1)>\"'&`]\u2028--><!--.sh";

// The page of a real preview with other data in it. The policy of the page covers style and script, not the data.
export function withData(page, preview) {
  const json = JSON.stringify(preview).replace(/[<>&\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
  const [before, rest] = page.split('<script id="data" type="application/json">');
  const after = rest.slice(rest.indexOf("</script>"));
  return `${before}<script id="data" type="application/json">${json}${after}`;
}

export function preview(size) {
  const images = [];
  const tasks = [];
  const families = Math.ceil(size / 12);
  for (let at = 0; at < size; at++) {
    const family = at % families;
    const generation = Math.floor(at / families);
    const cloud = CLOUDS[family % CLOUDS.length];
    const id = (generation) => `${generation === 0 ? "base" : `worker-${["headless", "gui", "gpu"][generation % 3]}-l${generation}`}-${String(family).padStart(3, "0")}@${cloud}`;
    const parent = generation === 0 ? null : id(generation < 4 ? 0 : generation % 3 + 1);
    const needed = size > 2 && generation === 0 && family % 3 === 0;
    const change = needed ? "needed" : at % 17 === 5 ? "new" : "changed";
    addTasks(tasks, id(generation), parent, !needed);
    if (!needed) images.push(image(id(generation), change, parent, at));
  }
  if (size > 2) images.push({ ...image("retired-2204@aws", "removed", null, 1), tasks: [], reasons: [{ kind: "removed", path: "image-defs/images/retired.yml", via: [] }] });
  images.sort((a, b) => (a.id < b.id ? -1 : 1));
  return {
    version: 1, event: "push", level: 3,
    base: "3f786850e387550fdab836ed7e6dc881de23001b", head: "89e6c98d92887913cadf06b2adb97f26cde4849b",
    how: "the merge base with main", total: Math.max(14, size + 6), images, tasks,
    unclaimed: size > 0 ? ["image-defs/scripts/linux/left-over.sh"] : [],
  };
}

const label = (kind, id) => `${kind}-${id.replace("@", "-")}`;

function addTasks(tasks, id, parent, affected) {
  const add = (kind, dependencies, is = affected) =>
    tasks.push({ label: label(kind, id), image: id, kind, affected: is, task_queue_id: `taskgraph-images-3/${kind === "build" ? "linux-builder" : "linux-kvm"}`, dependencies });
  add("build", parent ? [label("build", parent)] : []);
  if (!affected) return;
  add("verify", [label("build", id)]);
  add("publish", [label("build", id), label("verify", id)]);
}

function image(id, change, parent, at) {
  const name = id.split("@")[0];
  const definition = `image-defs/images/${name}.yml`;
  const build = label("build", id);
  const reasons = [
    {
      kind: "input", path: "image-defs/scripts/lib/download.sh", change: "modified",
      via: [
        { from: build, how: "script", to: "image-defs/scripts/linux/20-generic-worker.sh", at: `${definition}:14` },
        { from: "image-defs/scripts/linux/20-generic-worker.sh", how: "sourced-by", to: "image-defs/scripts/lib/download.sh", at: "image-defs/scripts/linux/20-generic-worker.sh:7" },
      ],
    },
  ];
  if (at % 3 === 0) reasons.push({ kind: "pin", path: "image-defs/pins.yml", key: "taskcluster", via: [{ from: build, how: "pin", to: "image-defs/pins.yml", at: `${definition}:21` }] });
  if (at % 5 === 0) reasons.push({ kind: "definition", path: definition, change: "modified", key: "build.max-run-time", via: [{ from: build, how: "definition", to: definition, at: `${definition}:30` }] });
  if (at % 7 === 0) reasons.push({ kind: "input", path: HOSTILE, change: "added", via: [{ from: build, how: "script", to: HOSTILE, at: `${definition}:9` }] });
  if (parent) reasons.push({ kind: "parent", path: "image-defs/scripts/linux/10-base.sh", change: "modified", via: [
    { from: build, how: "parent", to: label("build", parent), at: `${definition}:3` },
    { from: label("build", parent), how: "script", to: "image-defs/scripts/linux/10-base.sh", at: "image-defs/fragments/linux.yml:8" },
  ] });
  return { id, change: change === "needed" ? "changed" : change, tasks: ["build", "verify", "publish"], parent, definition, reasons: change === "new" ? [{ kind: "new", path: definition, via: [] }] : reasons };
}
