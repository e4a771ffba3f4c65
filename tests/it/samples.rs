//! Fixed samples of every kind of record: with all fields filled, and one of each variant.

use roomscribe::domain::avatar::Shown;
use roomscribe::domain::directory::{
    DirectoryEntry, FileByName, MemberByName, PersonEntry, RoomEntry, TeamPlace,
};
use roomscribe::domain::factor::{Secret, Totp};
use roomscribe::domain::job::ExportFile;
use roomscribe::domain::message::{Edited, Pinned, Reaction, Replies};
use roomscribe::domain::report::{About, Dismissal};
use roomscribe::domain::rewriting::{Rewrite, Rewriting};
use roomscribe::domain::search_run::StaleRun;
use roomscribe::domain::user::{Email, PersonalToken, UserKind};
use roomscribe::domain::{
    Activity, Archive, AuditEntry, AuditEvent, Avatar, Choice, CustomStatus, Emoji, EmojiName, ExportLink,
    Grant, Invite, Job, JobId, JobState, Json, LoginToken, Message, MessageId, OneTimeToken, Order,
    OutboxMail, OutboxState, PasswordHistory, PushToken, Removed, Report, Role, RoleScope, Room, RoomId,
    RoomKind, Rooms, SearchRun, SecondFactor, Setting, Signature, Subscription, TeamId, Time, UnreadThread,
    Upload, UploadId, User, UserId, UserRef,
};
use roomscribe::store::message_indexes::List;
use roomscribe::store::room_lists::RoomList;
use roomscribe::store::schema::{
    Announcement, AuditOfJob, AuditOfUser, BlobUse, DataRequest, DeletedMessage, DeletedRoom, EndedJob,
    EndedMembership, FileOfRoom, HiddenMessage, InviteOfUser, JobOfUser, KeptFile, LinkOfJob, ListedMessage,
    ListedRoom, MessagePlace, OpenJob, Reply, ReportOfAuthor, ReportOfMessage, ReportOfUser, RoleHolder,
    RoomByName, RoomOfUser, Schema, TokenOfUser, UnfinishedImport, UserByEmail, UserByName, WaitingMail,
};

use crate::stored_bytes::Golden;

mod integrations;

const AT: i64 = 1_710_498_030_123;
const HASH: [u8; 32] = [0xab; 32];

fn at(seconds: i64) -> Time {
    Time::from_millis(AT + seconds * 1000)
}

fn text(text: &str) -> String {
    text.to_owned()
}

fn json(text: &str) -> Json {
    Json::from_text(text)
}

fn bob() -> UserId {
    UserId::new("bobbobbobbobbobbo")
}

fn general() -> RoomId {
    RoomId::new("GENERAL")
}

fn reference() -> UserRef {
    UserRef { id: bob(), username: text("bob"), name: Some(text("Bob \u{1f600}")) }
}

/// Adds every sample with its key to `golden`.
pub(crate) fn add_all(golden: &mut Golden) {
    people(golden);
    rooms(golden);
    messages(golden);
    files_and_jobs(golden);
    integrations::add(golden);
    golden.add(&(text("schema"),), &Schema(1));
    let role = Role {
        id: text("owner"),
        name: text("owner"),
        description: text("Owner"),
        scope: RoleScope::Subscriptions,
        protected: true,
        updated: at(0),
        second_factor: true,
    };
    golden.add(&(text("owner"),), &role);
    golden.add(&(text("admin"),), &Role { scope: RoleScope::Users, protected: false, ..role });
    golden.add(&(text("owner"), text("bob"), general()), &RoleHolder(bob()));
    golden.add(&(text("role"), text("id")), &Removed { name: text("Gone"), at: at(1) });
    additions(golden);
    golden.add(&(text("create-c"),), &Grant { roles: vec![text("admin"), text("user")], updated: at(0) });
    golden.add(&(text("Site_Name"),), &Setting { value: json("\"My chat\""), updated: at(0) });
}

