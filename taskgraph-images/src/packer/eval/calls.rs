//! Calls of functions, where arguments may be unknown or (of `try` and `can`) fail.

use super::{Eval, Evaluator, Scope};
use crate::diagnostic::Diagnostic;
use crate::packer::Unresolved;
use crate::packer::expr::{Call, Node};
use crate::packer::paths;
use crate::packer::value::Value;

impl<'t> Evaluator<'t> {
    pub(super) fn call(
        &mut self,
        node: &Node,
        call: &Call,
        scope: Option<&Scope<'_>>,
    ) -> Eval<Value> {
        if matches!(&*call.name, "try" | "can") {
            return self.attempt(node, call, scope);
        }
        let mut arguments = self.eval_all(&call.arguments, scope)?;
        if call.expand
            && let Some(last) = arguments.pop()
        {
            match last {
                Value::List(list) => arguments.extend(list.items.iter().cloned()),
                Value::Unknown(_) => {
                    arguments.push(last);
                    return Ok(Value::unknown(format!("{}(...)", call.name), arguments));
                }
                other => {
                    return Err(self.error(
                        node,
                        "wrong-type",
                        format!("expected a list before `...`, found {}", other.kind()),
                    ));
                }
            }
        }
        let Some(function) = call.function else {
            return Ok(Value::unknown(format!("{}()", call.name), arguments));
        };
        let unknown = if function.deep {
            arguments.iter().any(Value::is_unknown)
        } else {
            arguments.iter().any(Value::has_unknown)
        };
        if unknown {
            if let Some(path) = arguments.first()
                && matches!(
                    &*call.name,
                    "file" | "filebase64" | "fileset" | "templatefile"
                )
                && path.has_unknown()
            {
                let diagnostic = Diagnostic::error(
                    "unresolved-path",
                    format!(
                        "which file `{}` reads is known only when Packer runs",
                        call.name
                    ),
                )
                .at(self.place(node.file, node.span));
                let within = paths::known_folder(self.root, path);
                self.unresolved.push(Unresolved { diagnostic, within });
            }
            return Ok(Value::unknown(format!("{}()", call.name), arguments));
        }
        let size = arguments.iter().map(Value::size).sum();
        self.charge(node, size)?;
        let value = (function.run)(self, node, &arguments).map_err(|fault| {
            let message = format!("`{}`: {}", call.name, fault.message);
            let mut diagnostic = self.error(node, fault.code, message);
            diagnostic.hint = fault.hint;
            diagnostic
        })?;
        self.charge(node, value.size())?;
        Ok(value)
    }

    /// `try` and `can`, whose arguments may fail.
    fn attempt(&mut self, node: &Node, call: &Call, scope: Option<&Scope<'_>>) -> Eval<Value> {
        let can = &*call.name == "can";
        let mut unknown = Vec::new();
        for argument in &call.arguments {
            match self.eval(argument, scope) {
                Ok(value) if value.has_unknown() => unknown.push(value),
                Ok(value) if unknown.is_empty() => {
                    return Ok(if can { Value::Bool(true) } else { value });
                }
                Ok(value) => {
                    unknown.push(value);
                    break;
                }
                Err(_) => {}
            }
        }
        if !unknown.is_empty() {
            return Ok(Value::unknown(format!("{}()", call.name), unknown));
        }
        if can {
            return Ok(Value::Bool(false));
        }
        Err(self.error(
            node,
            "wrong-type",
            "`try`: none of the arguments has a value",
        ))
    }
}
