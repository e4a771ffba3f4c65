#!/usr/bin/env python3
"""Makes up the messages of a chat room, or of several: NDJSON of REST message objects on standard output.

usage: tests/bench/gen.py [COUNT] [--seed 1] [--room bench] [--rooms 1] [--people 200] > messages.ndjson

One message a line, oldest first; the same arguments give the same bytes. Words follow Zipf's law over
5,000 made-up ones, lengths are log-normal with a mean near 90 characters, and people write unequally often, and in some
rooms more than in others: beside `bench` these are `bench-2`, `bench-3` and so on.
Shares: Markdown 15 %, mentions 10 %, replies in threads 10 %, links 8 %, emoji 10 %, reactions 5 %, another
script 4 %, characters that HTML escapes 3 %, edits 2 %, notes of the server 1 %. There are no files: the
programs that these messages are compared with keep them elsewhere.
"""
import argparse
import bisect
import collections
import json
import math
import random
import sys
import time

MEAN_TEXT = 82  # characters of plain words; marks, links and names add the rest
SPREAD = 0.95   # of the logarithm of a text's length
LONGEST = 4000
WORDS = 5000
SLOTS = 1 << 16
YEAR_MS = 365 * 86_400_000
FIRST_MS = 1_672_531_200_000  # 2023-01-01

CONSONANTS, VOWELS = "bcdfghklmnprstvwz", "aeiou"
GIVEN = "ada bela cleo dana edda finn gita hugo iris joao kemal lena milo nora otto pia quentin runa sami tove".split()
FAMILY = "abbas berg costa dahl engel faber gallo hauser ivanov jung kaya lind maro nagy okoye perez rossi sato".split()
SCRIPTS = ("Schöne Grüße vom Bodensee", "c’était déjà prêt hier", "сборка прошла успешно", "明日の朝に確認します",
           "文件已经上传", "빌드가 끝났습니다", "¿quién revisa esto?", "تم إرسال التقرير", "żółw już śpi", "Ελέγξτε το ξανά")
PICTURES = ("😀", "🎉", "👍", "🚀", "🙏", "👩‍💻", "🇫🇮", "❤️")
NAMED = (":smile:", ":tada:", ":+1:", ":rocket:", ":eyes:", ":heart:", ":white_check_mark:")
ESCAPED = ("<b>not bold</b>", "if a < b && b > c", "Q&A", "say \"no\"", "Box<dyn Fn(&'a str)>", "it's 5 > 4")
HOSTS = ("docs.example.org", "code.example.com", "wiki.example.net", "status.example.io")
NOTES = ("uj", "ul", "room_changed_topic", "room_changed_description")
LETTERS = "23456789ABCDEFGHJKLMNPQRSTWXYZabcdefghijkmnopqrstuvwxyz"


class Dice:
    """Chance whose sequence Python promises to keep: only `Random.random` is asked."""

    def __init__(self, seed):
        self.roll = random.Random(seed).random

    def below(self, number):
        return int(self.roll() * number)

    def one_of(self, choices):
        return choices[int(self.roll() * len(choices))]

    def identity(self):
        return "".join([LETTERS[int(self.roll() * 55)] for _ in range(17)])

    def normal(self):
        return math.sqrt(-2 * math.log(1 - self.roll())) * math.cos(math.tau * self.roll())


def by_rank(choices, offset):
    """Slots in which the choice of rank k stands in proportion to 1 / (k + offset)."""
    shares, total = [], 0.0
    for rank in range(len(choices)):
        total += 1 / (rank + offset)
        shares.append(total)
    return [choices[bisect.bisect_left(shares, (slot + 0.5) / SLOTS * total)] for slot in range(SLOTS)]


def vocabulary(dice):
    """Made-up words, the short ones first: they are the frequent ones."""
    words = {}
    while len(words) < WORDS:
        syllables = 1 + int(math.log10(len(words) + 1) * 0.6 + dice.roll() * 1.6)
        word = "".join(dice.one_of(CONSONANTS) + dice.one_of(VOWELS) for _ in range(syllables))
        words[word + (dice.one_of("nrst") if dice.roll() < 0.5 else "")] = None
    return list(words)


def inhabitants(dice, count):
    people = []
    for number in range(count):
        given, family = dice.one_of(GIVEN), dice.one_of(FAMILY)
        people.append({"_id": dice.identity(), "username": f"{given}.{family}{number}", "name": f"{given.title()} {family.title()}"})
    return people


