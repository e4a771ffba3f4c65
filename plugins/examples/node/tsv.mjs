// A format for roomscribe: tab-separated values, one line a message.

import { once } from "node:events";
import { stdin, stdout } from "node:process";

const DESCRIPTION = {
  abi: 1,
  name: "tsv",
  version: "1.0.0",
  description: "Tab-separated values, one line a message",
  extension: "tsv",
  media_type: "text/tab-separated-values; charset=utf-8",
  options: {
    type: "object",
    properties: {
      header: { type: "boolean", default: true, description: "The first line names the columns" },
      columns: {
        type: "string",
        enum: ["full", "short"],
        default: "full",
        description: "Which: short leaves out the id",
      },
    },
  },
};
const NAMES = ["id", "time", "sender", "text"];
const ESCAPES = { "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r" };

let first = 0;

const row = (cells) => cells.slice(first).join("\t") + "\n";

// What a record adds to the file.
function take(record) {
  if (record.type === "describe") return JSON.stringify(DESCRIPTION) + "\n";
  if (record.type === "header") {
    first = record.options.columns === "short" ? 1 : 0;
    return record.options.header ? row(NAMES) : "";
  }
  // Only messages have a `rid`; members, files and what later versions bring have a `type`.
  if (record.rid === undefined) return "";
  const cells = [record._id, record.ts, record.u.username, record.msg];
  return row(cells.map((cell) => cell.replace(/[\\\t\n\r]/g, (c) => ESCAPES[c])));
}

// node:readline would also break lines at U+2028, which stands in messages.
stdin.setEncoding("utf8");
let rest = "";
for await (const chunk of stdin) {
  const lines = (rest + chunk).split("\n");
  rest = lines.pop();
  const text = lines.map((line) => take(JSON.parse(line))).join("");
  // Waits for the reader, so that a large room does not gather in memory.
  if (!stdout.write(text)) await once(stdout, "drain");
}
