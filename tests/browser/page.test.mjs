// The page of `preview --format html` in a real Chromium. Run by .ci/browser-test.
//
// PAGE         a page that the program made of a real preview
// SCREENSHOTS  folder for pictures (optional)
// CHROMIUM     the browser's program (default: chromium)

import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { pathToFileURL } from "node:url";

import { Browser } from "./browser.mjs";
import { HOSTILE, preview, withData } from "./previews.mjs";

const original = resolve(process.env.PAGE ?? assert.fail("PAGE names no page"));
const pictures = process.env.SCREENSHOTS ? resolve(process.env.SCREENSHOTS) : null;
let browser;
let folder;
let template;
const opened = [];

before(async () => {
  template = await readFile(original, "utf8");
  folder = await mkdtemp(join(tmpdir(), "taskgraph-images-pages-"));
  if (pictures) await mkdir(pictures, { recursive: true });
  browser = await Browser.start();
});

after(async () => {
  await browser?.stop();
  if (folder) await rm(folder, { recursive: true });
});

// Whatever a test does, the browser has nothing to complain of, and the page asks for nothing but itself.
afterEach(async () => {
  for (const page of opened.splice(0)) {
    const unexpected = page.problems.filter((problem) => !page.expected?.(problem));
    const url = await page.read("location.href.split(/[?#]/)[0]");
    const text = await page.read("document.body.innerText");
    const elsewhere = page.requests.filter((request) => request.split(/[?#]/)[0] !== url && !page.expected);
    await page.close();
    assert.deepEqual(unexpected, []);
    assert.deepEqual(elsewhere, []);
    assert.doesNotMatch(text, /\b(null|undefined|NaN|\[object)\b/, "what is missing is not shown as such");
  }
});

async function open(file, hash = "", options = {}) {
  const page = await browser.open(`${pathToFileURL(file)}${hash}`, options);
  opened.push(page);
  return page;
}

async function openWith(data, hash, options) {
  const file = join(folder, `${opened.length}-${data.images.length}.html`);
  await writeFile(file, withData(template, data));
  return open(file, hash, options);
}

const picture = async (page, name) => pictures && page.screenshot(join(pictures, `${name}.png`));
const data = (page) => page.read("JSON.parse(document.getElementById('data').textContent)");
const focused = (page) => page.read("document.activeElement.id || document.activeElement.textContent");

test("a real preview: search, click, reasons", async () => {
  const page = await open(original);
  const { images } = await data(page);
  assert.ok(images.length > 0, "the real preview affects an image");
  assert.match(await page.text("h1"), new RegExp(`^${images.length} images? (is|are) affected$`));
  assert.equal(await page.number("#rows tr"), images.length);

  const image = images.find(({ change, reasons }) => change === "changed" && reasons[0]?.via.length > 0);
  assert.ok(image, "the real preview has a changed image with a reason");
  await page.click("#search");
  await page.type(image.id);
  await page.click("#rows a");
  assert.equal(await page.text("#details h2"), image.id);
  const details = await page.text("#details");
  for (const step of image.reasons[0].via) {
    for (const part of [step.from, `─ ${step.how} →`, step.to, step.at ?? ""]) {
      // The page shows white space as a browser does: runs of it are one space.
      assert.ok(details.replace(/\s+/g, " ").includes(part.replace(/\s+/g, " ")), `the details lack ${part}`);
    }
  }
  assert.ok((await page.number(".node.selected")) > 0, "the image's tasks are marked in the graph");
  await picture(page, "real");
});

test("with nothing selected the causes are listed, and a click shows their images", async () => {
  const page = await openWith(preview(60));
  assert.equal(await page.text("#details h2"), "Causes");
  assert.match(await page.text(".causes"), /image-defs\/scripts\/lib\/download\.sh was modified/);
  assert.match(await page.text("#details"), /Unclaimed files \(1\)/);
  const label = (await page.texts(".causes button"))[0];
  await page.click(".causes button");
  assert.equal(await page.number("#rows tr"), Number(label.split(" ")[0]));
  await picture(page, "60-light");
});

test("a task's details name its queue and dependencies, and the graph shows what belongs to it", async () => {
  const page = await openWith(preview(3));
  await page.click('[data-label="verify-worker-gui-l1-000-google"]');
  assert.equal(await page.text("#details h2"), "verify-worker-gui-l1-000-google");
  const details = await page.text("#details");
  assert.match(details, /taskgraph-images-3\/linux-kvm/);
  assert.match(details, /build-worker-gui-l1-000-google/);
  assert.deepEqual(await page.read("[...document.querySelectorAll('.node.related')].map((node) => node.dataset.label)"), [
    "build-base-000-google", "build-worker-gui-l1-000-google", "verify-worker-gui-l1-000-google", "publish-worker-gui-l1-000-google",
  ]);
  assert.equal(await page.read("location.hash"), "#task=verify-worker-gui-l1-000-google");
  await picture(page, "3-task");
});

test("the keyboard is enough", async () => {
  const page = await openWith(preview(3));
  await page.press("/");
  assert.equal(await focused(page), "search");
  await page.type("worker l1");
  assert.equal(await page.number("#rows tr"), 1);
  for (let stop = 0; stop < 20 && (await focused(page)) !== "worker-gui-l1-000"; stop++) await page.press("Tab");
  await page.press("Enter");
  assert.equal(await focused(page), "worker-gui-l1-000@google");
  await page.press("Escape");
  assert.equal(await page.text("#details h2"), "Causes");
  assert.equal(await focused(page), "worker-gui-l1-000", "the focus is back where it was");
  await page.press("/");
  await page.press("Escape");
  assert.equal(await page.read("document.getElementById('search').value"), "");
  await page.click("#rows a");
  await page.press("Escape");
  await page.press("ArrowDown");
  await page.press("Enter");
  assert.equal(await page.read("document.querySelector('#rows .selected').rowIndex"), 2);
});

test("the list is sorted and filtered", async () => {
  const page = await openWith(preview(60));
  const names = () => page.texts("#rows .c-image");
  const ascending = await names();
  assert.equal(await page.read("document.querySelector('th.c-image').ariaSort"), "ascending");
  await page.click("th.c-image button");
  assert.deepEqual(await names(), ascending.toReversed());
  await page.read("(() => { const cloud = document.getElementById('cloud'); cloud.value = 'aws'; cloud.dispatchEvent(new Event('change')); })()");
  assert.deepEqual([...new Set(await page.texts("#rows .c-cloud"))], ["aws"]);
  assert.match(await page.text("#found"), /^\d+ images of \d+ match$/);
  await page.click("#search");
  await page.type("no such thing");
  assert.match(await page.text("#found"), /^No image matches/);
});

test("an address selects", async () => {
  const page = await openWith(preview(60), "#image=worker-gpu-l2-003@qemu", { scheme: "dark" });
  assert.equal(await page.text("#details h2"), "worker-gpu-l2-003@qemu");
  assert.equal(await page.text("#rows .selected .c-image"), "worker-gpu-l2-003");
  await picture(page, "60-dark");
  await page.go(`${(await page.read("location.href")).split("#")[0]}?2#image=no-such@aws`);
  assert.match(await page.text("#details"), /No image or task of this name/);
});

test("nothing affected says so and what to do", async () => {
  for (const scheme of ["light", "dark"]) {
    const page = await openWith({ ...preview(0), unclaimed: ["image-defs/scripts/unused.sh"] }, "", { scheme });
    assert.equal(await page.text("h1"), "No image is affected");
    assert.match(await page.text("#details"), /affected --explain PATH/);
    assert.match(await page.text("#details"), /image-defs\/scripts\/unused\.sh/);
    await picture(page, `0-${scheme}`);
  }
});

test("hostile names stay text", async () => {
  const hostile = preview(3);
  for (const image of hostile.images) {
    image.definition = HOSTILE;
    image.reasons = [{ kind: "input", path: HOSTILE, key: HOSTILE, via: [{ from: HOSTILE, how: "script", to: HOSTILE, at: HOSTILE }] }];
  }
  Object.assign(hostile, { how: HOSTILE, base: HOSTILE, head: HOSTILE, unclaimed: [HOSTILE] });
  const page = await openWith(hostile);
  await page.click("#rows a");
  assert.equal(await page.number("img"), 0);
  assert.equal(await page.read("document.scripts.length"), 2);
  assert.deepEqual((await page.texts("#details .cause code")).slice(0, 1), [HOSTILE]);
});

test("the policy of the page refuses what it must", async () => {
  const page = await openWith(preview(3));
  page.expected = (problem) => /Content Security Policy|ContentSecurityPolicy|TrustedHTML|trusted/i.test(problem);
  await page.read("document.body.append(Object.assign(new Image(), { src: 'https://example.org/picture' }))");
  await page.read("document.head.append(Object.assign(document.createElement('style'), { textContent: 'body { color: red }' }))");
  await page.settle();
  assert.ok(page.problems.length >= 2, "both are refused");
  await assert.rejects(page.read("document.body.innerHTML = '<b>markup</b>'"), /TrustedHTML/);
  await assert.rejects(page.read("fetch('https://example.org/')"), /Failed to fetch/);
});

for (const size of [300, 1000]) {
  test(`${size} images: folded, and usable`, async (context) => {
    const page = await openWith(preview(size));
    context.diagnostic(`${size} images: ready after ${await page.read("Math.round(performance.timing.loadEventEnd - performance.timing.fetchStart)")} ms`);
    assert.ok((await page.number(".node")) <= 360);
    assert.ok((await page.number("#rows tr")) <= 500);
    assert.match(await page.text("#folded"), /Folded|not drawn/);
    await picture(page, `${size}-light`);

    await page.click("#search");
    await page.type("worker-gpu-l2-003@qemu");
    assert.ok((await page.texts("#rows a")).includes("worker-gpu-l2-003"), "children name it as their parent");
    await page.click('#rows a[href$="worker-gpu-l2-003@qemu"]');
    assert.equal(await page.number(".node.selected"), 3);
    assert.match(await page.text("#details"), /sourced-by/);
    await page.press("/");
    await page.press("Escape");
    assert.match(await page.text("#folded"), /with its ancestors and descendants/);
    assert.ok((await page.number(".node")) <= 360);
    await page.media({ scheme: "dark" });
    await picture(page, `${size}-dark`);
  });
}

test("narrow windows and paper", async () => {
  const page = await openWith(preview(14), "#image=worker-gui-l1-000@google", { width: 420, height: 900 });
  assert.ok(await page.read("document.documentElement.scrollWidth <= innerWidth"), "nothing is cut off");
  await picture(page, "14-narrow");
  await page.send("Emulation.setDeviceMetricsOverride", { width: 1440, height: 900, deviceScaleFactor: 1, mobile: false });
  await picture(page, "14-light");
  await page.media({ scheme: "dark", media: "print" });
  assert.equal(await page.read("getComputedStyle(document.body).backgroundColor"), "rgb(255, 255, 255)");
  if (pictures) await page.pdf(join(pictures, "14.pdf"));
});
