// The table of the format `csv` as WebAssembly: the same columns, the same bytes, for what the bench has.

const DESCRIPTION = String.UTF8.encode(`{"abi": 1, "name": "table-wasm", "version": "1.0.0",
  "description": "The table of csv", "extension": "csv", "media_type": "text/csv"}`);
const COLUMNS = String.UTF8.encode(
  "id,time,author_username,author_name,text,type,system_text,thread_id,reply_count,edited_at,pinned,reactions," +
    "files,file_paths,mentions\r\n"
);

// What is given lies in the first part, what is written, thrice as long at most, behind it.
let place: usize = heap.alloc(1 << 18);
let capacity: usize = 1 << 16;
let out: usize = 0;

// The cell that is being written: where it began, the quotes in it, and whether it needs any around it.
let cell: usize = 0;
let quotes: usize = 0;
let needsQuotes = false;

// Where the values of the last line lie; 0: it has no such key.
let id: usize = 0;
let rid: usize = 0;
let kind: usize = 0;
let text: usize = 0;
let time: usize = 0;
let author: usize = 0;
let thread: usize = 0;
let replies: usize = 0;
let edited: usize = 0;
let pinned: usize = 0;
let reactions: usize = 0;
let mentions: usize = 0;
let name: usize = 0;
let path: usize = 0;
let missing: usize = 0;

export function roomscribe_abi_1(): void {}

export function roomscribe_alloc(size: u32): usize {
  if (<usize>size + 64 > capacity) {
    capacity = 2 * <usize>size + 64;
    place = heap.realloc(place, 4 * capacity);
  }
  return place;
}

function answer(bytes: usize, length: usize): u64 {
  return (<u64>bytes << 32) | <u64>length;
}

export function roomscribe_describe(): u64 {
  return answer(changetype<usize>(DESCRIPTION), DESCRIPTION.byteLength);
}

export function roomscribe_begin(header: usize, size: u32): u64 {
  return answer(changetype<usize>(COLUMNS), COLUMNS.byteLength);
}

export function roomscribe_finish(): u64 {
  return 0;
}

// @ts-ignore: decorator
@inline
function at(p: usize): u32 {
  return load<u8>(p);
}

// The highest bit of each of eight bytes that is 0. The lowest of them is right, which is all that is looked at.
// @ts-ignore: decorator
@inline
function zeros(bytes: u64): u64 {
  return (bytes - 0x0101010101010101) & ~bytes & 0x8080808080808080;
}

// The next quote or backslash. The input is valid JSON, one object a line; nothing below looks for less.
function special(p: usize): usize {
  while (true) {
    const bytes = load<u64>(p);
    const found = zeros(bytes ^ 0x2222222222222222) | zeros(bytes ^ 0x5c5c5c5c5c5c5c5c);
    if (found) return p + <usize>(ctz(found) >> 3);
    p += 8;
  }
}

// Behind the string that begins here.
function afterString(p: usize): usize {
  for (p = special(p + 1); at(p) == 0x5c; p = special(p + 2)) {}
  return p + 1;
}

// Behind the value that begins here.
function after(p: usize): usize {
  const first = at(p);
  if (first == 0x22) return afterString(p);
  if (first != 0x7b && first != 0x5b) {
    while (at(p) != 0x2c && at(p) != 0x7d && at(p) != 0x5d) p++;
    return p;
  }
  let depth = 0;
  do {
    const c = at(p);
    if (c == 0x22) {
      p = afterString(p);
    } else {
      // { and [ differ by one bit, and so do } and ].
      if ((c | 0x20) == 0x7b) depth++;
      else if ((c | 0x20) == 0x7d) depth--;
      p++;
    }
  } while (depth > 0);
  return p;
}

// The first key or item inside of an object or an array, or its end.
function blanks(p: usize): usize {
  while (at(p) == 0x20 || at(p) == 0x2c || at(p) == 0x3a) p++;
  return p;
}