/// What administrators add for everybody, and the devices of people.
fn additions(golden: &mut Golden) {
    let emoji = Emoji {
        id: text("emoji"),
        name: text("party"),
        aliases: vec![text("fete")],
        extension: text("png"),
        size: 1000,
        sha256: HASH,
        updated: at(0),
    };
    golden.add(&(text("party"),), &EmojiName::Own(emoji));
    golden.add(&(text("fete"),), &EmojiName::Alias(text("party")));
    let status =
        CustomStatus { id: text("status"), name: text("at sea"), status: text("away"), updated: at(0) };
    golden.add(&(text("status"),), &status);
    let token = PushToken {
        id: text("device"),
        service: text("gcm"),
        value: text("address"),
        application: text("app"),
        created: at(0),
        updated: at(1),
    };
    golden.add(&(bob(), text("address")), &token);
}

fn people(golden: &mut Golden) {
    let user = User {
        id: bob(),
        username: text("Bob"),
        name: Some(text("Bob \u{1f600}")),
        kind: UserKind::Bot,
        emails: vec![Email { address: text("Bob@example.org"), verified: true }],
        password: Some(text("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA")),
        roles: vec![text("user"), text("admin")],
        active: true,
        created: at(0),
        updated: at(1),
        last_login: Some(at(2)),
        status: text("online"),
        status_default: Some(text("busy")),
        status_text: Some(text("at sea")),
        bio: Some(text("Keeps the light.")),
        nickname: Some(text("Bobby")),
        require_password_change: true,
        custom_fields: json(r#"{"team":"north"}"#),
        preferences: json(r#"{"language":"de"}"#),
        extra: json(r#"{"utcOffset":1}"#),
    };
    golden.add(&(bob(),), &user);
    for kind in [UserKind::User, UserKind::App] {
        golden.add(&(bob(),), &User { kind, ..User::new(bob(), "bob", at(0)) });
    }
    golden.add(&(text("bob"),), &UserByName(bob()));
    let person = DirectoryEntry::Person(PersonEntry::of(&user));
    golden.add(&(text("u"), text("bob"), text("bobbobbobbobbobbo")), &person);
    golden.add(&(text("bob@example.org"),), &UserByEmail(bob()));
    let personal = PersonalToken { name: text("script"), last_part: text("abcdef"), bypass_two_factor: true };
    golden.add(&(HASH,), &LoginToken { user: bob(), created: at(0), personal: Some(personal) });
    golden.add(&(bob(), HASH), &TokenOfUser);
    let secret = || Secret(b"12345678901234567890".to_vec());
    let factor = SecondFactor {
        totp: Some(Totp { secret: secret(), earliest: 57_016_602 }),
        pending: Some(secret()),
        backup_codes: vec![HASH],
        email: true,
    };
    golden.add(&(bob(),), &factor);
    let mailed = OneTimeToken { hash: HASH, address: text("bob@example.org"), made: at(0), expires: at(60) };
    golden.add(&(bob(), text("password")), &mailed);
    golden.add(&(bob(),), &PasswordHistory(vec![text("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA")]));
    let avatar =
        Avatar { id: UploadId::new("picture"), media_type: text("image/png"), sha256: HASH, chosen: at(0) };
    golden.add(&Shown::User(bob()).key(), &avatar);
    golden.add(&Shown::Room(general()).key(), &avatar);
    for change in [
        Rewrite::Delete,
        Rewrite::Unlink { to: UserId::new("rocket.cat") },
        Rewrite::Rename { former: vec![text("rob")], to: text("bob") },
    ] {
        let reached = Some((general(), at(0), MessageId::new("message")));
        golden.add(&(bob(),), &Rewriting { change, reached });
    }
}

fn rooms(golden: &mut Golden) {
    let room = Room {
        id: general(),
        kind: RoomKind::Group,
        name: Some(text("general")),
        display_name: Some(text("General")),
        creator: Some(reference()),
        created: at(0),
        updated: at(1),
        topic: Some(text("a topic")),
        description: Some(text("a description")),
        announcement: Some(text("an announcement")),
        read_only: true,
        react_when_read_only: Some(false),
        archived: true,
        default: true,
        broadcast: Some(true),
        encrypted: Some(false),
        join_code: Some(text("sesame")),
        muted: vec![text("eve")],
        unmuted: vec![text("al")],
        direct: vec![reference()],
        parent: Some(RoomId::new("parent")),
        custom_fields: json("{}"),
        extra: json(r#"{"featured":true}"#),
    };
    golden.add(&(general(),), &room);
    for kind in [RoomKind::Channel, RoomKind::Direct] {
        golden.add(&(general(),), &Room::new(general(), kind, None, None, at(0)));
    }
    golden.add(&(text("general"),), &RoomByName(general()));
    let activity = Activity {
        messages: 300,
        members: 2,
        group_mentions: 1,
        last_at: Some(at(3)),
        last_message: Some(MessageId::new("message")),
        updated: at(4),
    };
    golden.add(&(general(),), &activity);
    let subscription = Subscription {
        id: text("subscription"),
        user: bob(),
        username: text("bob"),
        room: general(),
        created: at(0),
        updated: at(1),
        last_seen: Some(at(2)),
        last_replied: Some(at(3)),
        closed_at: Some(at(4)),
        roles: vec![text("owner")],
        favorite: true,
        unread: 7,
        user_mentions: 6,
        group_mentions_seen: 5,
        marked_unread: true,
        extra: json(r#"{"desktopNotifications":"all"}"#),
    };
    golden.add(&(general(), bob()), &subscription);
    golden.add(&(bob(), general()), &RoomOfUser);
    let team = Some(TeamPlace { id: text("team"), is_main: true });
    let entry = DirectoryEntry::Room(RoomEntry { team, ..RoomEntry::of(&room) });
    golden.add(&(text("p"), text("general"), text("GENERAL")), &entry);
    let file = FileByName { media_type: text("image/png"), uploaded: at(0) };
    golden.add(&(general(), text("../photo.png"), UploadId::new("upload")), &file);
    let member = MemberByName { roles: vec![text("owner")] };
    golden.add(&(general(), true, text("bob"), bob()), &member);
    golden.add(&(general(), false, text("bob"), bob()), &member);
    for list in [
        RoomList::About(MessageId::new("message")),
        RoomList::Discussions(RoomId::new("parent")),
        RoomList::OfTeam(TeamId::new("team")),
        RoomList::Teams,
    ] {
        golden.add(&(list, text("general"), general()), &ListedRoom);
    }
    golden.add(&(general(),), &Announcement(MessageId::new("message")));
    let invite = Invite {
        id: text("secret"),
        room: general(),
        user: bob(),
        days: 7,
        most_uses: 10,
        uses: 2,
        created: at(0),
        updated: at(1),
        expires: Some(at(2)),
    };
    golden.add(&(text("secret"),), &invite);
    golden.add(&(text("secret"),), &Invite { expires: None, ..invite });
    golden.add(&(general(), bob(), text("secret")), &InviteOfUser);
    golden.add(&(general(),), &DeletedRoom);
    golden.add(&(general(),), &UnfinishedImport);
    golden.add(&(bob(), general()), &EndedMembership { id: text("membershipmembers"), ended: at(1) });
}

fn messages(golden: &mut Golden) {
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

fn audit(golden: &mut Golden, id: &JobId, order: Order) {
    for (number, event) in [
        AuditEvent::Asked(Box::new(order)),
        AuditEvent::Done { digest: Some(HASH), messages: 10, bytes: 1000 },
        AuditEvent::Failed(text("no room on the disk")),
        AuditEvent::Retried,
        AuditEvent::Cancelled,
        AuditEvent::Downloaded { by_link: true },
        AuditEvent::LinkMade { expires: at(60), to: Some(text("ann@example.org")) },
        AuditEvent::Deleted,
        AuditEvent::Expired,
    ]
    .into_iter()
    .enumerate()
    {
        let entry = AuditEntry {
            at: at(5),
            export: id.clone(),
            user: bob(),
            username: text("bob"),
            address: Some(text("127.0.0.1")),
            event,
        };
        golden.add(&(at(5), number as u64), &entry);
    }
    golden.add(&(id.clone(), at(5), 7), &AuditOfJob);
    golden.add(&(bob(), at(5), 7), &AuditOfUser);
}

fn files_and_jobs(golden: &mut Golden) {
    let upload_id = UploadId::new("upload");
    let upload = Upload {
        id: upload_id.clone(),
        room: general(),
        user: bob(),
        name: text("../photo.png"),
        media_type: text("image/png"),
        size: 1 << 40,
        sha256: HASH,
        uploaded: at(0),
        confirmed: true,
        description: text("a photo"),
    };
    golden.add(&(upload_id.clone(),), &upload);
    golden.add(&(general(), at(0), upload_id.clone()), &FileOfRoom);
    golden.add(&(HASH, upload_id), &BlobUse);
    let id = JobId::new("job");
    let job = Job {
        id: id.clone(),
        owner: bob(),
        owner_username: text("bob"),
        order: Order {
            rooms: Rooms::Listed(vec![general()]),
            title: text("General"),
            from: Some(at(-9)),
            until: at(0),
            query: text("from:bob"),
            time_zone: text("Europe/Berlin"),
            system_messages: true,
            transforms: vec![Choice { id: text("redact"), options: json("null") }],
            formats: vec![Choice { id: text("html"), options: json("{}") }],
            delivery: Choice { id: text("file"), options: json(r#"{"x":1}"#) },
            archive: Some(Archive::Bag),
        },
        notify: true,
        created: at(0),
        state: JobState::Queued,
        sealed: true,
        messages: 10,
        bytes: 1000,
        attempts: 3,
        due: at(1),
        failure: Some(text("no room on the disk")),
        receipt: Some(text("written")),
        digest: Some(HASH),
        file: Some(ExportFile {
            name: text("general.zip"),
            path: text("exports/job.zip"),
            size: 999,
            sha256: HASH,
        }),
        file_expired: true,
        finished: Some(at(2)),
    };
    let messages = Rooms::Messages { room: general(), messages: vec![MessageId::new("message")] };
    let thread = Rooms::Thread { room: general(), thread: MessageId::new("message") };
    for rooms in [messages, thread, Rooms::Seen, Rooms::Server] {
        let archive = matches!(rooms, Rooms::Seen).then_some(Archive::Plain);
        let order = Order { rooms, archive, ..job.order.clone() };
        golden.add(&(id.clone(),), &Job { order, ..job.clone() });
    }
    for state in [
        JobState::Queued,
        JobState::Rendering,
        JobState::Delivering,
        JobState::Done,
        JobState::Failed,
        JobState::Cancelled,
    ] {
        golden.add(&(id.clone(),), &Job { state, ..job.clone() });
    }
    golden.add(&(bob(), at(0), id.clone()), &JobOfUser);
    golden.add(&(id.clone(),), &OpenJob);
    golden.add(&(at(2), id.clone()), &EndedJob);
    golden.add(&(at(2), id.clone()), &KeptFile { owner: bob(), size: 999 });
    let link = ExportLink {
        job: id.clone(),
        owner: bob(),
        made: at(3),
        expires: at(60),
        to: Some(text("ann@example.org")),
        used: Some(at(4)),
    };
    golden.add(&(HASH,), &link);
    golden.add(&(id.clone(), HASH), &LinkOfJob);
    audit(golden, &id, job.order);
    golden.add(&(bob(), 1), &DataRequest { job: id.clone(), asked: at(0) });
    let mail = OutboxMail {
        key: text("mail"),
        from: text("chat@example.org"),
        to: text("bob@example.org"),
        created: at(0),
        attempts: 2,
        state: OutboxState::Waiting { due: at(1) },
    };
    golden.add(&(text("mail"),), &mail);
    let failed = OutboxState::Failed { at: at(1), reason: text("550 no such user") };
    for state in [OutboxState::Sent { at: at(1) }, failed] {
        golden.add(&(text("mail"),), &OutboxMail { state, ..mail.clone() });
    }
    golden.add(&(at(1), text("mail")), &WaitingMail);
}
