//! Samples of messages, what finds them, and reports.

use crate::stored_bytes::Golden;

use super::*;

/// Adds them.
pub(super) fn add(golden: &mut Golden) {
    let id = MessageId::new("message");
    let message = Message {
        id: id.clone(),
        room: general(),
        sent_at: at(0),
        updated_at: at(1),
        author: reference(),
        text: text("a\0b *bold* \u{202e}"),
        kind: Some(text("uj")),
        thread: Some(MessageId::new("thread")),
        shown_in_room: true,
        replies: Some(Replies { count: 2, last: Some(at(2)), followers: vec![bob()] }),
        edited: Some(Edited { at: at(3), by: bob(), by_username: text("bob") }),
        pinned: Some(Pinned { at: Some(at(4)), by: Some((bob(), text("bob"))) }),
        reactions: vec![Reaction {
            emoji: text(":smile:"),
            usernames: vec![text("bob")],
            names: vec![text("Bob")],
        }],
        starred: vec![bob()],
        mentions: json(r#"[{"_id":"all","username":"all"}]"#),
        channels: json("[]"),
        urls: json(r#"[{"url":"https://example.org"}]"#),
        attachments: json(r#"[{"title":"x"}]"#),
        file: json(r#"{"_id":"f"}"#),
        files: json(r#"[{"_id":"f"}]"#),
        extra: json(r#"{"alias":"Robot"}"#),
    };
    golden.add(&(general(), at(0), id.clone()), &message);
    let plain = Message::new(id.clone(), general(), reference(), at(-9_999_999_999), "");
    golden.add(&(general(), plain.sent_at, id.clone()), &plain);
    golden.add(&(id.clone(),), &MessagePlace { room: general(), sent_at: at(0) });
    golden.add(&(MessageId::new("thread"), at(0), id.clone()), &Reply);
    let unread = UnreadThread { mentioned: true, everybody: false, hidden: true };
    golden.add(&(bob(), general(), id.clone()), &unread);
    let lists = [
        List::Changed,
        List::Discussions,
        List::Mentioning(bob()),
        List::Pinned,
        List::Starred(bob()),
        List::Threads,
    ];
    for list in lists {
        golden.add(&(general(), list, at(1), id.clone()), &ListedMessage);
    }
    let gone = DeletedMessage { thread: Some(MessageId::new("thread")), began_thread: true };
    golden.add(&(general(), at(2), id.clone()), &gone);
    golden.add(&(general(), id.clone(), at(2)), &HiddenMessage(message));
    reports(golden, &id, plain);
}

fn reports(golden: &mut Golden, id: &MessageId, message: Message) {
    let report = Report {
        id: text("report"),
        by: reference(),
        at: at(6),
        description: text("rude"),
        about: About::Message(Box::new(message)),
        dismissed: None,
    };
    golden.add(&(text("report"),), &report);
    let dismissal = Dismissal { by: bob(), at: at(7), reason: text("it is not"), action: text("None") };
    let about = About::User(reference());
    golden.add(&(text("report"),), &Report { about, dismissed: Some(dismissal), ..report });
    golden.add(&(id.clone(), at(6), text("report")), &ReportOfMessage);
    golden.add(&(bob(), at(6), text("report")), &ReportOfAuthor);
    golden.add(&(bob(), at(6), text("report")), &ReportOfUser);
    let signature = Signature::of(&[1, 2, 1 << 63]);
    golden.add(&(general(), at(0), id.clone()), &SearchRun { from: (at(-9), id.clone()), signature });
    golden.add(&(general(), at(0), id.clone()), &StaleRun);
}