// The value that an object has for a key of that size, of which the first eight bytes are given; 0: none.
function value(p: usize, key: u64, size: usize): usize {
  const mask: u64 = size >= 8 ? ~0 : ((<u64>1) << (8 * <u64>size)) - 1;
  for (p = blanks(p + 1); at(p) == 0x22; p = blanks(after(p))) {
    const begin = p + 1;
    p = afterString(p);
    const same = p - 1 - begin == size && (load<u64>(begin) & mask) == key;
    p = blanks(p);
    if (same) return p;
  }
  return 0;
}

// Notes where the values of this object lie, and returns what is behind it. Keys are compared as numbers.
function look(p: usize): usize {
  id = rid = kind = text = time = author = thread = replies = edited = 0;
  pinned = reactions = mentions = name = path = missing = 0;
  for (p = blanks(p + 1); at(p) == 0x22; p = blanks(after(p))) {
    const key = p + 1;
    p = afterString(p);
    const size = p - 1 - key;
    p = blanks(p);
    const four = load<u32>(key);
    if (size == 1) {
      if (at(key) == 0x74) kind = p; // t
      else if (at(key) == 0x75) author = p; // u
    } else if (size == 2) {
      if ((four & 0xffff) == 0x7374) time = p; // ts
    } else if (size == 3) {
      if (four == 0x2264695f) id = p; // _id
      else if (four == 0x22646972) rid = p; // rid
      else if (four == 0x2267736d) text = p; // msg
    } else if (size == 4) {
      if (four == 0x64696d74) thread = p; // tmid
      else if (four == 0x656d616e) name = p; // name
      else if (four == 0x68746170) path = p; // path
    } else if (size == 6) {
      if (four == 0x756f6374) replies = p; // tcount
      else if (four == 0x6e6e6970) pinned = p; // pinned
    } else if (size == 7) {
      if (four == 0x7373696d) missing = p; // missing
    } else if (size == 8) {
      if (four == 0x746e656d) mentions = p; // mentions
      else if (four == 0x74696465 && at(key + 6) == 0x41) edited = p; // editedAt, not editedBy
    } else if (size == 9) {
      if (four == 0x63616572) reactions = p; // reactions
    }
  }
  return p + 1;
}

function put(byte: u32): void {
  store<u8>(out++, byte);
}

function hex(p: usize): u32 {
  let code: u32 = 0;
  for (let i: usize = 0; i < 4; i++) {
    const c = at(p + i);
    code = (code << 4) | (c <= 0x39 ? c - 0x30 : (c | 0x20) - 0x57);
  }
  return code;
}

