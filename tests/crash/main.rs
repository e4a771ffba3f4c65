//! The real binary, killed with SIGKILL at random moments while people work with it.
//!
//! They send, reply, edit, react, star, pin, delete, bring files, keep rooms, export and mail. After
//! each start what they touched last must be as it was acknowledged, or as it was asked for; in the end
//! everything is compared: lists, counters, downloads, exports, mails and what lies in the directories;
//! and `check` must find nothing.
//!
//! `CRASH_ROUNDS` (10) and `CRASH_SEED` choose how often, when and what; a failure prints the seed. The
//! same seed makes the same choices; how the threads meet is up to the machine.

mod client;
mod exporter;
mod full_disk;
#[cfg(feature = "wasm-plugins")]
mod hangup;
mod housekeeper;
mod mailer;
mod people;
mod round;
mod sender_of_files;
mod server;
mod talker;
mod tally;

use std::thread;
use std::time::Duration;

use rand::Rng;

use people::People;
use round::{Round, choices};
use server::Server;
use tally::Tally;

/// Who chooses the moments, beside the people.
const DEATH: u64 = 1000;

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
fn nothing_acknowledged_is_lost_and_nothing_is_done_twice() {
    let seed = number("CRASH_SEED", rand::random::<u32>().into());
    let rounds = number("CRASH_ROUNDS", 10);
    println!("CRASH_SEED={seed} CRASH_ROUNDS={rounds}");
    let directory = tempfile::TempDir::new().unwrap();
    let server = Server::start(directory.path());
    let mut people = People::settle_in(&server);
    server.stop();
    let tally = Tally::default();
    for number in 0..rounds {
        let mut death = choices(seed, number, DEATH);
        if death.random_bool(0.2) {
            Server::start_in_vain(directory.path(), Duration::from_millis(death.random_range(0..400)));
        }
        let server = Server::start(directory.path());
        people.look_back(&server, &tally);
        assert!(tally.is_clean(), "CRASH_SEED={seed}, before round {number}:\n{tally}");
        if number > 0 && number % 25 == 0 {
            println!("{number} rounds, {} operations acknowledged", tally.total());
        }
        let round = Round::new(number, &tally);
        let moment = Duration::from_millis(death.random_range(50..1200));
        thread::scope(|scope| {
            people.work(scope, &round, seed);
            thread::sleep(moment);
            server.kill();
            round.end();
        });
    }
    let server = Server::start(directory.path());
    people.look_back(&server, &tally);
    people.compare(&tally, directory.path(), rounds);
    server.stop();
    println!("{} operations were acknowledged in {rounds} rounds\n{tally}", tally.total());
    assert!(tally.is_clean(), "CRASH_SEED={seed}:\n{tally}");
    assert!(tally.total() > 0, "the rounds did something");
    server::check(directory.path());
}
