"""imessage-exporter, from crates.io: writes the messages of a chat.db as HTML."""

import calendar
import json
import pathlib
import shutil
import sqlite3
import time

from measure import KEPT, Failed, Missing, note, run, said

VERSION = "5.0.1"
EPOCH = 978_307_200  # 2001-01-01, from which its clock counts nanoseconds
TAPBACK = 2000

# The columns that it reads, and the indexes that macOS has on them.
SCHEMA = """
create table message (ROWID integer primary key, guid text unique not null, text text, service text, handle_id integer default 0,
    destination_caller_id text, subject text, date integer, date_read integer default 0, date_delivered integer default 0,
    is_from_me integer default 0, is_read integer default 0, item_type integer default 0, other_handle integer default 0,
    share_status integer default 0, share_direction integer default 0, group_title text, group_action_type integer default 0,
    associated_message_guid text, associated_message_type integer default 0, balloon_bundle_id text,
    expressive_send_style_id text, thread_originator_guid text, thread_originator_part text, date_edited integer default 0,
    associated_message_emoji text, attributedBody blob, message_summary_info blob, payload_data blob,
    filter_action integer, filter_sub_action integer);
create table handle (ROWID integer primary key, id text not null, country text, service text, uncanonicalized_id text, person_centric_id text);
create table chat (ROWID integer primary key, guid text, chat_identifier text, service_name text, display_name text, properties blob);
create table chat_handle_join (chat_id integer, handle_id integer);
create table chat_message_join (chat_id integer, message_id integer, message_date integer default 0, primary key (chat_id, message_id));
create table chat_recoverable_message_join (chat_id integer, message_id integer);
create table message_attachment_join (message_id integer, attachment_id integer);
create table attachment (ROWID integer primary key, guid text, filename text, uti text, mime_type text, transfer_name text,
    total_bytes integer, is_sticker integer, hide_attachment integer, emoji_image_short_description text);
"""
INDEXES = """
create index message_idx_date on message (date);
create index message_idx_thread_originator_guid on message (thread_originator_guid);
create index message_idx_associated_message on message (associated_message_guid);
create index chat_message_join_idx_message_id on chat_message_join (message_id);
create index message_attachment_join_idx_message_id on message_attachment_join (message_id);
"""
COLUMNS = "guid text attributedBody service handle_id date is_read associated_message_guid associated_message_type thread_originator_guid thread_originator_part".split()

# A typedstream with an NSAttributedString: the text, one range over all of it, and that it is part 0 of its message.
HEAD = (b"\x04\x0bstreamtyped\x81\xe8\x03\x84\x01@\x84\x84\x84\x12NSAttributedString\x00\x84\x84\x08NSObject\x00\x85\x92"
        b"\x84\x84\x84\x08NSString\x01\x94\x84\x01+")
RANGE = b"\x86\x84\x02iI\x01"
TAIL = (b"\x92\x84\x84\x84\x0cNSDictionary\x00\x94\x84\x01i\x01\x92\x84\x96\x96\x1d__kIMMessagePartAttributeName\x86\x92"
        b"\x84\x84\x84\x08NSNumber\x00\x84\x84\x07NSValue\x00\x94\x84\x01*\x84\x99\x99\x00\x86\x86\x86")


def number(value):
    """A length in a typedstream."""
    return bytes([value]) if value < 0x80 else b"\x81" + value.to_bytes(2, "little")


def body(text):
    """A text as macOS stores it."""
    encoded = text.encode()
    return HEAD + number(len(encoded)) + encoded + RANGE + number(len(text.encode("utf-16-le")) // 2) + TAIL


def nanoseconds(moment):
    """An instant of the REST API in the clock of chat.db."""
    whole, rest = moment.rstrip("Z").split(".")
    return (calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) - EPOCH) * 10**9 + int(rest) * 10**6


def guid_of(identity):
    """An identity as long as those of chat.db: others are not found again."""
    return identity.ljust(36, "0")


