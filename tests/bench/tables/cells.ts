// Writes cells and rows of CSV, in which no cell is a formula.

import { NOTHING, at, has, keep, strings } from "./lines";

// Where the next byte goes.
let out: usize = 0;

// The cell that is being written: where it began, the quotes in it, and whether it needs any around it.
let cell: usize = 0;
let quotes: usize = 0;
let needsQuotes = false;

// The output of this call begins there.
export function startAt(place: usize): void {
  out = cell = place;
}

// So long is the output that began there.
export function written(place: usize): usize {
  return out - place;
}

export function put(byte: u32): void {
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

// Writes a string that was kept, if it was.
export function putKept(which: usize): void {
  const place = strings + which;
  let p = load<usize>(place);
  const length = load<usize>(place, 4) - p;
  if (load<u32>(place, 8)) {
    memory.copy(out, p, length);
    out += length;
    return;
  }
  for (const end = p + length; p < end; ) {
    const c = at(p);
    if (c == 0x5c) {
      p = putEscaped(p);
    } else {
      if (c == 0x2c) needsQuotes = true;
      put(c);
      p++;
    }
  }
}

// Writes the string here; returns what is behind it.
export function putString(p: usize): usize {
  p = keep(NOTHING, p);
  putKept(NOTHING);
  return p;
}

export function putText(words: string): void {
  for (let i = 0; i < words.length; i++) put(words.charCodeAt(i));
}

// Whether a spreadsheet would run the cell; asked if its first byte is one of few.
function isFormula(): bool {
  let p = cell;
  while (p < out && at(p) == 0x27) p++;
  if (p == out) return false;
  const c = at(p);
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
export function end(): void {
  const c = at(cell);
  // A tab, a line feed, a carriage return, ' + - or =; else @ or the first byte of those in full width.
  const mayRun = c < 64 ? ((<u64>0x2000288000002600 >> <u64>c) & 1) != 0 : c == 0x40 || c == 0xef;
  if (mayRun && cell < out && isFormula()) {
    memory.copy(cell + 1, cell, out - cell);
    store<u8>(cell, 0x27);
    out++;
  }
  if (needsQuotes) {
    quote();
    quotes = 0;
    needsQuotes = false;
  }
  put(0x2c);
  cell = out;
}

// A cell that is what was kept, if it was.
export function putCell(which: usize): void {
  if (has(which)) {
    putKept(which);
    end();
  } else {
    put(0x2c);
    cell = out;
  }
}

// Ends a row, behind its last cell.
export function endRow(): void {
  out--;
  put(13);
  put(10);
  cell = out;
}
