//! Slash commands: what people type instead of asking an endpoint. Each does what its endpoint does,
//! by the same use case, so that it may do no more.

use super::caller::Caller;
use super::{access, writing};
use crate::app::App;
use crate::domain::{MessageId, Room, RoomId, User};
use crate::error::{Error, Result};

mod people;
mod rooms;
mod talk;

/// A command.
pub struct Command {
    /// The word behind the slash.
    pub name: &'static str,
    /// What may follow it, for people.
    pub params: &'static str,
    /// What it does, for people.
    pub description: &'static str,
    run: Run,
}

type Run = fn(&Call<'_>) -> Result<Option<String>>;

/// A command that somebody gives.
pub struct Call<'a> {
    /// The server.
    pub app: &'a App,
    /// Who gives it.
    pub caller: &'a Caller,
    /// Where; a room that the caller may see.
    pub room: &'a Room,
    /// What follows the command.
    pub params: &'a str,
    /// The thread it is given in.
    pub thread: Option<MessageId>,
}

const fn command(name: &'static str, params: &'static str, description: &'static str, run: Run) -> Command {
    Command { name, params, description, run }
}

/// Every command, by name.
pub const COMMANDS: &[Command] = &[
    command("archive", "#room", "Archive a room", rooms::archive),
    command("create", "[private] #room", "Create a channel or a private group", rooms::create),
    command("gimme", "your message", "Display ༼ つ ◕_◕ ༽つ before your message", talk::gimme),
    command("help", "", "Show the commands there are", help),
    command("hide", "#room", "Hide a room from your list", rooms::hide),
    command("invite", "@user @user", "Invite people to this room", people::invite),
    command("invite-all-from", "#room", "Invite everybody of another room to this one", people::all_from),
    command("invite-all-to", "#room", "Invite everybody of this room to another one", people::all_to),
    command("join", "#channel", "Join a channel", rooms::join),
    command("kick", "@user", "Remove somebody from this room", people::kick),
    command("leave", "", "Leave this room", rooms::leave),
    command("lennyface", "your message", "Display ( ͡° ͜ʖ ͡°) after your message", talk::lennyface),
    command("me", "your message", "Say what you do", talk::me),
    command("msg", "@user your message", "Send somebody a direct message", talk::msg),
    command("mute", "@user", "Forbid somebody to speak in this room", people::mute),
    command("open", "#room or @user", "Show a room or a conversation in your list", rooms::open),
    command("part", "", "Leave this room", rooms::leave),
    command("shrug", "your message", "Display ¯\\_(ツ)_/¯ after your message", talk::shrug),
    command("status", "your status", "Say what you are doing", people::status),
    command("tableflip", "your message", "Display (╯°□°）╯︵ ┻━┻ after your message", talk::tableflip),
    command("topic", "the topic", "Set the topic of this room", rooms::topic),
    command("unarchive", "#room", "Unarchive a room", rooms::unarchive),
    command("unflip", "your message", "Display ┬─┬ ノ( ゜-゜ノ) after your message", talk::unflip),
    command("unmute", "@user", "Let somebody speak again in this room", people::unmute),
];

/// The command of that name, of any case.
pub fn find(name: &str) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| command.name.eq_ignore_ascii_case(name))
}

/// A room in which somebody may give commands. Of a room they may not see they learn nothing.
pub fn room(app: &App, caller: &Caller, id: &RoomId) -> Result<Room> {
    match app.store.room(id)? {
        Some(room) if access::can_see(app, &caller.user, &room)? => Ok(room),
        Some(_) | None => Err(Error::Unauthorized),
    }
}

/// Does what a command says. Some have something to tell.
pub fn run(command: &Command, call: &Call<'_>) -> Result<Option<String>> {
    if let Some(thread) = &call.thread {
        let message = call.app.store.message(thread)?;
        if message.is_none_or(|message| message.room != call.room.id) {
            return Err(Error::plain("Invalid thread."));
        }
    }
    (command.run)(call)
}

fn help(_: &Call<'_>) -> Result<Option<String>> {
    let line = |command: &Command| {
        let usage = format!("/{} {}", command.name, command.params);
        format!("{}: {}", usage.trim_end(), command.description)
    };
    Ok(Some(COMMANDS.iter().map(line).collect::<Vec<_>>().join("\n")))
}

impl Call<'_> {
    /// The words that follow the command.
    fn words(&self) -> impl Iterator<Item = &str> {
        self.params.split_whitespace()
    }

    /// The room that the first word names, `#name` or `name`; `None`: there is no word.
    fn named_room(&self) -> Result<Option<Room>> {
        let Some(word) = self.words().next() else { return Ok(None) };
        let invalid = || Error::refused("error-invalid-room", "Invalid room");
        let room = self.app.store.room_by_name(word.trim_start_matches('#'))?.ok_or_else(invalid)?;
        if access::can_see(self.app, &self.caller.user, &room)? { Ok(Some(room)) } else { Err(invalid()) }
    }

    /// The room that the first word names, or this one.
    fn room_or_this(&self) -> Result<Room> {
        Ok(self.named_room()?.unwrap_or_else(|| self.room.clone()))
    }

    /// The room that the first word must name.
    fn other_room(&self) -> Result<Room> {
        self.named_room()?.ok_or_else(|| Error::refused("error-invalid-room", "Invalid room"))
    }

    /// The account of a login name, `@name` or `name`.
    fn user(&self, word: &str) -> Result<User> {
        let user = self.app.store.user_by_name(word.trim_start_matches('@'))?;
        user.ok_or_else(|| Error::refused("error-invalid-user", "Invalid user"))
    }

    /// The account that the first word must name.
    fn named_user(&self) -> Result<User> {
        self.user(self.words().next().unwrap_or_default())
    }

    /// Refuses to change who is in an archived room.
    fn refuse_archived(&self) -> Result<()> {
        writing::refuse_archived(self.room)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_found_by_name_and_stand_in_order() {
        assert!(COMMANDS.is_sorted_by(|one, other| one.name < other.name));
        assert_eq!(find("INVITE-all-to").map(|command| command.name), Some("invite-all-to"));
        assert!(find("invite-all").is_none());
    }
}
