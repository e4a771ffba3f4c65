//! Samples of files, exports, their traces, and mails.

use crate::stored_bytes::Golden;

use super::*;

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

/// Adds them.
pub(super) fn add(golden: &mut Golden) {
    file(golden);
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
    for rooms in [messages, thread, Rooms::Seen, Rooms::Server, Rooms::Own] {
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
    mail(golden);
}

fn file(golden: &mut Golden) {
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
}

fn mail(golden: &mut Golden) {
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
