//! How much there is of everything.

use std::sync::{Arc, Mutex};

use super::Time;

/// What was counted last.
#[derive(Debug, Default)]
pub struct Counted {
    /// Everything.
    pub all: Mutex<Option<Arc<Statistics>>>,
    /// Accounts alone, and when: asked for more often.
    pub users: Mutex<Option<(Time, Users)>>,
}

/// Numbers of people, rooms and messages at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statistics {
    /// When they were counted.
    pub counted: Time,
    /// Accounts.
    pub users: Users,
    /// Public rooms, and the messages in them.
    pub channels: Rooms,
    /// Private rooms.
    pub groups: Rooms,
    /// Direct messages.
    pub directs: Rooms,
    /// Rooms that belong to another, whatever they are.
    pub discussions: u64,
    /// Files that people sent.
    pub uploads: u64,
    /// Their bytes.
    pub upload_bytes: u64,
}

/// Numbers of accounts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Users {
    /// All of them.
    pub all: u64,
    /// Those that can log in.
    pub active: u64,
    /// Those that can, by their status.
    pub online: u64,
    /// The same.
    pub away: u64,
    /// The same.
    pub busy: u64,
}

/// Numbers of one kind of room.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rooms {
    /// The rooms.
    pub rooms: u64,
    /// The messages in them.
    pub messages: u64,
}

impl Users {
    /// Those who are there, if only a little.
    pub fn present(&self) -> u64 {
        self.online + self.away + self.busy
    }

    /// Takes an account in.
    pub fn add(&mut self, active: bool, status: &str) {
        self.all += 1;
        if active {
            self.active += 1;
            match status {
                "online" => self.online += 1,
                "away" => self.away += 1,
                "busy" => self.busy += 1,
                _ => {}
            }
        }
    }
}
