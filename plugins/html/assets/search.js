// The search field of every page. It loads files of data and the engine as scripts, for a page in a
// folder may fetch nothing; whatever people wrote gets into the page as text only.
(() => {
  "use strict";

  const KEPT = 200; // files kept in memory
  const PATIENCE = 10000; // milliseconds until a file counts as missing
  const HELP =
    "words \u00b7 \"a phrase\" \u00b7 begin* \u00b7 -without \u00b7 from:name \u00b7 in:room \u00b7 has:file|image|link|reaction \u00b7 " +
    "is:pinned|reply|edited|system \u00b7 before: after: on:2026-03-31 \u00b7 " +
    "all of it must be true: OR and brackets are not known";

  const script = document.currentScript;
  const root = script.dataset.root || "";

  const arrived = new Map();
  const asked = new Map();

  function load(file) {
    if (asked.has(file)) return asked.get(file);
    const promise = new Promise((resolve, reject) => {
      const path = "search/" + file + ".js";
      const element = document.createElement("script");
      const done = (complaint) => {
        clearTimeout(timer);
        element.remove();
        const data = arrived.get(file);
        arrived.delete(file);
        if (data !== undefined) return resolve(data);
        asked.delete(file);
        reject(new Error("This copy of the archive is incomplete: " + path + " " + complaint + "."));
      };
      const timer = setTimeout(() => done("did not load in time"), PATIENCE);
      element.onload = () => done("is damaged");
      element.onerror = () => done("is missing");
      element.charset = "utf-8";
      element.src = root + path;
      document.head.append(element);
    });
    asked.set(file, promise);
    for (const old of asked.keys()) {
      if (asked.size <= KEPT) break;
      if (old !== "index" && old !== "engine") asked.delete(old);
    }
    return promise;
  }

  let engine = null;
  const begin = async () => (engine = engine || (await load("engine"))(load));

  function make(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  }

  /** One result: who, where, when, and the words that were looked for in <mark>. */
  function item({ room, author, at, address, parts }) {
    const head = make("span", { class: "find-head" }, make("bdi", { class: "find-room" }, room), " ", make("bdi", { class: "find-author" }, author), " ", make("time", { datetime: at }, at));
    const text = parts.map((part, i) => (i % 2 ? make("mark", {}, part) : part));
    return make("li", {}, make("a", { href: root + address }, head, " ", make("span", { class: "find-text", dir: "auto" }, ...text)));
  }

  function start(place) {
    const input = make("input", { type: "search", id: ":query", autocomplete: "off", placeholder: "Search (press /)", "aria-describedby": ":find-help" });
    const help = make("p", { class: "find-help", id: ":find-help" }, HELP);
    const form = make("form", { role: "search", class: "find-form" }, make("label", { for: ":query", class: "find-label" }, "Search all rooms"), input, make("button", {}, "Search"));
    const day = make("input", { type: "date", id: ":day" });
    const room = make("select", { "aria-label": "Room", hidden: "" });
    const jump = make("form", { class: "find-jump" }, make("label", { for: ":day" }, "Go to"), day, room, make("button", {}, "Go"));
    const status = make("p", { role: "status", "aria-live": "polite", class: "find-status" });
    const list = make("ol", { class: "find-results", "aria-label": "Results" });
    const more = make("button", { type: "button", class: "find-more", hidden: "" }, "More results");
    const panel = make("div", { class: "find-panel", hidden: "" }, help, status, list, more);
    place.append(form, jump, panel);
    place.hidden = false;

    let run = 0;
    let found = null;
    const links = () => Array.from(list.querySelectorAll("a"));
    const say = (text) => (status.textContent = text);
    const complain = (error) => say(error.message);
    const many = (count) => count.toLocaleString("en") + (count === 1 ? " message" : " messages");

    /** What needs data; none is read before somebody turns to the search. */
    async function prepare() {
      const rooms = await (await begin()).open();
      if (room.length) return;
      rooms.forEach(({ title, slug }, i) => room.append(new Option(title, i, false, slug === script.dataset.room)));
      room.hidden = rooms.length < 2;
    }

    async function show(mine) {
      more.hidden = true;
      const { results, more: rest } = await found.page();
      if (mine !== run) return;
      list.append(...results.map(item));
      more.hidden = !rest;
      const hint = found.hint && " " + found.hint;
      if (!list.children.length && !rest) say("No messages found." + hint);
      else if (found.loose) say("At most " + many(found.count) + "; in long ones the words of the phrase may stand apart." + hint);
      else say(many(found.count) + ", newest first." + hint);
    }

    async function search(typing) {
      const mine = ++run;
      const query = input.value;
      panel.hidden = false;
      more.hidden = true;
      if (!query.trim()) {
        list.replaceChildren();
        return say("");
      }
      say("Searching\u2026");
      try {
        await prepare();
        const now = await engine.search(query, typing);
        if (mine !== run) return;
        found = now;
        list.replaceChildren();
        await show(mine);
      } catch (error) {
        if (mine !== run) return;
        list.replaceChildren();
        complain(error);
      }
    }

    async function go() {
      panel.hidden = false;
      await prepare();
      if (!day.value || !room.length) return say("Choose a day.");
      const address = await engine.seek(Number(room.value), day.value);
      if (!address) return say("There is nothing in this room on or after that day.");
      location.assign(root + address);
    }

    function close() {
      run++;
      panel.hidden = true;
      input.blur();
    }

    let timer = 0;
    const ready = () => prepare().catch(complain);
    input.addEventListener("focus", () => {
      panel.hidden = false;
      ready();
    });
    day.addEventListener("focus", ready);
    room.addEventListener("focus", ready);
    input.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => search(!/\s$/.test(input.value)), 200);
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      clearTimeout(timer);
      search(false);
    });
    jump.addEventListener("submit", (event) => {
      event.preventDefault();
      go().catch(complain);
    });
    more.addEventListener("click", async () => {
      const next = list.children.length;
      await show(run).catch(complain);
      (links()[next] || more).focus();
    });
    list.addEventListener("click", (event) => event.target.closest("a") && close());
    place.addEventListener("keydown", (event) => {
      const all = links();
      const at = all.indexOf(document.activeElement);
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (event.key === "Escape") close();
      else if (step && all.length && (at >= 0 || document.activeElement === input)) {
        event.preventDefault();
        (at + step < 0 ? input : all[Math.min(at + step, all.length - 1)]).focus();
      }
    });
    document.addEventListener("keydown", (event) => {
      const busy = event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, textarea, select, [contenteditable]");
      if (event.key !== "/" || busy) return;
      event.preventDefault();
      input.focus();
      input.select();
    });
  }

  window.roomscribe = Object.freeze({ add: (file, data) => arrived.set(file, data) });
  const enhance = () => {
    const place = document.getElementById(":find");
    if (place) start(place);
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", enhance);
  else enhance();
})();
