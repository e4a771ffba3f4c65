//! A query cut into the pieces it is made of: words, phrases, `key:value`, operators, parentheses.

use super::error::{Excerpt, QueryError};
use super::term::{ends_word, key_of};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Open,
    Close,
    Or,
    And,
    Not,
    Text(String),
    Field(Field),
}

/// `key:value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    /// As typed.
    pub(super) key: String,
    /// As typed, without its quotes.
    pub(super) value: String,
    /// Whether the value stood in quotes.
    pub(super) quoted: bool,
}

/// The pieces, each with the number of characters before it.
pub(super) fn tokens(chars: &[char]) -> Result<Vec<(usize, Token)>, QueryError> {
    let mut reader = Reader { chars, at: 0 };
    let mut tokens = Vec::new();
    while let Some(c) = reader.peek() {
        let start = reader.at;
        if c.is_whitespace() {
            reader.at += 1;
        } else {
            tokens.push((start, reader.token(c)?));
        }
    }
    Ok(tokens)
}

struct Reader<'a> {
    chars: &'a [char],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn token(&mut self, first: char) -> Result<Token, QueryError> {
        let sign = match first {
            '(' => Token::Open,
            ')' => Token::Close,
            '|' => Token::Or,
            '-' => Token::Not,
            '"' => return self.phrase().map(Token::Text),
            _ => return self.word(),
        };
        self.at += 1;
        if sign == Token::Not && self.peek().is_none_or(char::is_whitespace) {
            let text = "A - stands right before what it excludes, as in -from:alice. To look for the sign \
                        itself, put it in quotes: \"-\".";
            return Err(QueryError::new(self.at - 1, text));
        }
        Ok(sign)
    }

    fn word(&mut self) -> Result<Token, QueryError> {
        if let Some(key) = key_of(&self.chars[self.at..]) {
            let key: String = key.iter().collect();
            self.at += key.len() + 1;
            let quoted = self.peek() == Some('"');
            let value = if quoted { self.phrase()? } else { self.bare() };
            return Ok(Token::Field(Field { key, value, quoted }));
        }
        let word = self.bare();
        Ok(match word.as_str() {
            "OR" | "or" => Token::Or,
            "AND" => Token::And,
            "NOT" => Token::Not,
            _ => Token::Text(word),
        })
    }

    fn bare(&mut self) -> String {
        let word: String = self.chars[self.at..].iter().take_while(|c| !ends_word(**c)).collect();
        self.at += word.chars().count();
        word
    }

    /// What is between quotes, in which `\"` is a quote and `\\` a backslash.
    fn phrase(&mut self) -> Result<String, QueryError> {
        let start = self.at;
        let mut phrase = String::new();
        self.at += 1;
        while let Some(c) = self.peek() {
            self.at += 1;
            match (c, self.peek()) {
                ('"', _) => return Ok(phrase),
                ('\\', Some(next @ ('"' | '\\'))) => {
                    self.at += 1;
                    phrase.push(next);
                }
                _ => phrase.push(c),
            }
        }
        let text = format!(
            "The quote before {} is never closed. Put another \" at the end of the phrase; a quote inside \
             of it is written \\\".",
            Excerpt(&phrase)
        );
        Err(QueryError::new(start, text))
    }
}
