//! Terms put together. Nodes are kept in one shape: no group of one, no group directly inside of
//! its like, nothing negated twice; so what means the same by grouping alone is equal.

use std::fmt;

use super::subject::Subject;
use super::term::{Term, is_room};
use crate::domain::{Room, Time};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    /// Each of them; with none, everything matches.
    All(Vec<Node>),
    /// At least one of them.
    Any(Vec<Node>),
    Not(Box<Node>),
    Term(Term),
}

impl Node {
    pub(super) fn all(nodes: Vec<Self>) -> Self {
        let inner = |node| if let Self::All(inner) = node { inner } else { vec![node] };
        one(nodes.into_iter().flat_map(inner).collect(), Self::All)
    }

    pub(super) fn any(nodes: Vec<Self>) -> Self {
        let inner = |node| if let Self::Any(inner) = node { inner } else { vec![node] };
        one(nodes.into_iter().flat_map(inner).collect(), Self::Any)
    }

    pub(super) fn negated(self) -> Self {
        if let Self::Not(node) = self { *node } else { Self::Not(Box::new(self)) }
    }

    pub(super) fn matches(&self, subject: &Subject<'_>) -> bool {
        match self {
            Self::All(nodes) => nodes.iter().all(|node| node.matches(subject)),
            Self::Any(nodes) => nodes.iter().any(|node| node.matches(subject)),
            Self::Not(node) => !node.matches(subject),
            Self::Term(term) => term.matches(subject),
        }
    }

    pub(super) fn window(&self) -> Window {
        match self {
            Self::All(nodes) => nodes.iter().map(Self::window).fold((None, None), |all, one| {
                let end = [all.1, one.1].into_iter().flatten().min();
                (all.0.max(one.0), end)
            }),
            Self::Any(nodes) => nodes.iter().map(Self::window).reduce(hull).unwrap_or_default(),
            Self::Term(Term::Since(time)) => (Some(*time), None),
            Self::Term(Term::Before(time)) => (None, Some(*time)),
            Self::Not(_) | Self::Term(_) => (None, None),
        }
    }

    /// Whether this can be true, and whether it can be false, of a message of this room.
    pub(super) fn in_room(&self, room: &Room) -> (bool, bool) {
        let parts = |nodes: &[Self]| nodes.iter().map(|node| node.in_room(room)).collect::<Vec<_>>();
        match self {
            Self::All(nodes) => {
                let parts = parts(nodes);
                (parts.iter().all(|part| part.0), parts.iter().any(|part| part.1))
            }
            Self::Any(nodes) => {
                let parts = parts(nodes);
                (parts.iter().any(|part| part.0), parts.iter().all(|part| part.1))
            }
            Self::Not(node) => {
                let (can_be_true, can_be_false) = node.in_room(room);
                (can_be_false, can_be_true)
            }
            Self::Term(Term::In(name)) => {
                let is_it = is_room(name, room);
                (is_it, !is_it)
            }
            Self::Term(_) => (true, true),
        }
    }
}

/// The first instant and the one after the last; `None`: without bound.
pub(super) type Window = (Option<Time>, Option<Time>);

/// The smallest window around both.
fn hull(one: Window, other: Window) -> Window {
    (
        one.0.zip(other.0).map(|(one, other)| one.min(other)),
        one.1.zip(other.1).map(|(one, other)| one.max(other)),
    )
}

fn one(mut nodes: Vec<Node>, group: fn(Vec<Node>) -> Node) -> Node {
    match nodes.pop() {
        Some(only) if nodes.is_empty() => only,
        Some(last) => {
            nodes.push(last);
            group(nodes)
        }
        None => group(nodes),
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All(nodes) => joined(f, nodes, " "),
            Self::Any(nodes) => joined(f, nodes, " OR "),
            Self::Not(node) => {
                f.write_str("-")?;
                grouped(f, node, matches!(**node, Self::All(_) | Self::Any(_)))
            }
            Self::Term(term) => term.fmt(f),
        }
    }
}

fn joined(f: &mut fmt::Formatter<'_>, nodes: &[Node], between: &str) -> fmt::Result {
    for (index, node) in nodes.iter().enumerate() {
        f.write_str(if index == 0 { "" } else { between })?;
        // Terms side by side bind closer than OR.
        grouped(f, node, matches!(node, Node::Any(_)))?;
    }
    Ok(())
}

fn grouped(f: &mut fmt::Formatter<'_>, node: &Node, in_parentheses: bool) -> fmt::Result {
    if in_parentheses { write!(f, "({node})") } else { write!(f, "{node}") }
}
