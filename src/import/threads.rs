//! What the beginning of a thread says of its replies.

use std::ops::ControlFlow;

use crate::domain::message::Replies;
use crate::domain::{Message, MessageId, Time, UserRef};
use crate::store::schema::Reply;
use crate::store::{Batch, Direction, Error, Result, Span};

/// Followers kept of a thread, at most.
const MOST_FOLLOWERS: usize = 1000;

/// Brings what the beginning of a thread says about its replies up to what there is, unless it came
/// with figures of its own that cover them.
pub(super) fn gather(batch: &mut Batch<'_>, thread: &MessageId, replies: &[Message]) -> Result<()> {
    // Most messages begin no thread: one look at the index tells.
    let span = || Span::of(&(thread.clone(),));
    let total = batch.store().count::<Reply>(span(), u64::MAX)? + replies.len() as u64;
    if total == 0 {
        return Ok(());
    }
    let Some(mut parent) = batch.message(thread)? else { return Ok(()) };
    let mut gathered = parent.replies.clone().unwrap_or_default();
    if gathered.count >= total {
        return Ok(());
    }
    let first = gathered.count == 0;
    gathered.count = total;
    let include = |replies: &mut Replies, author: &UserRef, at: Time| {
        replies.last = replies.last.max(Some(at));
        if replies.followers.len() < MOST_FOLLOWERS && !replies.followers.contains(&author.id) {
            replies.followers.push(author.id.clone());
        }
    };
    if first {
        gathered.followers.push(parent.author.id.clone());
        batch.store().walk::<Reply, Error>(span(), Direction::Ascending, |(_, _, id), _| {
            if let Some(reply) = batch.message(&id)? {
                include(&mut gathered, &reply.author, reply.sent_at);
            }
            Ok(ControlFlow::Continue(()))
        })?;
    }
    for reply in replies {
        include(&mut gathered, &reply.author, reply.sent_at);
    }
    parent.replies = Some(gathered);
    batch.put_message(&parent)
}
