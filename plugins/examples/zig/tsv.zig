//! A format for roomscribe: tab-separated values, one line a message.

const std = @import("std");

const description =
    \\{"abi":1,"name":"tsv","version":"1.0.0",
    \\"description":"Tab-separated values, one line a message","extension":"tsv",
    \\"media_type":"text/tab-separated-values; charset=utf-8",
    \\"options":{"type":"object","properties":{
    \\"header":{"type":"boolean","default":true,"description":"The first line names the columns"},
    \\"columns":{"type":"string","enum":["full","short"],"default":"full",
    \\"description":"Which: short leaves out the id"}}}}
;

const Options = struct { header: bool, columns: enum { full, short } };
const Header = struct { options: Options };
/// Only messages have a `rid`; members, files and what later versions bring have a `type`.
const Record = struct {
    rid: ?[]const u8 = null,
    _id: []const u8 = "",
    ts: []const u8 = "",
    u: struct { username: []const u8 = "" } = .{},
    msg: []const u8 = "",
};
const lenient: std.json.ParseOptions = .{ .ignore_unknown_fields = true, .duplicate_field_behavior = .use_last };

/// What is given, kept from call to call.
var input: []u8 = &.{};
/// What is written: it lies there until the next call.
var output: std.ArrayList(u8) = .empty;
/// What is needed while a line is read.
var arena: std.heap.ArenaAllocator = .init(std.heap.wasm_allocator);
var options: Options = undefined;
/// What went wrong.
var complaint: [200]u8 = undefined;

export fn roomscribe_abi_1() void {}

/// A place for so many bytes; null: there is none.
export fn roomscribe_alloc(size: usize) ?[*]u8 {
    if (size > input.len) input = std.heap.wasm_allocator.realloc(input, size) catch return null;
    return input.ptr;
}

export fn roomscribe_describe() u64 {
    return answer(description);
}

export fn roomscribe_begin(header: [*]const u8, size: usize) u64 {
    output.clearRetainingCapacity();
    begin(header[0..size]) catch |problem| return failed(problem);
    return answer(output.items);
}

export fn roomscribe_write(lines: [*]const u8, size: usize) u64 {
    output.clearRetainingCapacity();
    write(lines[0..size]) catch |problem| return failed(problem);
    return answer(output.items);
}

export fn roomscribe_finish() u64 {
    return 0;
}

fn begin(header: []const u8) !void {
    _ = arena.reset(.retain_capacity);
    options = (try std.json.parseFromSliceLeaky(Header, arena.allocator(), header, lenient)).options;
    try output.ensureTotalCapacity(std.heap.wasm_allocator, 256);
    if (!options.header) return;
    put(if (options.columns == .short) "time\tsender\ttext\n" else "id\ttime\tsender\ttext\n");
}

fn write(lines: []const u8) !void {
    // A line of the table is never longer than its record.
    try output.ensureTotalCapacity(std.heap.wasm_allocator, lines.len);
    var rest = std.mem.tokenizeScalar(u8, lines, '\n');
    while (rest.next()) |line| {
        _ = arena.reset(.retain_capacity);
        const record = try std.json.parseFromSliceLeaky(Record, arena.allocator(), line, lenient);
        if (record.rid == null) continue;
        if (options.columns == .full) {
            cell(record._id);
            put("\t");
        }
        cell(record.ts);
        put("\t");
        cell(record.u.username);
        put("\t");
        cell(record.msg);
        put("\n");
    }
}

fn cell(text: []const u8) void {
    for (text) |byte| switch (byte) {
        '\\' => put("\\\\"),
        '\t' => put("\\t"),
        '\n' => put("\\n"),
        '\r' => put("\\r"),
        else => output.appendAssumeCapacity(byte),
    };
}

fn put(text: []const u8) void {
    output.appendSliceAssumeCapacity(text);
}

fn answer(bytes: []const u8) u64 {
    return @as(u64, @intFromPtr(bytes.ptr)) << 32 | bytes.len;
}

/// The highest bit says that the bytes tell what is wrong.
fn failed(problem: anyerror) u64 {
    const said = std.fmt.bufPrint(&complaint, "{{\"kind\":\"failed\",\"message\":\"{s}\"}}", .{@errorName(problem)});
    return 1 << 63 | answer(said catch "{\"kind\":\"failed\"}");
}
