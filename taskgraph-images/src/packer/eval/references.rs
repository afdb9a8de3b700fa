//! What a reference to a variable, a local or a data source comes to. Each is evaluated once.

use super::{Eval, Evaluator, Slot};
use crate::diagnostic::Diagnostic;
use crate::packer::value::Value;
use crate::packer::variables;

impl<'t> Evaluator<'t> {
    pub(super) fn variable(&mut self, at: u32) -> Eval<Value> {
        let index = at as usize;
        if let Slot::Done(value) = &self.variables[index] {
            return value.clone();
        }
        let value = variables::default(self, &self.declarations.variables[index]);
        self.variables[index] = Slot::Done(value.clone());
        value
    }

    pub(super) fn local(&mut self, at: u32) -> Eval<Value> {
        let index = at as usize;
        match &self.locals[index] {
            Slot::Done(value) => return value.clone(),
            Slot::Running => return Err(self.cycle(at)),
            Slot::Waiting => {}
        }
        self.locals[index] = Slot::Running;
        self.stack.push(at);
        let declarations = self.declarations;
        let value = self.eval(&declarations.locals[index].value, None);
        self.stack.pop();
        // A fault of the cycle's last member is a fault of all its members: it is told once.
        self.locals[index] = Slot::Done(value.clone());
        value
    }

    fn cycle(&self, at: u32) -> Box<Diagnostic> {
        let start = self.stack.iter().position(|on| *on == at).unwrap_or(0);
        let members: Vec<_> = self.stack[start..]
            .iter()
            .map(|on| &self.declarations.locals[*on as usize])
            .collect();
        let mut path: Vec<&str> = members.iter().map(|local| &*local.name).collect();
        path.extend(path.first().copied());
        let mut diagnostic = Diagnostic::error(
            "locals-cycle",
            format!("locals refer to one another: `{}`", path.join("` → `")),
        );
        if let Some(first) = members.first() {
            diagnostic = diagnostic.at(self.place(first.value.file, first.value.span));
        }
        for local in members.iter().skip(1) {
            let place = self.place(local.value.file, local.value.span);
            diagnostic = diagnostic.note(place, format!("`{}` is defined here", local.name));
        }
        Box::new(diagnostic)
    }

    /// A data source: its configuration is evaluated once, its answers are unknown.
    pub(super) fn data(&mut self, at: u32) -> Eval<Value> {
        let index = at as usize;
        let declarations = self.declarations;
        let data = &declarations.data[index];
        match &self.data[index] {
            Slot::Done(_) => {}
            Slot::Running => {
                return Err(Box::new(
                    Diagnostic::error(
                        "data-cycle",
                        format!("the data source `{}` refers to itself", data.name),
                    )
                    .at(self.place(data.block.file, data.block.span)),
                ));
            }
            Slot::Waiting => {
                self.data[index] = Slot::Running;
                let resolved = self.resolve(&data.block.body, None, &[]);
                self.data[index] = Slot::Done(Ok(Value::Null));
                self.asked.push((&data.block, resolved));
            }
        }
        Ok(Value::unknown(format!("data.{}", data.name), Vec::new()))
    }
}
