// A format for roomscribe: tab-separated values, one line a message. It needs no library.

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;

#define EXPORT(name) __attribute__((export_name(name)))

static const char description[] =
    "{\"abi\":1,\"name\":\"tsv\",\"version\":\"1.0.0\","
    "\"description\":\"Tab-separated values, one line a message\",\"extension\":\"tsv\","
    "\"media_type\":\"text/tab-separated-values; charset=utf-8\","
    "\"options\":{\"type\":\"object\",\"properties\":{"
    "\"header\":{\"type\":\"boolean\",\"default\":true,\"description\":\"The first line names the columns\"},"
    "\"columns\":{\"type\":\"string\",\"enum\":[\"full\",\"short\"],\"default\":\"full\","
    "\"description\":\"Which: short leaves out the id\"}}}}";

// What is given lies here; what is written, as long at most, behind it.
extern u8 __heap_base;
static u32 capacity;
static u8 *out;
static int is_short;

EXPORT("roomscribe_abi_1") void roomscribe_abi_1(void) {}

// A place for so many bytes; 0: there is none.
EXPORT("roomscribe_alloc") u8 *roomscribe_alloc(u32 size) {
  u64 end = (u64)(u32)&__heap_base + 2 * (u64)size + 64;
  u64 have = (u64)__builtin_wasm_memory_size(0) << 16;
  if (end > have && __builtin_wasm_memory_grow(0, (end - have + 65535) >> 16) == (u32)-1) return 0;
  capacity = size;
  return &__heap_base;
}

static u64 answer(const void *bytes, u32 length) { return (u64)(u32)bytes << 32 | length; }

static u32 length(const char *text) {
  u32 n = 0;
  while (text[n]) n++;
  return n;
}

// The input is valid JSON, one object a line; nothing below looks for less.

static const u8 *after_string(const u8 *p) {
  for (p++; *p != '"'; p++) p += *p == '\\';
  return p + 1;
}

// The end of the value that begins here.
static const u8 *after(const u8 *p) {
  int depth = 0;
  do {
    if (*p == '"') {
      p = after_string(p);
    } else {
      depth += (*p == '{' || *p == '[') - (*p == '}' || *p == ']');
      p++;
    }
  } while (depth > 0);
  // The rest of a number or of a word.
  while (*p != ',' && *p != '}' && *p != ']' && *p != '\n') p++;
  return p;
}

// The value that an object has for a key; 0: none.
static const u8 *value(const u8 *p, const char *key) {
  u32 n = length(key);
  for (;;) {
    for (p++; *p == ' '; p++) {}
    if (*p != '"') return 0;
    const u8 *name = p + 1;
    p = after_string(p);
    int same = p - 1 - name == n;
    for (u32 i = 0; same && i < n; i++) same = name[i] == (u8)key[i];
    while (*p == ' ' || *p == ':') p++;
    if (same) return p;
    p = after(p);
  }
}

static u32 hex(const u8 *p) {
  u32 code = 0;
  for (int i = 0; i < 4; i++) code = code << 4 | (p[i] <= '9' ? p[i] - '0' : (p[i] | 32) - 'a' + 10);
  return code;
}

static void put_code(u32 code) {
  const char *escaped = code == '\t' ? "\\t" : code == '\n' ? "\\n" : code == '\r' ? "\\r" : code == '\\' ? "\\\\" : 0;
  if (escaped) {
    *out++ = escaped[0];
    *out++ = escaped[1];
  } else if (code < 0x80) {
    *out++ = code;
  } else if (code < 0x800) {
    *out++ = 0xc0 | code >> 6;
    *out++ = 0x80 | (code & 63);
  } else if (code < 0x10000) {
    *out++ = 0xe0 | code >> 12;
    *out++ = 0x80 | (code >> 6 & 63);
    *out++ = 0x80 | (code & 63);
  } else {
    *out++ = 0xf0 | code >> 18;
    *out++ = 0x80 | (code >> 12 & 63);
    *out++ = 0x80 | (code >> 6 & 63);
    *out++ = 0x80 | (code & 63);
  }
}

// The text of a JSON string as a cell.
static void put_cell(const u8 *p) {
  if (!p || *p != '"') return;
  for (p++; *p != '"'; p++) {
    if (*p != '\\') {
      *out++ = *p;
      continue;
    }
    u32 c = *++p;
    if (c == 'u') {
      c = hex(p + 1);
      p += 4;
      if (c >> 10 == 0x36 && p[1] == '\\' && p[2] == 'u') {
        c = 0x10000 + ((c & 0x3ff) << 10) + (hex(p + 3) & 0x3ff);
        p += 6;
      }
    } else {
      c = c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c == 'b' ? '\b' : c == 'f' ? '\f' : c;
    }
    put_code(c);
  }
}

EXPORT("roomscribe_describe") u64 roomscribe_describe(void) { return answer(description, sizeof description - 1); }

EXPORT("roomscribe_begin") u64 roomscribe_begin(const u8 *header, u32 size) {
  const u8 *options = value(header, "options");
  const u8 *columns = value(options, "columns");
  is_short = columns[1] == 's';
  const char *names = is_short ? "time\tsender\ttext\n" : "id\ttime\tsender\ttext\n";
  return *value(options, "header") == 't' ? answer(names, length(names)) : 0;
}

EXPORT("roomscribe_write") u64 roomscribe_write(const u8 *p, u32 size) {
  const u8 *end = p + size;
  u8 *begin = out = &__heap_base + capacity;
  while (p < end) {
    // Only messages have a `rid`; members, files and what later versions bring have a `type`.
    if (value(p, "rid")) {
      if (!is_short) {
        put_cell(value(p, "_id"));
        *out++ = '\t';
      }
      put_cell(value(p, "ts"));
      *out++ = '\t';
      const u8 *sender = value(p, "u");
      put_cell(sender ? value(sender, "username") : 0);
      *out++ = '\t';
      put_cell(value(p, "msg"));
      *out++ = '\n';
    }
    p = after(p) + 1;
  }
  return answer(begin, out - begin);
}

EXPORT("roomscribe_finish") u64 roomscribe_finish(void) { return 0; }