function putCode(code: u32): void {
  if (code == 0x22) quotes++;
  if (code == 0x22 || code == 10 || code == 13) needsQuotes = true;
  if (code < 0x80) {
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

// What stands behind the backslash here; returns what is behind it.
function putEscaped(p: usize): usize {
  let c = at(++p);
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
  return p + 1;
}

// The text of a JSON string, if there is one; returns what is behind it.
function putString(p: usize): usize {
  if (p == 0 || at(p) != 0x22) return p;
  p++;
  while (true) {
    const from = p;
    p = special(p);
    if (!needsQuotes) needsQuotes = hasComma(from, p);
    memory.copy(out, from, p - from);
    out += p - from;
    if (at(p) == 0x22) return p + 1;
    p = putEscaped(p);
  }
}

function hasComma(p: usize, end: usize): bool {
  for (; p + 8 <= end; p += 8) if (zeros(load<u64>(p) ^ 0x2c2c2c2c2c2c2c2c)) return true;
  for (; p < end; p++) if (at(p) == 0x2c) return true;
  return false;
}

function putText(words: string): void {
  for (let i = 0; i < words.length; i++) put(words.charCodeAt(i));
}

function isFormula(): bool {
  let p = cell;
  while (p < out && at(p) == 0x27) p++;
  if (p == out) return false;
  const c = at(p);
  if (c > 0x40 && c != 0xef) return false;
  if (c == 0x3d || c == 0x2b || c == 0x2d || c == 0x40 || c == 9 || c == 13 || c == 10) return true;
  if (c != 0xef || at(p + 1) != 0xbc) return false;
  const last = at(p + 2);
  return last == 0x9d || last == 0x8b || last == 0x8d || last == 0xa0;
}

function quote(): void {
  let from = out;
  let to = out + 2 + quotes;
  out = to;
  store<u8>(--to, 0x22);
  while (from > cell) {
    const c = at(--from);
    store<u8>(--to, c);
    if (c == 0x22) store<u8>(--to, c);
  }
  store<u8>(--to, 0x22);
}

// Ends a cell; the next begins behind the comma.
function end(): void {
  if (isFormula()) {
    memory.copy(cell + 1, cell, out - cell);
    store<u8>(cell, 0x27);
    out++;
  }
  if (needsQuotes) quote();
  put(0x2c);
  cell = out;
  quotes = 0;
  needsQuotes = false;
}

function is(p: usize, words: string): bool {
  for (let i = 0; i < words.length; i++) if (at(p + 1 + i) != words.charCodeAt(i)) return false;
  return at(p + 1 + words.length) == 0x22;
}

// What a note of the server says, of those that the bench has.
function putNote(): void {
  if (is(kind, "uj")) putText("joined the channel");
  else if (is(kind, "ul")) putText("left the channel");
  else if (is(kind, "message_pinned")) putText("pinned a message");
  else {
    if (is(kind, "au")) putText("added ");
    else if (is(kind, "ru")) putText("removed ");
    else if (is(kind, "room_changed_topic")) putText("changed room topic to ");
    else if (is(kind, "room_changed_description")) putText("changed room description to: ");
    else unreachable();
    putString(text);
  }
}

function between(isFirst: bool): void {
  if (!isFirst) putText("; ");
}

function putReactions(): void {
  if (reactions == 0) return;
  const first = blanks(reactions + 1);
  for (let p = first; at(p) == 0x22; p = blanks(p)) {
    between(p == first);
    const people = blanks(putString(p));
    const names = value(people, 0x656d616e72657375, 9); // usernames
    for (let one = blanks(names + 1); at(one) == 0x22; one = blanks(one)) {
      put(0x20);
      one = putString(one);
    }
    p = after(people);
  }
}

function putMentions(): void {
  if (mentions == 0) return;
  const first = blanks(mentions + 1);
  for (let p = first; at(p) == 0x7b; p = blanks(after(p))) {
    between(p == first);
    putString(value(p, 0x656d616e72657375, 8)); // username
  }
}

function isFile(p: usize): bool {
  const type = value(p, 0x65707974, 4); // type
  return type != 0 && is(type, "file");
}

// The names of the files on these lines, or their places; returns what is behind them.
function putFiles(p: usize, limit: usize, places: bool): usize {
  for (let isFirst = true; p < limit && isFile(p); isFirst = false) {
    between(isFirst);
    p = look(p) + 1;
    if (!places) {
      putString(name);
    } else if (path != 0) {
      putString(path);
    } else {
      put(0x28);
      putString(missing);
      put(0x29);
    }
  }
  return p;
}

export function roomscribe_write(lines: usize, size: u32): u64 {
  const limit = lines + size;
  const begin = place + capacity;
  out = begin;
  for (let p = lines; p < limit; ) {
    p = look(p) + 1;
    // Only messages have a `rid`; members, files and what later versions bring have a `type`.
    if (rid == 0) continue;
    cell = out;
    putString(id);
    end();
    putString(time);
    end();
    putString(value(author, 0x656d616e72657375, 8)); // username
    end();
    putString(value(author, 0x656d616e, 4)); // name
    end();
    putString(text);
    end();
    putString(kind);
    end();
    if (kind != 0) putNote();
    end();
    putString(thread);
    end();
    if (replies != 0) for (let digit = replies; at(digit) >= 0x30 && at(digit) <= 0x39; digit++) put(at(digit));
    end();
    putString(edited);
    end();
    putText(pinned != 0 && at(pinned) == 0x74 ? "true" : "false");
    end();
    putReactions();
    end();
    // Looking at the files forgets where the mentions are.
    const mentioned = mentions;
    putFiles(p, limit, false);
    end();
    p = putFiles(p, limit, true);
    end();
    mentions = mentioned;
    putMentions();
    end();
    // In place of the last comma.
    out--;
    put(13);
    put(10);
  }
  return answer(begin, out - begin);
}
