//! How many messages the example format writes in a second of processor time.
//!
//! ```text
//! cargo run --release -p export-wasm --example speed -- 1000000
//! ```

#![expect(clippy::print_stdout, reason = "a program for the terminal")]

use std::fs::{self, File};
use std::io::{self, Write};
use std::time::Duration;

use export_sdk::{
    ArtifactPath, Author, Look, Message, Output, Registry, Result, Room, Scope, Settings, Summary, Timestamp,
};
use serde_json::Value;

/// Goes nowhere.
struct Nowhere;

impl Output for Nowhere {
    fn create(&mut self, _: &ArtifactPath, _: &str) -> Result<Box<dyn Write + Send>> {
        Ok(Box::new(io::sink()))
    }

    fn scratch(&mut self) -> Result<File> {
        Ok(tempfile::tempfile()?)
    }
}

/// What this thread has used of a processor; Linux tells it, in nanoseconds.
fn used() -> io::Result<Duration> {
    let text = fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds = text.split(' ').next().and_then(|number| number.parse().ok());
    nanoseconds.map(Duration::from_nanos).ok_or_else(|| io::Error::other("schedstat is not as expected"))
}

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let count: u32 = std::env::args().nth(1).map_or(Ok(200_000), |text| text.parse())?;
    let data = tempfile::tempdir()?;
    fs::create_dir(data.path().join("plugins"))?;
    fs::write(
        data.path().join("plugins/tsv.wasm"),
        wat::parse_str(include_str!("../../examples/wat/tsv.wat"))?,
    )?;
    let mut registry = Registry::default();
    export_wasm::register(&mut registry, &Settings::new("wasm", toml::Table::new(), data.path()))?;
    let registry = registry.look(Look::Afresh);

    let author = Author { id: "rocketchatuser123", username: "somebody", name: Some("Some Body") };
    let text = "Some words that people say to each other, about a hundred characters of them, as it is usual in rooms";
    let scope = Scope::new(Timestamp::from_millis(1_710_500_000_000), "speed");
    let mut output = Nowhere;
    let mut writer = registry.format("tsv")?.start(&Value::Null, &scope, &mut output)?;
    writer.begin_room(&Room::new("GENERAL", "general"), &scope)?;
    let before = used()?;
    for number in 0..count {
        let id = format!("message{number:010}");
        let at = Timestamp::from_millis(1_710_000_000_000 + i64::from(number));
        writer.write(&Message::new(&id, "GENERAL", author, at, text))?;
    }
    writer.end_room(&Summary::default())?;
    writer.finish(&Summary::default())?;
    let used = used()?.saturating_sub(before);
    println!("{count} messages in {used:.2?}: {:.0} in a second", f64::from(count) / used.as_secs_f64());
    Ok(())
}
