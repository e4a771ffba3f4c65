//! Who may see and change which integrations.

use crate::app::App;
use crate::domain::integration::Way;
use crate::domain::{Integration, User, UserId};
use crate::error::{Error, Result};
use crate::service::access;

/// How far a right goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Nowhere.
    Nothing,
    /// To what one has made.
    Own,
    /// To everything.
    All,
}

/// Which of the two kinds of integration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Others post here.
    Incoming,
    /// We post to others.
    Outgoing,
}

impl Kind {
    /// The word in requests.
    pub fn word(self) -> &'static str {
        match self {
            Self::Incoming => "webhook-incoming",
            Self::Outgoing => "webhook-outgoing",
        }
    }

    /// The kind of that word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Incoming, Self::Outgoing].into_iter().find(|kind| kind.word() == word)
    }

    /// The kind of an integration.
    pub fn of(integration: &Integration) -> Self {
        match integration.way {
            Way::In { .. } => Self::Incoming,
            Way::Out(_) => Self::Outgoing,
        }
    }
}

/// What somebody may do with integrations.
#[derive(Debug, Clone)]
pub struct Rights {
    user: UserId,
    incoming: Reach,
    outgoing: Reach,
}

impl Rights {
    /// The rights of a user.
    pub fn of(app: &App, user: &User) -> Result<Self> {
        let reach = |all, own| {
            Ok::<_, Error>(if access::holds(app, user, all)? {
                Reach::All
            } else if access::holds(app, user, own)? {
                Reach::Own
            } else {
                Reach::Nothing
            })
        };
        Ok(Self {
            user: user.id.clone(),
            incoming: reach("manage-incoming-integrations", "manage-own-incoming-integrations")?,
            outgoing: reach("manage-outgoing-integrations", "manage-own-outgoing-integrations")?,
        })
    }

    /// How far they go for this kind.
    pub fn reach(&self, kind: Kind) -> Reach {
        match kind {
            Kind::Incoming => self.incoming,
            Kind::Outgoing => self.outgoing,
        }
    }

    /// Whether there are any.
    pub fn any(&self) -> bool {
        self.incoming.max(self.outgoing) > Reach::Nothing
    }

    /// Whether they hold for this integration.
    pub fn hold_for(&self, integration: &Integration) -> bool {
        match self.reach(Kind::of(integration)) {
            Reach::Nothing => false,
            Reach::Own => integration.created_by == self.user,
            Reach::All => true,
        }
    }
}
