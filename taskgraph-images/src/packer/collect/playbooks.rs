//! Ansible playbooks, and what lies beside them.

use super::Collector;
use crate::diagnostic::Place;
use crate::packer::value::Value;
use crate::packer::{InputRole, TemplateInput};
use crate::tree::FileKind;

impl<'f> Collector<'f> {
    /// A playbook, and the folder it stands in: roles, variables and files are found relative to it.
    pub(super) fn playbook(&mut self, value: &Value, place: Place) {
        let Some((path, kind)) = self.existing(value, &place) else {
            return;
        };
        if kind != FileKind::File {
            return self.directory(&path, &place, InputRole::Configuration, |_| None);
        }
        let folder = path.parent();
        if !folder.is_root() {
            return self.directory(&folder, &place, InputRole::Configuration, |_| None);
        }
        self.inputs.push(TemplateInput::new(
            path,
            InputRole::Configuration,
            place.clone(),
        ));
        for name in [
            "roles",
            "group_vars",
            "host_vars",
            "library",
            "files",
            "templates",
            "vars",
            "tasks",
            "handlers",
            "module_utils",
        ] {
            let folder = folder.child(name);
            if self.files.kind(&folder) == Ok(FileKind::Directory) {
                self.directory(&folder, &place, InputRole::Configuration, |_| None);
            }
        }
    }
}
