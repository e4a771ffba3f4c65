// Search over the whole archive, from a folder. Data comes as scripts that call roomscribe.add;
// whatever people wrote gets into the page as text only.
(() => {
  "use strict";

  const WORD = /[\p{L}\p{N}][\p{L}\p{M}\p{N}]*/gu;
  const DENSE = /[\u{e00}-\u{eff}\u{1000}-\u{109f}\u{1100}-\u{11ff}\u{1780}-\u{17ff}\u{3005}-\u{30ff}\u{3130}-\u{318f}\u{31f0}-\u{31ff}\u{3400}-\u{4dbf}\u{4e00}-\u{9fff}\u{a960}-\u{a97f}\u{ac00}-\u{d7ff}\u{f900}-\u{faff}\u{ff66}-\u{ffdc}\u{1b000}-\u{1b16f}\u{20000}-\u{3ffff}]+/gu;
  const LONGEST = 40;
  const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const KNOWN = { has: ["file", "image", "link", "reaction"], is: ["pinned", "system", "reply", "edited"] };
  const PAGE = 20; // results shown at once
  const EXAMINED = 400; // messages looked at for them, if many do not hold the phrase
  const SHARDS = 12; // files of words read for one beginning of a word
  const KEPT = 200; // files kept in memory
  const PATIENCE = 10000; // milliseconds until a file counts as missing

  const script = document.currentScript;
  const root = script.dataset.root || "";

  // Texts

  const lower = (text) =>
    Array.from(Array.from(text, (c) => c.toLowerCase().replace("\u03c2", "\u03c3")).join("")).slice(0, LONGEST).join("");

  /** Words as {text, start, end, dense}: dense ones are runs of a script without spaces. */
  function pieces(text) {
    const found = [];
    const plain = (start, end) => {
      if (start < end) found.push({ text: lower(text.slice(start, end)), start, end, dense: false });
    };
    for (const word of text.matchAll(WORD)) {
      let done = word.index;
      for (const run of word[0].matchAll(DENSE)) {
        const start = word.index + run.index;
        plain(done, start);
        done = start + run[0].length;
        found.push({ text: run[0], start, end: done, dense: true });
      }
      plain(done, word.index + word[0].length);
    }
    return found;
  }

  const pairs = (run) => Array.from(run).map((c, i, all) => c + (all[i + 1] || ""));

  /** The terms of a text as the index has them. */
  const words = (text) => pieces(text).flatMap((piece) => (piece.dense ? pairs(piece.text) : [piece.text]));

  /** Whether a comes before b in the index: by code points, not by UTF-16. */
  function precedes(a, b) {
    const x = Array.from(a), y = Array.from(b);
    for (let i = 0; i < x.length && i < y.length; i++) {
      if (x[i] !== y[i]) return x[i].codePointAt(0) < y[i].codePointAt(0);
    }
    return x.length < y.length;
  }

  // Files

  const arrived = new Map();
  const asked = new Map();
  const name = (kind, number) => kind + "-" + String(number).padStart(4, "0");

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
      if (old !== "index") asked.delete(old);
    }
    return promise;
  }

  const VALUES = new Uint8Array(128);
  Array.from(DIGITS).forEach((digit, value) => (VALUES[digit.charCodeAt(0)] = value));

  function eachNumber(text, each) {
    for (let i = 0, value = 0, scale = 1; i < text.length; i++) {
      const digit = VALUES[text.charCodeAt(i)];
      value += (digit & 31) * scale;
      scale *= 32;
      if (digit < 32) {
        each(value);
        value = 0;
        scale = 1;
      }
    }
  }

  let index = null;
  let rooms = [];

  async function open() {
    if (index) return;
    const data = await load("index");
    for (let i = 0; i < data.rooms.length; i += 4) {
      const [slug, title, first, days] = data.rooms.slice(i, i + 4);
      if (i) Object.assign(rooms[rooms.length - 1], { end: first, lastDays: days });
      rooms.push({ slug, title, first, days, end: data.messages, lastDays: data.days });
    }
    index = data;
  }

  async function minutes(block) {
    const times = [];
    let last = 0;
    eachNumber(await load(name("m", block + 1)), (n) => times.push((last += n % 2 ? -(n + 1) / 2 : n / 2)));
    return times;
  }

  const isoMinute = (minute) => new Date(minute * 60000).toISOString().slice(0, 16).replace("T", " ");
  const isoDay = (day) => new Date(day * 86400000).toISOString().slice(0, 10);

  // Sets of messages: one bit each

  const none = () => new Uint32Array(Math.ceil(index.messages / 32));
  const put = (set, i) => (set[i >>> 5] |= 1 << (i & 31));
  const holds = (set, i) => (set[i >>> 5] >>> (i & 31)) & 1;

  function fill(set, start, end) {
    while (start < end) {
      if (start % 32 === 0 && end - start >= 32) {
        set[start >>> 5] = 0xffffffff;
        start += 32;
      } else put(set, start++);
    }
  }

  async function withTerm(set, term, prefix) {
    const first = index.terms;
    let shard = 0;
    for (let low = 0, high = first.length; low < high; ) {
      const middle = (low + high) >> 1;
      if (precedes(term, first[middle])) high = middle;
      else shard = low = middle + 1;
    }
    const shards = [Math.max(shard, 1)];
    while (prefix && shard < first.length && first[shard].startsWith(term)) shards.push(++shard);
    if (shards.length > SHARDS) throw new Error("Too many words begin with \u201c" + term + "\u201d: add a letter.");
    for (const list of await Promise.all(first.length ? shards.map((n) => load(name("t", n))) : [])) {
      for (let i = 0; i < list.length; i += 2) {
        if (list[i] !== term && !(prefix && list[i].startsWith(term))) continue;
        let last = -1;
        eachNumber(list[i + 1], (gap) => put(set, (last += gap + 1)));
      }
    }
  }

  async function between(set, from, until) {
    for (let i = 0; i < index.times.length; i += 2) {
      const start = (i / 2) * index.block;
      const end = Math.min(start + index.block, index.messages);
      if (index.times[i] >= until || index.times[i + 1] < from) continue;
      if (index.times[i] >= from && index.times[i + 1] < until) fill(set, start, end);
      else (await minutes(i / 2)).forEach((minute, at) => minute >= from && minute < until && put(set, start + at));
    }
  }

  // Queries

  /** The minutes of a day, month or year: [start, end). */
  function period(value) {
    const [, year, month, day] = /^(\d{4})(?:-(\d\d?)(?:-(\d\d?))?)?$/.exec(value) || [];
    const at = (y, m, d) => new Date(0).setUTCFullYear(y, m, d) / 60000;
    if (!year || month < 1 || month > 12 || day < 1 || day > 31) {
      throw new Error("Write dates as 2026-03-31, 2026-03 or 2026, not \u201c" + value + "\u201d.");
    }
    if (day) return [at(+year, month - 1, +day), at(+year, month - 1, +day + 1)];
    return month ? [at(+year, month - 1, 1), at(+year, +month, 1)] : [at(+year, 0, 1), at(+year + 1, 0, 1)];
  }

  function filter(key, value, star) {
    const wanted = value.toLowerCase();
    if (key === "before") return { from: -Infinity, until: period(value)[0] };
    if (key === "after") return { from: period(value)[1], until: Infinity };
    if (key === "on") return { from: period(value)[0], until: period(value)[1] };
    if (key === "in") {
      const same = (room) => [room.slug, room.title].some((s) => s.toLowerCase() === wanted || (star && s.toLowerCase().startsWith(wanted)));
      const found = rooms.filter(same);
      if (!found.length) throw new Error("There is no room \u201c" + value + "\u201d in this archive.");
      return { rooms: found };
    }
    if (key === "from") return { terms: [{ term: "from:" + lower(value.trim().replace(/^@/, "")), prefix: star }] };
    if (!KNOWN[key].includes(wanted)) throw new Error(key + ": knows " + KNOWN[key].join(", ") + ".");
    return { terms: [{ term: key + ":" + wanted, prefix: false }] };
  }

  /** What a query asks for: clauses that must all be true, phrases, and what to mark in the snippets. */
  function parse(query, typing) {
    const asks = { clauses: [], phrases: [], marks: [] };
    for (const [all, not, key, quoted, bare] of query.matchAll(/(-?)(?:(from|has|is|in|before|after|on):)?(?:"([^"]*)"?|(\S+))/giu)) {
      const live = typing && quoted === undefined && query.endsWith(all);
      const star = quoted === undefined && /\*$/.test(bare);
      const value = quoted === undefined ? bare.replace(/\*+$/, "") : quoted;
      if (key) {
        if (value) asks.clauses.push({ not: !!not, ...filter(key.toLowerCase(), value, star || live) });
        continue;
      }
      const found = pieces(value);
      const terms = found.flatMap(({ text, dense }, i) => {
        const ends = i === found.length - 1 && (star || (live && text.length > 1));
        const all = dense ? pairs(text) : [text];
        if (!dense) return [{ term: text, prefix: ends }];
        return all.length > 1 ? all.slice(0, -1).map((term) => ({ term, prefix: false })) : [{ term: text, prefix: true }];
      });
      if (!terms.length) continue;
      asks.clauses.push({ not: !!not, terms });
      if (not) continue;
      const ends = star || live;
      found.forEach(({ text, dense }, i) => asks.marks.push({ text, dense, prefix: ends && i === found.length - 1 }));
      if (quoted !== undefined && found.length > 1) asks.phrases.push(phrase(found));
      found.filter((piece) => piece.dense && piece.text.length > 2).forEach((piece) => asks.phrases.push(phrase([piece])));
    }
    return asks;
  }

  const joined = (found) => found.map((piece) => piece.text).join(" ");
  const phrase = (found) => (found[0].dense ? "" : " ") + joined(found) + (found[found.length - 1].dense ? "" : " ");

  async function set(clause) {
    const all = none();
    if (clause.rooms) clause.rooms.forEach((room) => fill(all, room.first, room.end));
    else if (clause.terms) {
      fill(all, 0, index.messages);
      for (const { term, prefix } of clause.terms) {
        const one = none();
        await withTerm(one, term, prefix);
        one.forEach((bits, i) => (all[i] &= bits));
      }
    } else await between(all, clause.from, clause.until);
    return all;
  }

  /** Finds messages; `next` gives them newest first, reading no more files than needed. */
  async function find(asks) {
    const hits = none();
    fill(hits, 0, index.messages);
    for (const clause of asks.clauses) {
      const bits = await set(clause);
      bits.forEach((word, i) => (hits[i] &= clause.not ? ~word : word));
    }
    let count = 0;
    const blocks = [];
    for (let start = 0; start < index.messages; start += index.block) {
      const found = [];
      const end = Math.min(start + index.block, index.messages);
      for (let i = start; i < end; i++) {
        if (!hits[i >>> 5]) i |= 31;
        else if (holds(hits, i)) found.push(i);
      }
      count += found.length;
      if (found.length) blocks.push({ number: start / index.block, newest: index.times[(start / index.block) * 2 + 1], found });
    }
    blocks.sort((a, b) => a.newest - b.newest);
    let ready = [];
    const next = async () => {
      while (blocks.length && (!ready.length || ready[ready.length - 1][0] <= blocks[blocks.length - 1].newest)) {
        const { number, found } = blocks.pop();
        const times = await minutes(number);
        ready = ready.concat(found.map((i) => [times[i % index.block], i]));
        ready.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
      }
      return ready.pop();
    };
    return { count, next };
  }

  async function document_(ordinal) {
    const [authors, pages, items] = await load(name("d", Math.floor(ordinal / index.document) + 1));
    const at = (ordinal % index.document) * 4;
    const [author, page, anchor, snippet] = items.slice(at, at + 4);
    const room = rooms.find((room) => ordinal >= room.first && ordinal < room.end);
    return { username: authors[author * 2], shown: authors[author * 2 + 1], address: pages[page] + (anchor && "#" + anchor), snippet, room };
  }

  // The page

  function make(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  }

  /** The snippet with what was looked for in <mark>. */
  function marked(snippet, marks) {
    const shown = make("span", { class: "find-text", dir: "auto" });
    let done = 0;
    const mark = (start, end) => {
      shown.append(snippet.slice(done, start), make("mark", {}, snippet.slice(start, end)));
      done = end;
    };
    for (const { text, start, end, dense } of pieces(snippet)) {
      if (!dense) {
        if (marks.some((m) => !m.dense && (m.text === text || (m.prefix && text.startsWith(m.text))))) mark(start, end);
        continue;
      }
      for (let at = start; at < end; ) {
        const found = marks.find((m) => m.dense && snippet.startsWith(m.text, at));
        if (found) mark(at, at + found.text.length);
        at += found ? found.text.length : 1;
      }
    }
    shown.append(snippet.slice(done));
    return shown;
  }

  function start(place) {
    const input = make("input", { type: "search", id: ":query", autocomplete: "off", placeholder: "Search (press /)", "aria-describedby": ":find-help" });
    const help = make("p", { class: "find-help", id: ":find-help" }, "words \u00b7 \"a phrase\" \u00b7 begin* \u00b7 -without \u00b7 from:name \u00b7 in:room \u00b7 has:file|image|link|reaction \u00b7 is:pinned|reply|edited|system \u00b7 before: after: on:2026-03-31");
    const form = make("form", { role: "search", class: "find-form" }, make("label", { for: ":query", class: "find-label" }, "Search all rooms"), input, make("button", {}, "Search"));
    const day = make("input", { type: "date", id: ":day" });
    const room = make("select", { "aria-label": "Room" });
    const jump = make("form", { class: "find-jump" }, make("label", { for: ":day" }, "Go to"), day, room, make("button", {}, "Go"));
    const status = make("p", { role: "status", "aria-live": "polite", class: "find-status" });
    const list = make("ol", { class: "find-results", "aria-label": "Results" });
    const more = make("button", { type: "button", class: "find-more", hidden: "" }, "More results");
    const panel = make("div", { class: "find-panel", hidden: "" }, help, status, list, more);
    place.append(form, jump, panel);
    place.hidden = false;

    let run = 0;
    let results = null;
    const links = () => Array.from(list.querySelectorAll("a"));
    const say = (text) => (status.textContent = text);

    async function prepare() {
      await open();
      if (room.length || !rooms.length) return;
      rooms.forEach(({ title, slug }, i) => room.append(make("option", { value: i, ...(slug === script.dataset.room && { selected: "" }) }, title || slug)));
      room.hidden = rooms.length < 2;
    }

    async function show(mine) {
      const { asks, found } = results;
      more.hidden = true;
      let shown = 0;
      let hit = null;
      for (let looked = 0; shown < PAGE && looked < EXAMINED && (hit = await found.next()); looked++) {
        const it = await document_(hit[1]);
        if (mine !== run) return;
        const text = " " + joined(pieces(it.snippet)) + " ";
        if (!it.snippet.endsWith("\u2026") && !asks.phrases.every((phrase) => text.includes(phrase))) continue;
        const at = isoMinute(hit[0]);
        const head = make("span", { class: "find-head" }, make("bdi", { class: "find-room" }, it.room.title || it.room.slug), " ", make("bdi", { class: "find-author" }, it.shown), " ", make("time", { datetime: at }, at));
        list.append(make("li", {}, make("a", { href: root + it.address }, head, marked(it.snippet, asks.marks))));
        shown++;
      }
      more.hidden = !hit;
      const number = found.count.toLocaleString("en");
      if (!list.children.length && !hit) return say("No messages found.");
      if (asks.phrases.length) say("At most " + number + (found.count === 1 ? " message" : " messages") + "; in long ones the words of the phrase may stand apart.");
      else say(number + (found.count === 1 ? " message" : " messages") + ", newest first.");
    }

    async function search(typing) {
      const mine = ++run;
      const complain = (error) => mine === run && say(error.message);
      const query = input.value;
      panel.hidden = false;
      if (!query.trim()) {
        results = null;
        list.replaceChildren();
        more.hidden = true;
        return say("");
      }
      say("Searching\u2026");
      try {
        await prepare();
        const asks = parse(query, typing);
        const found = asks.clauses.length ? await find(asks) : { count: 0, next: async () => undefined };
        if (mine !== run) return;
        results = { asks, found };
        list.replaceChildren();
        await show(mine);
      } catch (error) {
        if (mine === run) {
          list.replaceChildren();
          more.hidden = true;
        }
        complain(error);
      }
    }

    async function go() {
      panel.hidden = false;
      try {
        await prepare();
        const number = Number(room.value || 0);
        if (!day.value || !rooms[number]) return say("Choose a day.");
        const wanted = Date.parse(day.value) / 86400000;
        for (let file = Math.max(rooms[number].days, 1); file <= rooms[number].lastDays; file++) {
          for (const [owner, page, days] of await load(name("c", file))) {
            for (let i = 0; owner === number && i < days.length; i += 3) {
              if (days[i] >= wanted) {
                say("First messages on or after that day: " + isoDay(days[i]) + ", " + days[i + 2] + ".");
                return location.assign(root + page + (days[i + 1] && "#" + days[i + 1]));
              }
            }
          }
        }
        say("There is nothing in this room on or after that day.");
      } catch (error) {
        say(error.message);
      }
    }

    function close() {
      run++;
      panel.hidden = true;
      input.blur();
    }

    let timer = 0;
    const ready = () => prepare().catch((error) => say(error.message));
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
      go();
    });
    more.addEventListener("click", async () => {
      const next = list.children.length;
      await show(run).catch((error) => say(error.message));
      (links()[next] || more).focus();
    });
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

  window.roomscribe = Object.freeze({ add: (file, data) => arrived.set(file, data), words });
  const begin = () => {
    const place = document.getElementById(":find");
    if (place) start(place);
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
