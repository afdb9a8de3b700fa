// Chromium over its own debugging pipe: no package, no port, no download. Just what page.test.mjs needs.

import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const FLAGS = [
  "--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--remote-debugging-pipe",
];
const ANSWER_WITHIN = 60_000; // Milliseconds. A browser that says nothing for so long has died or hangs.

export class Browser {
  #next = 1;
  #waiting = new Map();
  #pages = new Map();

  static async start(program = process.env.CHROMIUM ?? "chromium") {
    const browser = new Browser();
    browser.profile = await mkdtemp(join(tmpdir(), "taskgraph-images-browser-"));
    // Chromium's sandbox refuses root, which a container's only user often is.
    const sandbox = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
    browser.process = spawn(program, [...FLAGS, ...sandbox, `--user-data-dir=${browser.profile}`, "about:blank"], {
      stdio: ["ignore", "ignore", "pipe", "pipe", "pipe"],
    });
    let words = "";
    browser.process.stderr.on("data", (chunk) => { words = (words + chunk).slice(-4000); });
    browser.ended = new Promise((resolve) => {
      browser.process.on("error", (error) => { browser.#fail(`${program}: ${error.message}`); resolve(); });
      browser.process.on("exit", (status) => { browser.#fail(`${program} ended with ${status}\n${words}`); resolve(); });
    });
    let rest = "";
    browser.process.stdio[4].setEncoding("utf8").on("data", (chunk) => {
      const messages = (rest + chunk).split("\0");
      rest = messages.pop();
      for (const message of messages) browser.#receive(JSON.parse(message));
    });
    browser.process.stdio[3].on("error", () => {}); // Its exit is reported above.
    return browser;
  }

  send(method, params = {}, sessionId = undefined) {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new Error(`no answer to ${method}`));
      }, ANSWER_WITHIN);
      this.#waiting.set(id, { method, resolve, reject, timer });
      this.process.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });
  }

  #receive(message) {
    if (message.id === undefined) {
      this.#pages.get(message.sessionId)?.event(message.method, message.params);
      return;
    }
    const { method, resolve, reject, timer } = this.#waiting.get(message.id) ?? {};
    if (!resolve) return;
    clearTimeout(timer);
    this.#waiting.delete(message.id);
    if (message.error) reject(new Error(`${method}: ${message.error.message}`));
    else resolve(message.result);
  }

  #fail(why) {
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(new Error(why));
    }
    this.#waiting.clear();
  }

  // Opens an address in a tab of its own, without a network.
  async open(url, { scheme = "light", width = 1440, height = 900 } = {}) {
    const { targetId } = await this.send("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await this.send("Target.attachToTarget", { targetId, flatten: true });
    const page = new Page(this, sessionId, targetId);
    this.#pages.set(sessionId, page);
    for (const domain of ["Page", "Runtime", "Log", "Network", "Audits"]) await page.send(`${domain}.enable`);
    await page.send("Network.emulateNetworkConditions", { offline: true, latency: 0, downloadThroughput: -1, uploadThroughput: -1 });
    await page.send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: false });
    await page.media({ scheme });
    await page.go(url);
    return page;
  }

  async stop() {
    await this.send("Browser.close").catch(() => {});
    await this.ended;
    await rm(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

class Page {
  problems = []; // Whatever the browser complains of.
  requests = [];
  #loaded = () => {};

  constructor(browser, sessionId, targetId) {
    Object.assign(this, { browser, sessionId, targetId });
  }

  send(method, params) {
    return this.browser.send(method, params, this.sessionId);
  }

  event(method, params) {
    if (method === "Page.loadEventFired") this.#loaded();
    if (method === "Network.requestWillBeSent") this.requests.push(params.request.url);
    if (method === "Runtime.exceptionThrown") this.problems.push(`exception: ${params.exceptionDetails.exception?.description ?? params.exceptionDetails.text}`);
    if (method === "Runtime.consoleAPICalled") this.problems.push(`console: ${params.args.map((arg) => arg.value).join(" ")}`);
    if (method === "Log.entryAdded") this.problems.push(`${params.entry.source}: ${params.entry.text}`);
    if (method === "Audits.issueAdded") this.problems.push(`issue: ${JSON.stringify(params.issue)}`);
    if (method === "Page.javascriptDialogOpening") this.problems.push(`dialog: ${params.message}`);
  }

  async go(url) {
    const loaded = new Promise((resolve) => { this.#loaded = resolve; });
    const { errorText } = await this.send("Page.navigate", { url });
    if (errorText) throw new Error(`${url}: ${errorText}`);
    await loaded;
  }

  media({ scheme = "light", media = "" }) {
    return this.send("Emulation.setEmulatedMedia", { media, features: [{ name: "prefers-color-scheme", value: scheme }] });
  }

  // What an expression is worth in the page, as JSON.
  async read(expression) {
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", { expression, returnByValue: true, awaitPromise: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  text(selector) {
    return this.read(`document.querySelector(${JSON.stringify(selector)}).innerText`);
  }

  texts(selector) {
    return this.read(`[...document.querySelectorAll(${JSON.stringify(selector)})].map((element) => element.textContent)`);
  }

  number(selector) {
    return this.read(`document.querySelectorAll(${JSON.stringify(selector)}).length`);
  }

  // A real click: the mouse is moved to the middle of what can be seen of the element.
  async click(selector) {
    const point = await this.read(`(() => {
      const element = document.querySelector(${JSON.stringify(selector)});
      element.scrollIntoView({ block: "center", inline: "center" });
      const { x, y, width, height } = (element.getClientRects()[0] ?? element.getBoundingClientRect());
      return { x: x + Math.min(width / 2, 40), y: y + height / 2 };
    })()`);
    for (const type of ["mouseMoved", "mousePressed", "mouseReleased"]) {
      await this.send("Input.dispatchMouseEvent", { type, ...point, button: type === "mouseMoved" ? "none" : "left", clickCount: 1 });
    }
    await this.settle();
  }

  async type(text) {
    await this.send("Input.insertText", { text });
    await this.settle();
  }

  async press(key) {
    const codes = { Enter: 13, Escape: 27, Tab: 9, ArrowDown: 40, ArrowUp: 38, "/": 191 };
    const text = { Enter: "\r", "/": "/" }[key];
    const common = { key, code: key === "/" ? "Slash" : key, windowsVirtualKeyCode: codes[key] };
    await this.send("Input.dispatchKeyEvent", { type: text ? "keyDown" : "rawKeyDown", text, ...common });
    await this.send("Input.dispatchKeyEvent", { type: "keyUp", ...common });
    await this.settle();
  }

  // Until what has been asked for is drawn.
  settle() {
    return this.read("new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 0)))");
  }

  async screenshot(file) {
    await this.read("new Promise((resolve) => setTimeout(resolve, 200))"); // Fading ends.
    const { data } = await this.send("Page.captureScreenshot", { format: "png" });
    await writeFile(file, Buffer.from(data, "base64"));
  }

  async pdf(file) {
    const { data } = await this.send("Page.printToPDF", { printBackground: true });
    await writeFile(file, Buffer.from(data, "base64"));
  }

  close() {
    return this.browser.send("Target.closeTarget", { targetId: this.targetId });
  }
}
