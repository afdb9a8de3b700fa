//! [`Pattern`]: Docker's own wildcards, in ignore files and as sources of `COPY`.
//!
//! They differ from the globs of definitions: no braces, and `**` also works next to other characters, where it
//! means whole components or nothing (`**x` is `x` in any folder).

/// A pattern, relative to the build context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern(Vec<Token>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Literal(char),
    /// `?`: a character that is no slash.
    One,
    /// `*`: characters that are no slashes.
    Many,
    /// `**` at the end: anything.
    Rest,
    /// `**` elsewhere: components with their slashes, or nothing. The token after it holds the components.
    Folders,
    /// The inside of the components that [`Token::Folders`] begins.
    Inside,
    /// `[a-z]`, `[^a-z]`.
    Class(bool, Vec<(char, char)>),
}

impl Pattern {
    /// Reads a pattern that is a clean path without a leading slash; nothing if a bracket does not close.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut tokens = Vec::new();
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            let token = match character {
                '*' if characters.next_if_eq(&'*').is_some() => {
                    characters.next_if_eq(&'/');
                    match characters.peek() {
                        None => Token::Rest,
                        Some(_) => Token::Folders,
                    }
                }
                '*' => Token::Many,
                '?' => Token::One,
                '\\' => Token::Literal(characters.next()?),
                '[' => {
                    let negated = characters.next_if_eq(&'^').is_some();
                    let mut ranges = Vec::new();
                    loop {
                        let first = match characters.next()? {
                            ']' if !ranges.is_empty() => break,
                            '\\' => characters.next()?,
                            other => other,
                        };
                        let last = match characters.next_if_eq(&'-') {
                            None => first,
                            Some(_) => match characters.next()? {
                                // A dash at the end stands for itself.
                                ']' => {
                                    ranges.extend([(first, first), ('-', '-')]);
                                    break;
                                }
                                '\\' => characters.next()?,
                                other => other,
                            },
                        };
                        ranges.push((first, last));
                    }
                    Token::Class(negated, ranges)
                }
                other => Token::Literal(other),
            };
            let is_folders = token == Token::Folders;
            tokens.push(token);
            if is_folders {
                tokens.push(Token::Inside);
            }
        }
        Some(Self(tokens))
    }

    /// Whether it matches a path or a folder that holds it.
    pub(super) fn matches_within(&self, path: &str) -> bool {
        // All states at once, so that no pattern takes more than its length times the path's.
        let mut states = vec![false; self.0.len() + 1];
        states[0] = true;
        self.close(&mut states);
        for (at, character) in path.char_indices() {
            if character == '/' && at > 0 && states[self.0.len()] {
                return true;
            }
            let mut next = vec![false; self.0.len() + 1];
            for (state, token) in self
                .0
                .iter()
                .enumerate()
                .filter(|(state, _)| states[*state])
            {
                match token {
                    Token::Literal(expected) => next[state + 1] |= *expected == character,
                    Token::One => next[state + 1] |= character != '/',
                    Token::Many => next[state] |= character != '/',
                    Token::Rest => next[state] = true,
                    Token::Folders => {}
                    Token::Inside => {
                        next[state] = true;
                        next[state + 1] |= character == '/';
                    }
                    Token::Class(negated, ranges) => {
                        let is_in = ranges
                            .iter()
                            .any(|(first, last)| (*first..=*last).contains(&character));
                        next[state + 1] |= is_in != *negated;
                    }
                }
            }
            states = next;
            self.close(&mut states);
        }
        states[self.0.len()]
    }

    /// Adds the states that are reached without a character.
    fn close(&self, states: &mut [bool]) {
        for (state, token) in self.0.iter().enumerate() {
            if states[state] {
                match token {
                    Token::Many | Token::Rest => states[state + 1] = true,
                    Token::Folders => {
                        states[state + 1] = true;
                        states[state + 2] = true;
                    }
                    _ => {}
                }
            }
        }
    }
}
