// A format for roomscribe: tab-separated values, one line a message.

const DESCRIPTION = String.UTF8.encode(`{
  "abi": 1, "name": "tsv", "version": "1.0.0",
  "description": "Tab-separated values, one line a message",
  "extension": "tsv", "media_type": "text/tab-separated-values; charset=utf-8",
  "options": {"type": "object", "properties": {
    "header": {"type": "boolean", "default": true, "description": "The first line names the columns"},
    "columns": {"type": "string", "enum": ["full", "short"], "default": "full",
      "description": "Which: short leaves out the id"}}}}`);
const FULL = String.UTF8.encode("id\ttime\tsender\ttext\n");
const SHORT = String.UTF8.encode("time\tsender\ttext\n");

const OPTIONS = String.UTF8.encode("options");
const COLUMNS = String.UTF8.encode("columns");
const HEADER = String.UTF8.encode("header");
const RID = String.UTF8.encode("rid");
const ID = String.UTF8.encode("_id");
const TIME = String.UTF8.encode("ts");
const USER = String.UTF8.encode("u");
const USERNAME = String.UTF8.encode("username");
const TEXT = String.UTF8.encode("msg");

// What is given lies in the first half, what is written, as long at most, in the second.
let place: usize = heap.alloc(1 << 16);
let capacity: usize = 1 << 15;
let out: usize = 0;
let isShort = false;

export function roomscribe_abi_1(): void {}

export function roomscribe_alloc(size: u32): usize {
  if (<usize>size + 64 > capacity) {
    capacity = 2 * <usize>size + 64;
    place = heap.realloc(place, 2 * capacity);
  }
  return place;
}

function answer(bytes: usize, length: usize): u64 {
  return (<u64>bytes << 32) | <u64>length;
}

function answerText(text: ArrayBuffer): u64 {
  return answer(changetype<usize>(text), text.byteLength);
}

// @ts-ignore: decorator
@inline
function at(p: usize): u32 {
  return load<u8>(p);
}

// The input is valid JSON, one object a line; nothing below looks for less.

function afterString(p: usize): usize {
  for (p++; at(p) != 0x22; p++) if (at(p) == 0x5c) p++;
  return p + 1;
}

// The end of the value that begins here.
function after(p: usize): usize {
  let depth = 0;
  do {
    const c = at(p);
    if (c == 0x22) {
      p = afterString(p);
    } else {
      if (c == 0x7b || c == 0x5b) depth++;
      else if (c == 0x7d || c == 0x5d) depth--;
      p++;
    }
  } while (depth > 0);
  // The rest of a number or of a word.
  while (at(p) != 0x2c && at(p) != 0x7d && at(p) != 0x5d && at(p) != 0x0a) p++;
  return p;
}

// The value that an object has for a key; 0: none.
function value(p: usize, key: ArrayBuffer): usize {
  const size = <usize>key.byteLength;
  while (true) {
    for (p++; at(p) == 0x20; p++) {}
    if (at(p) != 0x22) return 0;
    const name = p + 1;
    p = afterString(p);
    const same = p - 1 - name == size && memory.compare(name, changetype<usize>(key), size) == 0;
    while (at(p) == 0x20 || at(p) == 0x3a) p++;
    if (same) return p;
    p = after(p);
  }
}

function hex(p: usize): u32 {
  let code: u32 = 0;
  for (let i: usize = 0; i < 4; i++) {
    const c = at(p + i);
    code = (code << 4) | (c <= 0x39 ? c - 0x30 : (c | 0x20) - 0x57);
  }
  return code;
}

function put(byte: u32): void {
  store<u8>(out++, byte);
}

function putCode(code: u32): void {
  if (code == 9 || code == 10 || code == 13 || code == 0x5c) {
    put(0x5c);
    put(code == 9 ? 0x74 : code == 10 ? 0x6e : code == 13 ? 0x72 : 0x5c);
  } else if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | (code >> 6));
    put(0x80 | (code & 63));
  } else if (code < 0x10000) {
    put(0xe0 | (code >> 12));
    put(0x80 | ((code >> 6) & 63));
    put(0x80 | (code & 63));
  } else {
    put(0xf0 | (code >> 18));
    put(0x80 | ((code >> 12) & 63));
    put(0x80 | ((code >> 6) & 63));
    put(0x80 | (code & 63));
  }
}

// The text of a JSON string as a cell.
function putCell(p: usize): void {
  if (p == 0 || at(p) != 0x22) return;
  for (p++; at(p) != 0x22; p++) {
    let c = at(p);
    if (c != 0x5c) {
      put(c);
      continue;
    }
    c = at(++p);
    if (c == 0x75) {
      c = hex(p + 1);
      p += 4;
      if (c >> 10 == 0x36 && at(p + 1) == 0x5c && at(p + 2) == 0x75) {
        c = 0x10000 + ((c & 0x3ff) << 10) + (hex(p + 3) & 0x3ff);
        p += 6;
      }
    } else {
      c = c == 0x6e ? 10 : c == 0x74 ? 9 : c == 0x72 ? 13 : c == 0x62 ? 8 : c == 0x66 ? 12 : c;
    }
    putCode(c);
  }
}

export function roomscribe_describe(): u64 {
  return answerText(DESCRIPTION);
}

export function roomscribe_begin(header: usize, size: u32): u64 {
  const options = value(header, OPTIONS);
  isShort = at(value(options, COLUMNS) + 1) == 0x73;
  return at(value(options, HEADER)) == 0x74 ? answerText(isShort ? SHORT : FULL) : 0;
}

export function roomscribe_write(lines: usize, size: u32): u64 {
  const end = lines + size;
  const begin = place + capacity;
  out = begin;
  for (let p = lines; p < end; p = after(p) + 1) {
    // Only messages have a `rid`; members, files and what later versions bring have a `type`.
    if (value(p, RID) == 0) continue;
    if (!isShort) {
      putCell(value(p, ID));
      put(9);
    }
    putCell(value(p, TIME));
    put(9);
    const user = value(p, USER);
    putCell(user == 0 ? 0 : value(user, USERNAME));
    put(9);
    putCell(value(p, TEXT));
    put(10);
  }
  return answer(begin, out - begin);
}

export function roomscribe_finish(): u64 {
  return 0;
}
