//! Variables of a Dockerfile: `ARG` and `ENV`, and the words that use them.

use std::collections::BTreeMap;

/// What is known of one variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Binding {
    /// It is declared, and nobody gives it a value.
    Unset,
    /// Its value.
    Known(String),
    /// It has a value that is not known, and why.
    Unknown(String),
}

/// What is known of the variables at one point of a stage.
#[derive(Debug, Clone, Default)]
pub(super) struct Variables {
    arguments: BTreeMap<String, Binding>,
    environment: BTreeMap<String, Binding>,
}

impl Variables {
    pub(super) fn set_argument(&mut self, name: &str, value: Binding) {
        self.arguments.insert(name.to_owned(), value);
    }

    pub(super) fn set_environment(&mut self, name: &str, value: Binding) {
        self.environment.insert(name.to_owned(), value);
    }

    /// The value of an argument, as far as it is declared and known.
    pub(super) fn argument(&self, name: &str) -> Option<&Binding> {
        self.arguments.get(name)
    }

    /// `ENV` wins over `ARG`. What neither sets may come from the base image, so it is not known.
    fn get(&self, name: &str) -> Option<&Binding> {
        self.environment
            .get(name)
            .or_else(|| self.arguments.get(name))
    }

    /// The value of a variable that is used as it is.
    fn value(&self, name: &str) -> Result<String, String> {
        match self.get(name) {
            Some(Binding::Known(value)) => Ok(value.clone()),
            Some(Binding::Unknown(reason)) => Err(reason.clone()),
            Some(Binding::Unset) => Err(format!("the build argument `{name}` is not given")),
            None => Err(format!("`${name}` is not set in the Dockerfile")),
        }
    }

    /// A word without its quotes, with its variables' values.
    ///
    /// # Errors
    /// Why it cannot be told.
    pub(super) fn expand(&self, word: &str) -> Result<String, String> {
        self.expand_within(word, 0)
    }

    fn expand_within(&self, word: &str, depth: u32) -> Result<String, String> {
        if depth > 8 {
            return Err("variables are nested too deeply".to_owned());
        }
        let mut expanded = String::new();
        let mut rest = word;
        let mut quote = None;
        while let Some(first) = rest.chars().next() {
            let after = &rest[first.len_utf8()..];
            match (first, quote) {
                ('\'' | '"', None) => quote = Some(first),
                (_, Some(open)) if open == first => quote = None,
                ('\\', None | Some('"')) => {
                    let escaped = after.chars().next().unwrap_or('\\');
                    // A wildcard that is taken literally stays so.
                    if "*?[\\".contains(escaped) || (quote.is_some() && !"\"$\\".contains(escaped))
                    {
                        expanded.push('\\');
                    }
                    expanded.push(escaped);
                    rest = after.get(escaped.len_utf8()..).unwrap_or_default();
                    continue;
                }
                ('$', None | Some('"')) => {
                    let (value, next) = self.variable(after, depth)?;
                    expanded.push_str(&value);
                    rest = next;
                    continue;
                }
                _ => expanded.push(first),
            }
            rest = after;
        }
        Ok(expanded)
    }

    /// The value of what follows a `$`, and the text after it.
    fn variable<'t>(&self, text: &'t str, depth: u32) -> Result<(String, &'t str), String> {
        let is_name = |character: char| character.is_ascii_alphanumeric() || character == '_';
        let Some(braced) = text.strip_prefix('{') else {
            let length = text
                .find(|character| !is_name(character))
                .unwrap_or(text.len());
            if length == 0 {
                return Ok(("$".to_owned(), text));
            }
            let name = &text[..length];
            return Ok((self.value(name)?, &text[length..]));
        };
        let mut open = 1;
        let end = braced
            .char_indices()
            .find(|(_, character)| {
                open += match character {
                    '{' => 1,
                    '}' => -1,
                    _ => 0,
                };
                open == 0
            })
            .map(|(at, _)| at)
            .ok_or_else(|| "`${` is not closed".to_owned())?;
        let (inner, rest) = (&braced[..end], &braced[end + 1..]);
        let length = inner
            .find(|character| !is_name(character))
            .unwrap_or(inner.len());
        let (name, operation) = inner.split_at(length);
        let default = operation.strip_prefix(":-");
        let alternative = operation.strip_prefix(":+");
        let result = match (self.get(name), default, alternative) {
            _ if operation.is_empty() => self.value(name),
            (_, None, None) => Err(format!("`${{{inner}}}` is not evaluated")),
            (Some(Binding::Known(value)), Some(_), _) if !value.is_empty() => Ok(value.clone()),
            (Some(Binding::Known(value)), _, Some(word)) if !value.is_empty() => {
                self.expand_within(word, depth + 1)
            }
            (Some(Binding::Known(_) | Binding::Unset), Some(word), _) => {
                self.expand_within(word, depth + 1)
            }
            (Some(Binding::Known(_) | Binding::Unset), _, Some(_)) => Ok(String::new()),
            // Not declared: the base image may set it.
            (Some(Binding::Unknown(_)) | None, ..) => self.value(name),
        };
        result.map(|value| (value, rest))
    }

    /// The `name=value` pairs of `ARG` and `ENV`, still quoted.
    pub(super) fn pairs(text: &str) -> Vec<(&str, Option<&str>)> {
        words(text)
            .into_iter()
            .map(|word| match word.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (word, None),
            })
            .collect()
    }

    /// The same for `ENV`, which may also be `ENV name value with blanks`.
    pub(super) fn environment_pairs(text: &str) -> Vec<(&str, Option<&str>)> {
        match text.trim().split_once(char::is_whitespace) {
            Some((name, value)) if !name.contains('=') => vec![(name, Some(value.trim()))],
            _ => Self::pairs(text),
        }
    }
}

/// The words of a text, quotes kept.
pub(super) fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut start = None;
    let mut quote = None;
    let mut escaped = false;
    for (at, character) in text.char_indices() {
        if escaped {
            escaped = false;
            continue;
        }
        match (character, quote) {
            ('\\', None | Some('"')) => {
                start.get_or_insert(at);
                escaped = true;
            }
            (_, Some(open)) => {
                if open == character {
                    quote = None;
                }
            }
            ('\'' | '"', None) => {
                start.get_or_insert(at);
                quote = Some(character);
            }
            (blank, None) if blank.is_whitespace() => {
                if let Some(start) = start.take() {
                    words.push(&text[start..at]);
                }
            }
            _ => {
                start.get_or_insert(at);
            }
        }
    }
    if let Some(start) = start {
        words.push(&text[start..]);
    }
    words
}
