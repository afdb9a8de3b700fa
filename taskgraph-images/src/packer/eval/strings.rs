//! Strings with interpolations and directives in them.

use super::iteration::{item_of, with_item};
use super::{Eval, Evaluator, Scope};
use crate::packer::expr::{Node, Part};
use crate::packer::value::{MAX_SIZE, Value};

/// Text with unknown pieces in it.
#[derive(Default)]
struct Pieces {
    done: Vec<Value>,
    text: String,
    unknown: bool,
}

impl Pieces {
    fn unknown(&mut self, value: Value) {
        self.unknown = true;
        if !self.text.is_empty() {
            self.done
                .push(Value::string(std::mem::take(&mut self.text)));
        }
        self.done.push(value);
    }

    fn finish(mut self) -> Value {
        if !self.unknown {
            return Value::string(self.text);
        }
        if !self.text.is_empty() {
            self.done.push(Value::string(self.text));
        }
        Value::unknown("text", self.done)
    }
}

impl<'t> Evaluator<'t> {
    pub(super) fn template(
        &mut self,
        node: &Node,
        parts: &[Part],
        scope: Option<&Scope<'_>>,
    ) -> Eval<Value> {
        let mut pieces = Pieces::default();
        self.append(node, parts, scope, &mut pieces)?;
        Ok(pieces.finish())
    }

    fn append(
        &mut self,
        node: &Node,
        parts: &[Part],
        scope: Option<&Scope<'_>>,
        pieces: &mut Pieces,
    ) -> Eval<()> {
        for part in parts {
            match part {
                Part::Text(text) => {
                    self.charge(node, text.len())?;
                    pieces.text.push_str(text);
                }
                Part::Value(inner) => {
                    let value = self.eval(inner, scope)?;
                    self.charge(inner, value.size())?;
                    if value.is_unknown() {
                        pieces.unknown(value);
                    } else if let Some(text) = value.as_text() {
                        pieces.text.push_str(&text);
                    } else {
                        return Err(self.error(
                            inner,
                            "wrong-type",
                            format!("{} cannot be part of a string", value.kind()),
                        ));
                    }
                }
                Part::If {
                    condition,
                    then,
                    otherwise,
                } => {
                    let value = self.eval(condition, scope)?;
                    if value.is_unknown() {
                        let then = self.template(node, then, scope)?;
                        let otherwise = self.template(node, otherwise, scope)?;
                        pieces.unknown(Value::unknown("if", vec![value, then, otherwise]));
                    } else {
                        let chosen = self.truth(condition, &value)?;
                        let chosen = if chosen { then } else { otherwise };
                        self.append(node, chosen, scope, pieces)?;
                    }
                }
                Part::For {
                    key_name,
                    value_name,
                    collection,
                    body,
                } => {
                    let items = self.eval(collection, scope)?;
                    match self.items(collection, &items)? {
                        Some(items) => {
                            for (key, value) in items {
                                with_item(key_name, value_name, &key, &value, scope, |scope| {
                                    self.append(node, body, Some(scope), pieces)
                                })?;
                                if pieces.text.len() > MAX_SIZE {
                                    return Err(self.error(
                                        node,
                                        "template-too-large",
                                        "the value grows too large when it is evaluated",
                                    ));
                                }
                            }
                        }
                        None => {
                            let (key, value) = item_of(&items);
                            let body =
                                with_item(key_name, value_name, &key, &value, scope, |scope| {
                                    self.template(node, body, Some(scope))
                                })?;
                            pieces.unknown(Value::unknown("for", vec![items, body]));
                        }
                    }
                }
            }
        }
        Ok(())
    }
}
