// The table of the format `csv` as WebAssembly: the same columns, the same bytes, for what the bench has.

import { end, endRow, put, putCell, putKept, putString, putText, startAt, written } from "./cells";
import {
  EDITED, FILE, ID, KIND, MISSING, NAME, PATH, RID, TEXT, THREAD, TIME, TYPE, USERNAME,
  after, at, blanks, has, is, look, mentions, next, pinned, reactions, replies, user,
} from "./lines";

const DESCRIPTION = String.UTF8.encode(`{"abi": 1, "name": "table-wasm", "version": "1.0.0",
  "description": "The table of csv", "extension": "csv", "media_type": "text/csv"}`);
const COLUMNS = String.UTF8.encode(
  "id,time,author_username,author_name,text,type,system_text,thread_id,reply_count,edited_at,pinned,reactions," +
    "files,file_paths,mentions\r\n"
);

// What is given lies in the first part, what is written, thrice as long at most, behind it.
let place: usize = heap.alloc(1 << 18);
let capacity: usize = 1 << 16;

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

// What a note of the server says, of those that the bench has.
function putNote(): void {
  if (is(KIND, "uj")) putText("joined the channel");
  else if (is(KIND, "ul")) putText("left the channel");
  else if (is(KIND, "message_pinned")) putText("pinned a message");
  else {
    if (is(KIND, "au")) putText("added ");
    else if (is(KIND, "ru")) putText("removed ");
    else if (is(KIND, "room_changed_topic")) putText("changed room topic to ");
    else if (is(KIND, "room_changed_description")) putText("changed room description to: ");
    else unreachable();
    putKept(TEXT);
  }
}

function between(isFirst: bool): void {
  if (!isFirst) putText("; ");
}

function putReactions(): void {
  const first = next(reactions + 1);
  for (let p = first; at(p) == 0x22; p = next(p)) {
    between(p == first);
    p = blanks(blanks(putString(p)) + 1);
    for (let one = next(user(p, 9) + 1); at(one) == 0x22; one = next(one)) {
      put(0x20);
      one = putString(one);
    }
    p = after(p);
  }
}

function putMentions(p: usize): void {
  const first = next(p + 1);
  for (p = first; at(p) == 0x7b; p = next(p)) {
    between(p == first);
    putString(user(p, 8));
    p = after(p);
  }
}

// The names of the files on so many lines, or their places.
function putFiles(p: usize, count: u32, places: bool): void {
  for (let n: u32 = 0; n < count; n++) {
    between(n == 0);
    p = look(p) + 1;
    if (!places) {
      putKept(FILE);
    } else if (has(PATH)) {
      putKept(PATH);
    } else {
      put(0x28);
      putKept(MISSING);
      put(0x29);
    }
  }
  end();
}

// The cells that stand before those of the files.
function putFirst(): void {
  putCell(ID);
  putCell(TIME);
  putCell(USERNAME);
  putCell(NAME);
  putCell(TEXT);
  putCell(KIND);
  if (has(KIND)) putNote();
  end();
  putCell(THREAD);
  if (replies != 0) for (let digit = replies; at(digit) >= 0x30 && at(digit) <= 0x39; digit++) put(at(digit));
  end();
  putCell(EDITED);
  putText(pinned != 0 && at(pinned) == 0x74 ? "true" : "false");
  end();
  if (reactions != 0) putReactions();
  end();
}

export function roomscribe_write(lines: usize, size: u32): u64 {
  const limit = lines + size;
  const begin = place + capacity;
  startAt(begin);
  let p = look(lines) + 1;
  while (true) {
    // Only messages have a `rid`; members, files and what later versions bring have a `type`.
    if (!has(RID)) {
      if (p >= limit) break;
      p = look(p) + 1;
      continue;
    }
    putFirst();
    // Its files are on the lines behind it; what is read too far is the next message.
    const mentioned = mentions;
    const first = p;
    let files: u32 = 0;
    let isRead = false;
    while (p < limit && !isRead) {
      const behind = look(p) + 1;
      if (is(TYPE, "file")) files++;
      else isRead = true;
      if (!isRead || files == 0) p = behind;
    }
    if (files > 0) {
      isRead = false;
      putFiles(first, files, false);
      putFiles(first, files, true);
    } else {
      end();
      end();
    }
    if (mentioned != 0) putMentions(mentioned);
    end();
    endRow();
    if (!isRead) {
      if (p >= limit) break;
      p = look(p) + 1;
    }
  }
  return answer(begin, written(begin));
}
