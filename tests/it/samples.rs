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
mod jobs;
mod messages;

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
    messages::add(golden);
    jobs::add(golden);
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
