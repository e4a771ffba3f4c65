// Finds messages: cuts queries into terms, reads the files that have them, and knows the days of rooms.
// search.js loads this like any other file and gives it the way to load more; it never touches the page.
roomscribe.add("engine", (load) => {
  "use strict";

  const WORD = /[\p{L}\p{N}][\p{L}\p{M}\p{N}]*/gu;
  const DENSE = /[\u{e00}-\u{eff}\u{1000}-\u{109f}\u{1100}-\u{11ff}\u{1780}-\u{17ff}\u{3005}-\u{30ff}\u{3130}-\u{318f}\u{31f0}-\u{31ff}\u{3400}-\u{4dbf}\u{4e00}-\u{9fff}\u{a960}-\u{a97f}\u{ac00}-\u{d7ff}\u{f900}-\u{faff}\u{ff66}-\u{ffdc}\u{1b000}-\u{1b16f}\u{20000}-\u{3ffff}]+/gu;
  const LONGEST = 40;
  const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const KNOWN = { has: ["file", "image", "link", "reaction"], is: ["pinned", "system", "reply", "edited"] };
  const PAGE = 20; // results at once
  const EXAMINED = 400; // messages looked at for them, if many do not hold the phrase
  const SHOWN = 140; // characters of a snippet that are shown
  const LEAD = 40; // of them before what was found
  const SHARDS = 12; // files of words read for one beginning of a word

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

  const name = (kind, number) => kind + "-" + String(number).padStart(4, "0");
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
  const rooms = [];

  /** The rooms, in the order of the archive. */
  async function open() {
    if (index) return rooms;
    const data = await load("index");
    if (index) return rooms;
    for (let i = 0; i < data.rooms.length; i += 4) {
      const [slug, title, first, days] = data.rooms.slice(i, i + 4);
      if (i) Object.assign(rooms[rooms.length - 1], { end: first, lastDays: days });
      rooms.push({ slug, title: title || slug, first, days, end: data.messages, lastDays: data.days });
    }
    index = data;
    return rooms;
  }

  async function minutes(block) {
    const times = [];
    let last = 0;
    eachNumber(await load(name("m", block + 1)), (n) => times.push((last += n % 2 ? -(n + 1) / 2 : n / 2)));
    return times;
  }

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
    if (key === "from") {
      const names = value.trim().replace(/^@/, "").split(/\s+/).filter(Boolean);
      return { terms: names.map((part) => ({ term: "from:" + lower(part), prefix: star })) };
    }
    if (!KNOWN[key].includes(wanted)) throw new Error(key + ": knows " + KNOWN[key].join(", ") + ".");
    return { terms: [{ term: key + ":" + wanted, prefix: false }] };
  }

  /** What to know about a word that looks as if it could do more than it does. */
  function advice(word) {
    if (/^(OR|AND|NOT)$|^\([^\s)]|[\p{L}\p{N}]\)$/u.test(word)) return "OR, AND, NOT and brackets mean nothing here: all words must be there.";
    const [, key] = /^([a-z]+):(?!\/\/)./i.exec(word) || [];
    return key ? "\u201c" + key + ":\u201d is not known here and was read as a word." : "";
  }

  /** What a query asks for: clauses that must all be true, phrases, what to mark in the snippets, and advice. */
  function parse(query, typing) {
    const asks = { clauses: [], phrases: [], marks: [], hint: "" };
    for (const [all, not, key, quoted, bare] of query.matchAll(/(-?)(?:(from|has|is|in|before|after|on):)?(?:"([^"]*)"?|(\S+))/giu)) {
      const live = typing && quoted === undefined && query.endsWith(all);
      const star = quoted === undefined && /\*$/.test(bare);
      const value = quoted === undefined ? bare.replace(/\*+$/, "") : quoted;
      if (key) {
        if (value) asks.clauses.push({ not: !!not, ...filter(key.toLowerCase(), value, star || live) });
        continue;
      }
      if (quoted === undefined) asks.hint = asks.hint || advice(value);
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
  async function find(clauses) {
    const hits = none();
    fill(hits, 0, index.messages);
    for (const clause of clauses) {
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

  async function result([minute, ordinal], marks) {
    const [authors, pages, items] = await load(name("d", Math.floor(ordinal / index.document) + 1));
    const at = (ordinal % index.document) * 4;
    const [author, page, anchor, snippet] = items.slice(at, at + 4);
    return {
      room: rooms.find((room) => ordinal >= room.first && ordinal < room.end).title,
      author: authors[author * 2 + 1],
      at: new Date(minute * 60000).toISOString().slice(0, 16).replace("T", " "),
      address: pages[page] + (anchor && "#" + anchor),
      snippet,
      parts: parts(snippet, marks),
    };
  }

  /** The snippet in pieces: every other one, beginning with the second, is what was looked for. */
  function parts(snippet, marks) {
    const cut = [];
    let done = 0;
    const mark = (start, end) => {
      cut.push(snippet.slice(done, start), snippet.slice(start, end));
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
    cut.push(snippet.slice(done));
    const shown = around(cut);
    if (cut.length === 1 && marks.length) shown[0] += " (found elsewhere in this message)";
    return shown;
  }

  /** The pieces around the first that was found: not all of a long text is shown. */
  function around(cut) {
    const length = cut.reduce((sum, part) => sum + part.length, 0);
    if (length <= SHOWN) return cut;
    const shown = cut.slice();
    const [lead] = shown;
    if (shown.length > 1 && lead.length > LEAD) {
      const space = lead.indexOf(" ", lead.length - LEAD);
      const from = space < 0 ? lead.length - LEAD : space + 1;
      shown[0] = "\u2026" + lead.slice(/[\udc00-\udfff]/.test(lead[from]) ? from + 1 : from);
    }
    let left = SHOWN;
    for (let i = 0; i < shown.length; i++) {
      const part = shown[i];
      // What was found is never cut.
      if (i % 2 || part.length <= left) {
        left = Math.max(0, left - part.length);
        continue;
      }
      const space = part.lastIndexOf(" ", left);
      const until = space > 0 ? space : left;
      shown[i] = part.slice(0, /[\udc00-\udfff]/.test(part[until]) ? until - 1 : until).trimEnd() + "\u2026";
      return shown.slice(0, i + 1);
    }
    return shown;
  }

  /** How many messages a query finds, at most so many if `loose`, and a way to some of them at a time. */
  async function search(query, typing) {
    await open();
    const { clauses, phrases, marks, hint } = parse(query, typing);
    if (!clauses.length) return { count: 0, loose: false, hint, page: async () => ({ results: [], more: false }) };
    const { count, next } = await find(clauses);
    const page = async () => {
      const results = [];
      let hit = true;
      for (let looked = 0; results.length < PAGE && looked < EXAMINED && (hit = await next()); looked++) {
        const found = await result(hit, marks);
        // Only of a message that is shown whole it is known that the phrase is not in it.
        const text = " " + joined(pieces(found.snippet)) + " ";
        if (found.snippet.endsWith("\u2026") || phrases.every((phrase) => text.includes(phrase))) results.push(found);
      }
      return { results, more: !!hit };
    };
    return { count, loose: phrases.length > 0, hint, page };
  }

  /** The first day of a room with messages that is not before `date`, or undefined. */
  async function seek(number, date) {
    const wanted = Date.parse(date) / 86400000;
    const { days, lastDays } = (await open())[number];
    for (let file = Math.max(days, 1); file <= lastDays; file++) {
      for (const [room, page, list] of await load(name("c", file))) {
        for (let i = 0; room === number && i < list.length; i += 3) {
          if (list[i] >= wanted) return page + (list[i + 1] && "#" + list[i + 1]);
        }
      }
    }
    return undefined;
  }

  return { open, search, seek, words };
});