def instant(milliseconds):
    seconds, rest = divmod(int(milliseconds), 1000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{rest:03}Z"


def mark(dice, words):
    """Puts Markdown around or into some words."""
    where, kind = dice.below(len(words)), dice.roll()
    if kind < 0.75:
        sign = "*" if kind < 0.3 else "`" if kind < 0.5 else "_" if kind < 0.65 else "~"
        words[where] = sign + words[where] + sign
    elif kind < 0.85:
        words.insert(0, ">")
    elif kind < 0.93:
        words.append(f"\n```\nlet {words[0]} = {words[where]}({where});\n```")
    else:
        words.insert(where, "\n-")


def text_and_fields(dice, words, people, frequent):
    """The text of a message, and the fields that belong to what stands in it."""
    length, fields = min(LONGEST, math.exp(math.log(MEAN_TEXT) - SPREAD * SPREAD / 2 + SPREAD * dice.normal())), {}
    said, written = [], 0
    while not said or written < length:
        word = words[int(dice.roll() * SLOTS)]
        said.append(word)
        written += len(word) + 1
    for share, strange in ((0.04, SCRIPTS), (0.03, ESCAPED), (0.05, PICTURES), (0.05, NAMED)):
        if dice.roll() < share:
            said.insert(dice.below(len(said) + 1), dice.one_of(strange))
    if dice.roll() < 0.15:
        mark(dice, said)
    if dice.roll() < 0.10:
        named = [dice.one_of(people) for _ in range(1 + (dice.roll() < 0.2))]
        said[:0] = ["@" + person["username"] for person in named]
        fields["mentions"] = [{**person, "type": "user"} for person in named]
    if dice.roll() < 0.08:
        link = f"https://{dice.one_of(HOSTS)}/{dice.one_of(frequent)}/{dice.one_of(frequent)}?page={dice.below(1000)}"
        said.append(link)
        fields["urls"] = [{"url": link, "meta": {}}]
    return " ".join(said), fields


def messages(count, seed=1, room="bench", rooms=1, people=200):
    """The messages as dictionaries, oldest first."""
    # The language and the people are the same whatever is said, so that rooms fit together.
    world, dice = Dice(0), Dice(seed)
    frequent = vocabulary(world)
    words, everybody = by_rank(frequent, 3), inhabitants(world, people)
    authors, now = by_rank(everybody, 4), float(FIRST_MS)
    places = by_rank([room, *(f"{room}-{number}" for number in range(2, rooms + 1))], 1)
    threads = collections.defaultdict(list)
    for _ in range(count):
        now -= YEAR_MS / max(count, 1) * math.log(1 - dice.roll())
        author, rid, at = authors[dice.below(SLOTS)], places[dice.below(SLOTS)], instant(now)
        message = {"_id": dice.identity(), "rid": rid, "ts": at, "u": author, "msg": ""}
        if dice.roll() < 0.01:
            message.update(t=dice.one_of(NOTES), msg=author["username"], groupable=False, _updatedAt=at)
            yield message
            continue
        message["msg"], fields = text_and_fields(dice, words, everybody, frequent)
        message.update(fields, _updatedAt=at)
        if threads[rid] and dice.roll() < 0.10:
            message["tmid"] = dice.one_of(threads[rid])
        elif dice.roll() < 0.04:
            # Threads are answered while they are fresh.
            threads[rid] = [*threads[rid][-11:], message["_id"]]
        if dice.roll() < 0.05:
            emoji = {dice.one_of(NAMED) for _ in range(1 + (dice.roll() < 0.25))}
            message["reactions"] = {
                name: {"usernames": sorted({dice.one_of(everybody)["username"] for _ in range(1 + dice.below(4))})}
                for name in sorted(emoji)
            }
        if dice.roll() < 0.02:
            edited = instant(now + dice.roll() * 600_000)
            message.update(editedAt=edited, editedBy={key: author[key] for key in ("_id", "username")}, _updatedAt=edited)
        yield message


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("count", type=int, nargs="?", default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--room", default="bench")
    parser.add_argument("--rooms", type=int, default=1)
    parser.add_argument("--people", type=int, default=200)
    arguments = parser.parse_args()
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    sys.stdout.reconfigure(encoding="utf-8")
    for message in messages(arguments.count, arguments.seed, arguments.room, arguments.rooms, arguments.people):
        sys.stdout.write(encode(message) + "\n")


if __name__ == "__main__":
    main()
