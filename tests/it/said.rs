//! Messages and files put into rooms without going through the API.

use roomscribe::domain::{Message, MessageId, RoomId, Upload, UploadId};
use roomscribe::store::Error;

use crate::support::TestServer;

/// Somebody says something, one second after whatever happened last.
pub(crate) fn say(server: &TestServer, room: &RoomId, username: &str, text: &str) -> MessageId {
    say_with(server, room, username, text, |_| {})
}

/// The same with a message that `change` has changed.
pub(crate) fn say_with(
    server: &TestServer,
    room: &RoomId,
    username: &str,
    text: &str,
    change: impl FnOnce(&mut Message),
) -> MessageId {
    server.clock.advance(1000);
    let author = server.user(username).reference();
    let mut message = Message::new(MessageId::random(), room.clone(), author, server.app.now(), text);
    change(&mut message);
    server
        .app
        .store
        .write::<_, Error>(|batch| {
            let mut activity = batch.activity(room)?;
            activity.messages += 1;
            activity.last_at = Some(message.sent_at);
            activity.last_message = Some(message.id.clone());
            activity.updated = message.sent_at;
            batch.put_activity(room, &activity)?;
            batch.put_message(&message)
        })
        .expect("a message");
    message.id
}

/// Somebody sends a file; only its record is kept.
pub(crate) fn send_file(server: &TestServer, room: &RoomId, username: &str, name: &str, media_type: &str) {
    server.clock.advance(1000);
    let upload = Upload {
        id: UploadId::random(),
        room: room.clone(),
        user: server.user(username).id,
        name: name.to_owned(),
        media_type: media_type.to_owned(),
        size: 3,
        sha256: [7; 32],
        uploaded: server.app.now(),
        confirmed: true,
        description: String::new(),
    };
    server.app.store.write::<_, Error>(|batch| batch.put_upload(&upload)).expect("a file");
}
