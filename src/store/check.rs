//! Going over everything that is kept, whether it can be read or not.

use std::ops::ControlFlow;

use super::engine::{Direction, Engine};
use super::{Error, Result, Store, key, schema};

/// What is met on the way.
#[derive(Debug)]
pub enum Met {
    /// A record that can be read.
    Record,
    /// Something that cannot, in a sentence.
    Damage(String),
}

/// How much there is of one kind of record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Volume {
    /// The kind, as people call it.
    pub kind: &'static str,
    /// How many.
    pub records: u64,
    /// Bytes of their keys and values together.
    pub bytes: u64,
}

impl Store {
    /// Reads every record; the first that cannot be read is the error.
    pub fn check(&self) -> Result<Vec<Volume>> {
        let mut first = None;
        let volumes = self.go_over::<Error>(|met| {
            if let Met::Damage(damage) = met {
                first.get_or_insert(damage);
            }
            Ok(())
        })?;
        first.map_or(Ok(volumes), |damage| Err(Error::Corrupt(damage)))
    }

    /// Shows every record to `each` until that fails, or the disk does. What is damaged is no end:
    /// the records of the other kinds are behind it.
    pub fn go_over<E: From<Error>>(&self, each: impl FnMut(Met) -> Result<(), E>) -> Result<Vec<Volume>, E> {
        go_over(&*self.engine, each)
    }
}

/// The same for an engine.
pub(super) fn go_over<E: From<Error>>(
    engine: &dyn Engine,
    mut each: impl FnMut(Met) -> Result<(), E>,
) -> Result<Vec<Volume>, E> {
    let mut volumes: Vec<Volume> =
        schema::KINDS.iter().map(|(_, kind, _)| Volume { kind, records: 0, bytes: 0 }).collect();
    let mut unknown = 0_u64;
    // The engine has the prefix 0 for itself.
    for prefix in 1..=u8::MAX {
        let kind = schema::KINDS.iter().position(|(known, ..)| *known == prefix);
        let (mut there, mut bytes) = (0_u64, 0);
        let mut stopped = Ok(());
        let range = key::beginning_with(vec![prefix]);
        let walked = engine.walk(range, Direction::Ascending, &mut |key, value| {
            there += 1;
            bytes += (key.len() + value.len()) as u64;
            let met = match kind.map(|kind| schema::KINDS[kind]) {
                Some((_, name, readable)) if !readable(&key[1..], value) => {
                    Met::Damage(format!("{name} number {there} cannot be read"))
                }
                Some(_) | None => Met::Record,
            };
            stopped = each(met);
            if stopped.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        stopped?;
        match walked {
            Err(Error::Corrupt(damage)) => {
                let name = kind.map_or("entry of no known kind", |kind| volumes[kind].kind);
                let text = format!("behind {name} number {there} nothing can be read: {damage}");
                each(Met::Damage(text))?;
            }
            walked => walked?,
        }
        match kind {
            Some(kind) => (volumes[kind].records, volumes[kind].bytes) = (there, bytes),
            None => unknown += there,
        }
    }
    if unknown > 0 {
        each(Met::Damage(format!("{unknown} entries are of no known kind")))?;
    }
    Ok(volumes)
}
