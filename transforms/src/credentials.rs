//! Which tasks need credentials, and so have no place in a run whose code a stranger chose.
//!
//! This looks at definitions, before anything is rendered. The rule `untrusted-credentials` of [`crate::verify`] looks at
//! what was rendered, and does not lean on this.

use std::collections::BTreeMap;

use crate::definition::{
    BuilderKind, Cloud, ImageDefinition, ImageId, Kind, Label, ProjectConfig, VerifyTask,
};

impl Cloud {
    /// Whether making an image there takes somebody's account, with credentials from a secret or of the worker itself.
    pub const fn has_accounts(self) -> bool {
        match self {
            Self::Google | Self::Aws | Self::Azure => true,
            Self::Qemu | Self::Container => false,
        }
    }
}

/// The tasks that need credentials, and those that need such tasks, each with its image.
///
/// A build needs credentials if it reads secrets, if its image is made in a cloud, or if it is root on its worker; a verify
/// task if it reads secrets or creates tasks.
/// Publish tasks always do: they exist at level 3 only, and are no matter here.
pub fn withheld<'a>(
    images: impl IntoIterator<Item = &'a ImageDefinition>,
) -> BTreeMap<Label, ImageId> {
    let images: BTreeMap<&ImageId, &ImageDefinition> =
        images.into_iter().map(|image| (&image.id, image)).collect();
    let mut children: BTreeMap<&ImageId, Vec<&ImageId>> = BTreeMap::new();
    for (id, image) in &images {
        if let Some(parent) = &image.parent {
            children.entry(parent).or_default().push(id);
        }
    }
    let mut withheld = BTreeMap::new();
    let mut queue: Vec<&ImageId> = images
        .iter()
        .filter(|(id, image)| {
            id.cloud.has_accounts()
                || !image.build.secrets.is_empty()
                // It is root on its worker.
                || image.builder.kind() == BuilderKind::Task
        })
        .map(|(id, _)| *id)
        .collect();
    // Whoever is built on what is not built is not built, either. Parents may be a circle here: that is found later.
    while let Some(id) = queue.pop() {
        if withheld.insert(id.label(Kind::Build), id.clone()).is_none() {
            queue.extend(children.get(id).into_iter().flatten());
        }
    }
    for (id, image) in images {
        let needs = |verify: &VerifyTask| !verify.secrets.is_empty() || verify.replicate.is_some();
        if withheld.contains_key(&id.label(Kind::Build)) || image.verify.as_ref().is_some_and(needs)
        {
            withheld.insert(id.label(Kind::Verify), id.clone());
        }
    }
    withheld
}

/// Whether an image has a validate task in the place of its build: Packer makes it, and the settings say where to look
/// at its template.
pub(crate) fn validates(
    image: &ImageDefinition,
    config: &ProjectConfig,
    withheld: &BTreeMap<Label, ImageId>,
) -> bool {
    config.validate.is_some()
        && image.builder.kind() == BuilderKind::Packer
        && withheld.contains_key(&image.id.label(Kind::Build))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::SecretName;
    use crate::testing;

    fn labels(images: &[ImageDefinition]) -> Vec<String> {
        withheld(images).keys().map(ToString::to_string).collect()
    }

    fn qemu(name: &str) -> ImageDefinition {
        let mut image = testing::image(name, "linux-builder");
        image.id.cloud = Cloud::Qemu;
        image.build.secrets.clear();
        image.builder = testing::image(name, "containers").builder;
        image
    }

    #[test]
    fn secrets_and_clouds_and_what_is_built_on_them() {
        assert_eq!(labels(&[qemu("plain")]), [""; 0]);
        let mut root = qemu("root");
        root.builder = crate::definition::Builder::Task {};
        assert_eq!(labels(&[root]), ["build-root-qemu", "verify-root-qemu"]);
        let mut cloud = testing::image("cloud", "linux-builder");
        cloud.build.secrets.clear();
        cloud.verify = None;
        assert_eq!(
            labels(&[cloud]),
            ["build-cloud-google", "verify-cloud-google"]
        );
        let mut base = qemu("base");
        base.build.secrets = vec![SecretName::new("x").unwrap()];
        let mut child = qemu("child");
        child.parent = Some(base.id.clone());
        let mut checked = qemu("checked");
        checked.verify.as_mut().unwrap().secrets = vec![SecretName::new("x").unwrap()];
        let mut replicated = qemu("replicated");
        replicated.verify.as_mut().unwrap().replicate = Some(testing::replicate());
        assert_eq!(labels(&[replicated]), ["verify-replicated-qemu"]);
        assert_eq!(
            labels(&[child, checked, base]),
            [
                "build-base-qemu",
                "build-child-qemu",
                "verify-base-qemu",
                "verify-checked-qemu",
                "verify-child-qemu"
            ]
        );
    }

    #[test]
    fn a_circle_of_parents_ends() {
        let (mut one, mut two) = (qemu("one"), testing::image("two", "linux-builder"));
        one.parent = Some(two.id.clone());
        two.parent = Some(one.id.clone());
        assert_eq!(labels(&[one, two]).len(), 4);
    }
}
