//! From the scripts that run to all that they read.

use std::collections::VecDeque;

use super::Derivation;
use crate::diagnostic::{Diagnostic, Place};
use crate::fleet::Role;
use crate::tree::TreePath;

impl Derivation<'_> {
    /// Walks from the scripts that run to all that they read, and asks of each whether it can be followed.
    pub(super) fn follow_scripts(&mut self) {
        let mut queue: VecDeque<TreePath> = std::mem::take(&mut self.run)
            .into_iter()
            .map(|(path, _)| path)
            .collect();
        while let Some(path) = queue.pop_front() {
            if !self.followed.insert(path.clone()) {
                continue;
            }
            let script = self.shared.scripts.get(&self.view, &path);
            queue.extend(
                script
                    .reads
                    .iter()
                    .filter(|(_, role, _)| *role != Role::NamedBy)
                    .map(|(path, ..)| path.clone()),
            );
            self.findings.extend(script.findings.iter().cloned());
            for fault in &script.unresolved {
                self.unless_waived(fault.clone());
            }
            for (target, glob, span) in &script.on_image {
                let uploaded = self.uploaded(target);
                if uploaded.is_empty() && !glob {
                    self.not_uploaded(&path, target, *span);
                }
                queue.extend(uploaded);
            }
        }
    }

    /// The files that were uploaded to where a script looks for one: itself, or what a module is made of.
    pub(super) fn uploaded(&self, target: &str) -> Vec<TreePath> {
        let name = target.rsplit('/').next().unwrap_or_default();
        let places = [
            target.to_owned(),
            format!("{target}.psd1"),
            format!("{target}.psm1"),
            format!("{target}/{name}.psd1"),
            format!("{target}/{name}.psm1"),
        ];
        self.uploads
            .iter()
            .filter(|(destination, _)| places.iter().any(|place| same_path(destination, place)))
            .map(|(_, path)| path.clone())
            .collect()
    }

    /// A name that is nearly one of the files uploaded beside it is a mistake; others may be the machine's own.
    pub(super) fn not_uploaded(
        &mut self,
        script: &TreePath,
        target: &str,
        span: crate::diagnostic::Span,
    ) {
        let Some(folder) = target.rsplit_once('/').map(|(folder, _)| folder) else {
            return;
        };
        let beside = |destination: &str| {
            destination
                .rsplit_once('/')
                .is_some_and(|(parent, _)| same_path(parent, folder))
        };
        let names: Vec<&str> = self
            .uploads
            .iter()
            .filter(|(destination, _)| beside(destination))
            .filter_map(|(destination, _)| destination.rsplit('/').next())
            .collect();
        let name = target.rsplit('/').next().unwrap_or_default();
        if let Some(near) = crate::diagnostic::nearest(name, names.iter().copied()) {
            let place = Place {
                path: script.clone(),
                span,
            };
            let fault = Diagnostic::warning(
                "not-uploaded",
                format!("`{target}` is not among the files uploaded there"),
            )
            .at(place)
            .hint(format!("did you mean `{near}`?"));
            self.findings.push(fault);
        }
    }
}

/// Whether two paths of a machine are the same: Windows' are compared without case.
fn same_path(a: &str, b: &str) -> bool {
    let windows = |path: &str| path.as_bytes().get(1) == Some(&b':');
    if windows(a) && windows(b) {
        a.eq_ignore_ascii_case(b)
    } else {
        a == b
    }
}
