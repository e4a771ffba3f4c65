//! Tokens put together to a tree: NOT binds closest, then terms side by side, then OR.

use super::error::QueryError;
use super::field::Asker;
use super::fold::fold;
use super::node::Node;
use super::term::Term;
use super::token::Token;
use super::{MOST_NESTED, MOST_TERMS};

pub(super) struct Parser<'a> {
    tokens: Vec<(usize, Token)>,
    next: usize,
    /// Where the text ends.
    end: usize,
    terms: usize,
    asker: Asker<'a>,
}

impl<'a> Parser<'a> {
    pub(super) fn new(tokens: Vec<(usize, Token)>, end: usize, asker: Asker<'a>) -> Self {
        Self { tokens, next: 0, end, terms: 0, asker }
    }

    pub(super) fn parse(mut self) -> Result<Node, QueryError> {
        if self.tokens.is_empty() {
            return Ok(Node::all(Vec::new()));
        }
        let node = self.any(0)?;
        if self.peek().is_some() {
            let text = "This ) closes nothing. Remove it, or put it in quotes to look for it: \")\".";
            return Err(QueryError::new(self.position(), text));
        }
        Ok(node)
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|(_, token)| token)
    }

    fn position(&self) -> usize {
        self.tokens.get(self.next).map_or(self.end, |(at, _)| *at)
    }

    fn take(&mut self, wanted: &Token) -> bool {
        let is_it = self.peek() == Some(wanted);
        self.next += usize::from(is_it);
        is_it
    }

    fn any(&mut self, depth: usize) -> Result<Node, QueryError> {
        let mut choices = vec![self.all(depth)?];
        while self.take(&Token::Or) {
            choices.push(self.all(depth)?);
        }
        Ok(Node::any(choices))
    }

    fn all(&mut self, depth: usize) -> Result<Node, QueryError> {
        let mut terms = vec![self.operand(depth)?];
        while self.take(&Token::And) || !matches!(self.peek(), None | Some(Token::Close | Token::Or)) {
            terms.push(self.operand(depth)?);
        }
        Ok(Node::all(terms))
    }

    fn operand(&mut self, depth: usize) -> Result<Node, QueryError> {
        let mut is_negated = false;
        while self.take(&Token::Not) {
            is_negated = !is_negated;
        }
        let node = self.atom(depth)?;
        Ok(if is_negated { node.negated() } else { node })
    }

    fn atom(&mut self, depth: usize) -> Result<Node, QueryError> {
        let at = self.position();
        let token = self.peek().cloned();
        self.next += 1;
        match token {
            Some(Token::Open) => self.group(at, depth + 1),
            Some(Token::Text(text)) if text.is_empty() => {
                let text = "There is nothing between these quotes. Write what to look for, or remove them.";
                Err(QueryError::new(at, text))
            }
            Some(Token::Text(text)) => {
                self.count(at, 1)?;
                Ok(Node::Term(Term::Text(fold(&text))))
            }
            Some(Token::Field(field)) => {
                let node = self.asker.ask(at, &field)?;
                // What stands for several terms is a group, too.
                let parts = if let Node::All(nodes) = &node { nodes.len() } else { 1 };
                check_depth(at, depth + usize::from(parts > 1))?;
                self.count(at, parts)?;
                Ok(node)
            }
            Some(Token::Close | Token::Or | Token::And | Token::Not) | None => {
                let text = "Something to look for is missing here. OR and AND stand between two terms, NOT \
                            and - before one, and parentheses around some; in quotes, they are looked for \
                            themselves.";
                Err(QueryError::new(at, text))
            }
        }
    }

    fn group(&mut self, at: usize, depth: usize) -> Result<Node, QueryError> {
        check_depth(at, depth)?;
        let node = self.any(depth)?;
        if self.take(&Token::Close) {
            return Ok(node);
        }
        let text = "This ( is never closed. Add a ), or put it in quotes to look for it: \"(\".";
        Err(QueryError::new(at, text))
    }

    fn count(&mut self, at: usize, terms: usize) -> Result<(), QueryError> {
        self.terms += terms;
        if self.terms <= MOST_TERMS {
            return Ok(());
        }
        let text = format!(
            "A query holds at most {MOST_TERMS} terms; on: counts as two. Leave some out, or ask in \
             several queries."
        );
        Err(QueryError::new(at, text))
    }
}

fn check_depth(at: usize, depth: usize) -> Result<(), QueryError> {
    if depth <= MOST_NESTED {
        return Ok(());
    }
    let text = format!("Parentheses stand within each other at most {MOST_NESTED} times. Remove some.");
    Err(QueryError::new(at, text))
}
