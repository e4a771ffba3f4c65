//! A chat server in one binary that exports rooms.

/// Rooms as files.
pub mod export {
    pub mod pack;
    pub mod spool;
    pub mod verify;
}
