//! Ids as types, so that a text is never taken for an id.

use rand::Rng;
use serde::{Deserialize, Serialize};

/// The 55 characters of a Meteor id: none can be mistaken for another.
const UNMISTAKABLE: &[u8] = b"23456789ABCDEFGHJKLMNPQRSTWXYZabcdefghijkmnopqrstuvwxyz";
/// Ids chosen by clients or importers may be longer than ours, but not endless.
pub const LONGEST_ID: usize = 128;

/// 17 random unmistakable characters, as Rocket.Chat's ids are.
pub fn random_id() -> String {
    random_text(17)
}

/// `length` random unmistakable characters, from a cryptographic generator.
pub fn random_text(length: usize) -> String {
    let mut rng = rand::rng();
    (0..length).map(|_| char::from(UNMISTAKABLE[rng.random_range(0..UNMISTAKABLE.len())])).collect()
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(String);

        impl $name {
            /// A new random id.
            pub fn random() -> Self {
                Self(random_id())
            }

            /// An id that exists already or that a client chose.
            pub fn new(id: impl Into<String>) -> Self {
                Self(id.into())
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(
    /// A user's id.
    UserId
);
id!(
    /// A room's id. Of a direct message between two: their user ids, sorted and joined.
    RoomId
);
id!(
    /// A message's id. Clients may choose it.
    MessageId
);
id!(
    /// An uploaded file's id.
    UploadId
);
id!(
    /// An export job's id.
    JobId
);
id!(
    /// An integration's id.
    IntegrationId
);
id!(
    /// A team's id.
    TeamId
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_seventeen_unmistakable_characters_and_differ() {
        let (one, other) = (random_id(), random_id());
        assert_ne!(one, other);
        assert!(one.len() == 17 && one.bytes().all(|byte| UNMISTAKABLE.contains(&byte)), "{one}");
    }
}
