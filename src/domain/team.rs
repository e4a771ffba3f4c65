//! Teams: a channel or group whose members are the team, and the rooms that belong to it.
//!
//! A team is nothing but its main room seen from another side: it is called like it, is public or
//! private like it, and who is in the one is in the other. What ties rooms to a team stands in their
//! further keys, where clients look for it, too.

use serde_json::{Value, json};

use super::{MessageId, Room, TeamId};

/// The place of a room in a team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TeamPlace {
    /// The team.
    pub team: TeamId,
    /// The room is the team's main room.
    pub main: bool,
    /// Who joins the team joins the room.
    pub joined_by_all: bool,
}

impl Room {
    /// The team that the room belongs to, if it does.
    pub fn team_place(&self) -> Option<TeamPlace> {
        // Most rooms are in no team, and need not be parsed to know that.
        if !self.extra.as_str().contains("\"teamId\"") {
            return None;
        }
        let extra = self.extra.value();
        let team = extra["teamId"].as_str().filter(|id| !id.is_empty())?;
        Some(TeamPlace {
            team: TeamId::new(team),
            main: extra["teamMain"] == true,
            joined_by_all: extra["teamDefault"] == true,
        })
    }

    /// The team whose main room this is.
    pub fn team(&self) -> Option<TeamId> {
        self.team_place().filter(|place| place.main).map(|place| place.team)
    }

    /// Puts the room into a team, or takes it out.
    pub fn set_team_place(&mut self, place: Option<&TeamPlace>) {
        let flag = |wanted: bool| if wanted { Value::Bool(true) } else { Value::Null };
        let team = place.map_or(Value::Null, |place| json!(place.team.as_str()));
        let extra = self.extra.with("teamId", team);
        let extra = extra.with("teamMain", flag(place.is_some_and(|place| place.main)));
        let extra = extra.with("teamDefault", flag(place.is_some_and(|place| place.joined_by_all)));
        self.extra = extra;
    }

    /// The message that this discussion is about.
    pub fn discussed_message(&self) -> Option<MessageId> {
        if !self.extra.as_str().contains("\"pmid\"") {
            return None;
        }
        self.extra.value()["pmid"].as_str().map(MessageId::new)
    }

    /// Sets the message that this discussion is about.
    pub fn set_discussed_message(&mut self, message: &MessageId) {
        self.extra = self.extra.with("pmid", message.as_str().into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{RoomId, RoomKind, Time};

    fn room() -> Room {
        Room::new(RoomId::new("r"), RoomKind::Channel, None, None, Time::from_millis(0))
    }

    #[test]
    fn a_room_is_in_a_team_until_it_is_taken_out() {
        let mut room = room();
        assert_eq!((room.team_place(), room.team()), (None, None));
        let mut place = TeamPlace { team: TeamId::new("t"), main: false, joined_by_all: true };
        room.set_team_place(Some(&place));
        assert_eq!((room.team_place(), room.team()), (Some(place.clone()), None));
        place.main = true;
        room.set_team_place(Some(&place));
        assert_eq!(room.team(), Some(TeamId::new("t")));
        room.set_team_place(None);
        assert_eq!((room.team_place(), room.extra.as_str()), (None, "{}"));
    }

    #[test]
    fn a_discussion_knows_what_it_is_about() {
        let mut room = room();
        assert_eq!(room.discussed_message(), None);
        room.set_discussed_message(&MessageId::new("m"));
        assert_eq!(room.discussed_message(), Some(MessageId::new("m")));
    }
}
