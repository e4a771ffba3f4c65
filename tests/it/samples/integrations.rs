//! Samples of integrations and their calls, and of sounds.

use roomscribe::domain::integration::{HookEvent, Outgoing, Place, Retries, RetryDelay, Way};
use roomscribe::domain::sound::SoundFile;
use roomscribe::domain::{HookRecord, Integration, IntegrationId, Sound, WaitingCall};

use super::{HASH, at, bob, general, json, text};
use crate::stored_bytes::Golden;

/// Adds them.
pub(super) fn add(golden: &mut Golden) {
    let id = IntegrationId::new("integration");
    let integration = Integration {
        id: id.clone(),
        name: text("Robot \u{1f600}"),
        enabled: true,
        way: Way::In { overrides_place: true },
        user: bob(),
        username: text("bob"),
        places: vec![Place::Room(general()), Place::User(bob())],
        alias: text("R2"),
        avatar: text("https://example.org/r2.png"),
        emoji: text(":robot:"),
        token: text("token"),
        script_enabled: true,
        script: text("class Script {}"),
        created: at(0),
        created_by: bob(),
        created_by_username: text("bob"),
        updated: at(1),
    };
    golden.add(&(id.clone(),), &integration);
    let outgoing = Outgoing {
        event: HookEvent::SendMessage,
        urls: vec![text("https://example.org/in")],
        trigger_words: vec![text("robot")],
        anywhere: true,
        on_edits: true,
        target_room: text("#general"),
        impersonates: true,
        retries: Retries { on: true, count: 6, delay: RetryDelay::PowersOfTen },
    };
    for event in HookEvent::ALL {
        let way = Way::Out(Outgoing { event, ..outgoing.clone() });
        golden.add(&(id.clone(),), &Integration { way, ..integration.clone() });
    }
    let places = vec![Place::PublicChannels, Place::PrivateGroups, Place::DirectMessages];
    for delay in RetryDelay::ALL {
        let retries = Retries { on: false, count: 1, delay };
        let way = Way::Out(Outgoing { retries, ..outgoing.clone() });
        golden.add(&(id.clone(),), &Integration { way, places: places.clone(), ..integration.clone() });
    }
    let call = WaitingCall {
        integration: id.clone(),
        url: text("https://example.org/in"),
        created: at(0),
        tries: 2,
        event: HookEvent::RoomJoined,
        room: Some(general()),
        user: bob(),
        data: json(r#"{"text":"hi"}"#),
    };
    golden.add(&(at(5), text("call")), &call);
    let record = HookRecord {
        event: HookEvent::UserCreated,
        url: text("https://example.org/in"),
        updated: at(5),
        tries: 2,
        finished: true,
        status: Some(503),
        answer: text("busy"),
        error: text("the receiver answered 503"),
        data: json(r#"{"text":"hi"}"#),
    };
    golden.add(&(id, at(0), text("call")), &record);
    let file = Some(SoundFile { media_type: text("audio/mpeg"), sha256: HASH });
    let sound =
        Sound { id: text("sound"), name: text("pling"), extension: text("mp3"), file, updated: at(1) };
    golden.add(&(text("pling"),), &sound);
}