def message_rows(messages, people, stored):
    """A row for each message, and one for each reaction to it; gathers the people on the way."""
    def person(name):
        return people.setdefault(name, len(people) + 1)

    with open(messages, encoding="utf-8") as lines:
        for line in lines:
            message = json.loads(line)
            at, guid, root = nanoseconds(message["ts"]), guid_of(message["_id"]), message.get("tmid")
            yield (guid, *stored(message["msg"]), "iMessage", person(message["u"]["username"]), at, 1, None, 0,
                   root and guid_of(root), root and "0:0:5")
            names = (name for reaction in message.get("reactions", {}).values() for name in reaction["usernames"])
            for count, name in enumerate(sorted(set(names))):
                yield (f"{guid}-{count}", *stored("Loved"), "iMessage", person(name), at + 1 + count, 1,
                       f"p:0/{guid}", TAPBACK + count % 6, None, None)


def fill(messages, database, stored):
    """Makes the chat.db: one group chat, with the same texts, people, times, replies and reactions."""
    people, connection = {}, sqlite3.connect(database)
    connection.executescript(SCHEMA)
    connection.execute("insert into chat values (1, 'iMessage;+;chat1', 'chat1', 'iMessage', 'bench', null)")
    marks = ",".join("?" * len(COLUMNS))
    connection.executemany(f"insert into message ({', '.join(COLUMNS)}) values ({marks})", message_rows(messages, people, stored))
    connection.execute("insert into chat_message_join select 1, ROWID, date from message")
    handles = ((number, f"{name}@example.org") for name, number in people.items())
    connection.executemany("insert into handle (ROWID, id, service) values (?, ?, 'iMessage')", handles)
    connection.execute("insert into chat_handle_join select 1, ROWID from handle")
    connection.executescript(INDEXES)
    connection.execute("analyze")
    connection.commit()
    connection.close()


def program():
    """Its binary, built once under target/."""
    place = KEPT / "imessage-exporter"
    binary = place / "bin" / "imessage-exporter"
    if not (binary.is_file() and VERSION in said(binary, "--version")):
        note(f"building imessage-exporter {VERSION}")
        try:
            run(["cargo", "install", "imessage-exporter", "--version", VERSION, "--locked", "--root", place], timeout=3600)
        except Failed as failed:
            raise Missing(f"it cannot be built: {str(failed)[-300:]}") from failed
    return binary


def written(directory):
    """The messages of its pages, and how many more of them than texts."""
    messages = texts = 0
    for page in pathlib.Path(directory).glob("*.html"):
        with open(page, "rb") as lines:
            for line in lines:
                messages += line.count(b'<div class="message">')
                texts += line.count(b'<span class="bubble">')
    return messages, max(0, messages - texts)


STORED = {"as macOS stores it": lambda text: (None, body(text)), "as plain text": lambda text: (text, None)}
"""How a text lies in the columns `text` and `attributedBody`: since macOS 13 in the second one alone."""


def prepare(how):
    """Prepares its export of texts that are stored in one of these ways."""
    def prepare_room(bench, count):
        binary = program()
        database, output = bench.place / f"{how.replace(' ', '-')}.db", bench.place / "imessage"
        database.unlink(missing_ok=True)
        note(f"making a chat.db of {count:,} messages, {how}")
        fill(bench.messages(count), database, STORED[how])
        command = [binary, "--format", "html", "--db-path", database, "--export-path", output, "--copy-method", "disabled",
                   "--platform", "macOS", "--no-progress", "--ignore-disk-warning"]
        bench.explain(f"imessage-exporter {VERSION}, as cargo install builds it, each text {how}; it writes loose files, without hashes,"
                      f" fsync or a search: {bench.show(command)}")

        def task():
            shutil.rmtree(output, ignore_errors=True)
            cost = run(command)
            found, empty = written(output)
            bench.require(found >= count and empty == 0, f"imessage-exporter wrote {found} of {count} messages, {empty} without text")
            return cost

        return task
    return prepare_room
