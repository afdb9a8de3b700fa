//! [`Environment`]: the variables and the working directory at one point of a script.

use std::collections::BTreeMap;

use super::value::{Piece, Value};
use super::values::Values;

/// What is known at one point of a script, in the order in which it is read.
///
/// An assignment that is certain to run replaces the values of the variable, one that may run adds to them. A
/// function's body is run later than it is read, so there a variable may also have the values it ends with.
#[derive(Debug, Clone)]
pub(super) struct Environment {
    variables: BTreeMap<String, Values>,
    folders: Values,
    stack: Vec<Values>,
    /// The environment at the end of the script, from an earlier reading of it.
    end: Option<Box<Self>>,
    /// Every working directory that code outside of functions was in.
    visited: Values,
    /// How many constructs that may not run surround this point.
    pub(super) conditions: u32,
    /// How many function bodies surround this point.
    pub(super) functions: u32,
    /// How many of the conditions surround the subshell or function that the working directory belongs to.
    base: u32,
}

impl Environment {
    /// What is known at the start of a script, given how an earlier reading of it ended.
    pub(super) fn new(end: Option<Self>) -> Self {
        let start = Values::one(Value::piece(Piece::StartFolder));
        Self {
            variables: BTreeMap::new(),
            folders: start.clone(),
            stack: Vec::new(),
            end: end.map(Box::new),
            visited: start,
            conditions: 0,
            functions: 0,
            base: 0,
        }
    }

    /// The values of a variable; nothing if the script assigns none.
    pub(super) fn get(&self, name: &str) -> Option<Values> {
        let here = self.variables.get(name);
        if self.functions == 0 {
            return here.cloned();
        }
        match (
            here,
            self.end.as_ref().and_then(|end| end.variables.get(name)),
        ) {
            (Some(here), Some(end)) => {
                let mut all = here.clone();
                all.extend(end);
                Some(all)
            }
            (here, end) => here.or(end).cloned(),
        }
    }

    /// Assigns a variable.
    pub(super) fn set(&mut self, name: &str, values: Values) {
        if self.conditions == 0 && self.functions == 0 {
            self.variables.insert(name.to_owned(), values);
        } else {
            self.add(name, &values);
        }
    }

    /// Assigns a variable whatever surrounds it: the variable of a loop, a function's own variable.
    pub(super) fn replace(&mut self, name: &str, values: Values) {
        self.variables.insert(name.to_owned(), values);
    }

    /// Gives a variable more values.
    pub(super) fn add(&mut self, name: &str, values: &Values) {
        self.variables
            .entry(name.to_owned())
            .or_default()
            .extend(values);
    }

    /// The working directories that the script may be in.
    pub(super) fn folders(&self) -> Values {
        if self.functions == 0 {
            return self.folders.clone();
        }
        let mut all = self.folders.clone();
        if let Some(end) = &self.end {
            all.extend(&end.visited);
        }
        all
    }

    /// Changes the working directory.
    pub(super) fn enter(&mut self, folder: &Values) {
        let folders = self.resolve(folder);
        if self.conditions == self.base {
            self.folders = folders;
        } else {
            self.folders.extend(&folders);
        }
        if self.functions == 0 {
            let folders = self.folders.clone();
            self.visited.extend(&folders);
        }
    }

    /// Paths as seen from the working directories.
    pub(super) fn resolve(&self, paths: &Values) -> Values {
        let mut all = self.folders.clone();
        all.cross(paths, |folder, path| folder.join(path).canonical());
        all
    }

    /// Changes the working directory and remembers the old one.
    pub(super) fn push_folder(&mut self, folder: &Values) {
        self.stack.push(self.folders.clone());
        self.enter(folder);
    }

    /// Goes back to the working directory remembered last.
    pub(super) fn pop_folder(&mut self) {
        self.folders = self
            .stack
            .pop()
            .unwrap_or_else(|| Values::one(Value::piece(Piece::StartFolder)));
    }

    /// Enters a construct that may not run and that has its own working directory: a subshell, a function.
    pub(super) fn open(&mut self) -> Outer {
        self.conditions += 1;
        let outer = Outer {
            folders: self.folders.clone(),
            base: self.base,
        };
        self.base = self.conditions;
        outer
    }

    /// Leaves a construct whose working directory stays its own.
    pub(super) fn close(&mut self, outer: Outer) {
        self.conditions -= 1;
        self.base = outer.base;
        self.folders = outer.folders;
    }

    /// Leaves a function's body: whoever calls it may be where it leads to.
    pub(super) fn close_function(&mut self, outer: Outer) {
        let inner = self.folders.clone();
        self.close(outer);
        self.folders.extend(&inner);
    }
}

/// What [`Environment::close`] puts back.
#[derive(Debug)]
pub(super) struct Outer {
    folders: Values,
    base: u32,
}
