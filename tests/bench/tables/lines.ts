// Reads a line of the input: valid JSON, one object a line. Nothing here looks for less.

// The strings of the last line: where each begins and ends, and whether it is written as it lies there. 0: none.
export const ID: usize = 0;
export const RID: usize = 12;
export const KIND: usize = 24;
export const TEXT: usize = 36;
export const TIME: usize = 48;
export const USERNAME: usize = 60;
export const NAME: usize = 72;
export const THREAD: usize = 84;
export const EDITED: usize = 96;
export const TYPE: usize = 108;
export const FILE: usize = 120;
export const PATH: usize = 132;
export const MISSING: usize = 144;
export const NOTHING: usize = 156;
const SIZE: usize = 168;
export const strings: usize = heap.alloc(SIZE);

// Where its other values lie.
export let replies: usize = 0;
export let pinned: usize = 0;
export let reactions: usize = 0;
export let mentions: usize = 0;

// @ts-ignore: decorator
@inline
export function at(p: usize): u32 {
  return load<u8>(p);
}

// The highest bit of each of eight bytes that is 0. The lowest of them is right, which is all that is looked at.
// @ts-ignore: decorator
@inline
function zeros(bytes: u64): u64 {
  return (bytes - 0x0101010101010101) & ~bytes & 0x8080808080808080;
}

// Whether the last string that was read has no escapes and no commas.
let plain = true;

// The quote that ends the string of which the first byte is here.
function scan(p: usize): usize {
  plain = true;
  while (true) {
    const bytes = load<u64>(p);
    const found =
      zeros(bytes ^ 0x2222222222222222) | zeros(bytes ^ 0x5c5c5c5c5c5c5c5c) | zeros(bytes ^ 0x2c2c2c2c2c2c2c2c);
    if (!found) {
      p += 8;
      continue;
    }
    p += <usize>(ctz(found) >> 3);
    const c = at(p);
    if (c == 0x22) return p;
    plain = false;
    p += c == 0x5c ? 2 : 1;
  }
}

// @ts-ignore: decorator
@inline
export function blanks(p: usize): usize {
  while (at(p) == 0x20) p++;
  return p;
}

// The next key or item inside of an object or an array, or its end.
// @ts-ignore: decorator
@inline
export function next(p: usize): usize {
  while (at(p) == 0x20 || at(p) == 0x2c) p++;
  return p;
}

// Behind the value that begins here.
export function after(p: usize): usize {
  const first = at(p);
  if (first == 0x22) return scan(p + 1) + 1;
  if (first != 0x7b && first != 0x5b) {
    while (at(p) != 0x2c && at(p) != 0x7d && at(p) != 0x5d) p++;
    return p;
  }
  let depth = 0;
  do {
    const c = at(p);
    if (c == 0x22) {
      p = scan(p + 1) + 1;
    } else {
      // { and [ differ by one bit, and so do } and ].
      if ((c | 0x20) == 0x7b) depth++;
      else if ((c | 0x20) == 0x7d) depth--;
      p++;
    }
  } while (depth > 0);
  return p;
}

// Keeps the value that begins here, if it is a string, as that one; returns what is behind it.
export function keep(which: usize, p: usize): usize {
  if (at(p) != 0x22) return after(p);
  const end = scan(p + 1);
  const place = strings + which;
  store<usize>(place, p + 1);
  store<usize>(place, end, 4);
  store<u32>(place, plain ? 1 : 0, 8);
  return end + 1;
}

// `username`, and the beginning of `usernames`.
const USER: u64 = 0x656d616e72657375;

// The value of the key that begins so and has that size; 0: none.
export function user(p: usize, size: usize): usize {
  for (p = next(p + 1); at(p) == 0x22; p = next(after(p))) {
    const key = p + 1;
    p = scan(key);
    const same = p - key == size && load<u64>(key) == USER;
    p = blanks(blanks(p + 1) + 1);
    if (same) return p;
  }
  return 0;
}

// Keeps who wrote it.
function author(p: usize): usize {
  for (p = next(p + 1); at(p) == 0x22; p = next(p)) {
    const key = p + 1;
    p = scan(key);
    const size = p - key;
    p = blanks(blanks(p + 1) + 1);
    if (size == 8 && load<u64>(key) == USER) p = keep(USERNAME, p);
    else if (size == 4 && load<u32>(key) == 0x656d616e) p = keep(NAME, p);
    else p = after(p);
  }
  return p + 1;
}

// Keeps what this object has, and returns what is behind it. Keys are compared as numbers.
export function look(p: usize): usize {
  memory.fill(strings, 0, SIZE);
  replies = pinned = reactions = mentions = 0;
  for (p = next(p + 1); at(p) == 0x22; p = next(p)) {
    const key = p + 1;
    p = scan(key);
    const size = p - key;
    p = blanks(blanks(p + 1) + 1);
    const four = load<u32>(key);
    if (size == 3) {
      if (four == 0x2264695f) p = keep(ID, p); // _id
      else if (four == 0x22646972) p = keep(RID, p); // rid
      else if (four == 0x2267736d) p = keep(TEXT, p); // msg
      else p = after(p);
    } else if (size == 2) {
      p = (four & 0xffff) == 0x7374 ? keep(TIME, p) : after(p); // ts
    } else if (size == 1) {
      if (at(key) == 0x75) p = author(p); // u
      else p = at(key) == 0x74 ? keep(KIND, p) : after(p); // t
    } else if (size == 4) {
      if (four == 0x64696d74) p = keep(THREAD, p); // tmid
      else if (four == 0x65707974) p = keep(TYPE, p); // type
      else if (four == 0x656d616e) p = keep(FILE, p); // name
      else p = four == 0x68746170 ? keep(PATH, p) : after(p); // path
    } else if (four == 0x74696465 && size == 8 && at(key + 6) == 0x41) {
      p = keep(EDITED, p); // editedAt, not editedBy
    } else if (four == 0x7373696d && size == 7) {
      p = keep(MISSING, p); // missing
    } else {
      if (four == 0x756f6374) replies = p; // tcount
      else if (four == 0x6e6e6970 && size == 6) pinned = p; // pinned
      else if (four == 0x746e656d) mentions = p; // mentions
      else if (four == 0x63616572 && size == 9) reactions = p; // reactions
      p = after(p);
    }
  }
  return p + 1;
}

// @ts-ignore: decorator
@inline
export function has(which: usize): bool {
  return load<usize>(strings + which) != 0;
}

export function is(which: usize, words: string): bool {
  const p = load<usize>(strings + which);
  if (p == 0 || load<usize>(strings + which, 4) - p != <usize>words.length) return false;
  for (let i = 0; i < words.length; i++) if (at(p + i) != words.charCodeAt(i)) return false;
  return true;
}
