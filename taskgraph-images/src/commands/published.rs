//! What is published, as the commands that move, keep or delete images need it.

use std::path::PathBuf;

use taskgraph_images::comparison::Head;
use taskgraph_images::inventory::{Inventory, Origin, Published, Realm};
use taskgraph_images::manifest::Packages;
use taskgraph_images::output::text::count;
use taskgraph_images::taskcluster::{Client, Queue as _};

use super::Global;
use super::decision::connect;
use super::project::{self, Project};
use crate::exit::Failure;
use crate::printer::Printer;

/// Where the manifests of published images are.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Published images")]
pub(crate) struct Args {
    /// A folder of manifests; the index of Taskcluster, if absent
    #[arg(long, value_name = "DIR")]
    manifests: Option<PathBuf>,
}

/// What is published, and where more of it can be had.
pub(super) struct Shelf {
    pub(super) inventory: Inventory,
    client: Option<Client>,
}

impl Args {
    /// Whether there is anywhere to look.
    pub(super) fn is_named(&self) -> bool {
        let is_set = |name: &str| std::env::var(name).is_ok_and(|value| !value.is_empty());
        self.manifests.is_some()
            || is_set("TASKCLUSTER_ROOT_URL")
            || is_set("TASKCLUSTER_PROXY_URL")
    }

    /// Reads what is published. What looks like a manifest and is not believed is told.
    pub(super) fn read(&self, global: &Global, printer: &mut Printer) -> Result<Shelf, Failure> {
        let now = super::report_time();
        let shelf = match &self.manifests {
            Some(folder) => Shelf {
                inventory: Inventory::of_folder(folder, now).map_err(|(path, error)| {
                    Failure::Files(format!("`{}`: {error}", path.display()))
                })?,
                client: None,
            },
            None => {
                let client = connect(false)?.ok_or_else(|| {
                    Failure::Usage(
                        "nothing says where manifests of published images are".to_owned(),
                        Some(
                            "set `TASKCLUSTER_ROOT_URL`, or name a folder with `--manifests`"
                                .to_owned(),
                        ),
                    )
                })?;
                let project = Project::open(global)?;
                let snapshot = project.snapshot_quietly(&Head::WorkTree)?;
                let config = &project::settings(&snapshot)?.project;
                let realm = Realm::of(config).map_err(Failure::Files)?;
                let inventory = Inventory::of_index(&client, &client, &realm, now)
                    .map_err(Failure::Taskcluster)?;
                Shelf {
                    inventory,
                    client: Some(client),
                }
            }
        };
        for refused in &shelf.inventory.refused {
            printer.note(&format!(
                "{} is not believed: {}",
                refused.origin, refused.why
            ));
        }
        let inventory = &shelf.inventory;
        printer.note(&format!(
            "{} published of {}",
            count(inventory.published().len(), "image"),
            count(inventory.images().len(), "definition")
        ));
        Ok(shelf)
    }
}

impl Shelf {
    /// What is on a published image, if its SBOM can be had.
    pub(super) fn packages(&self, published: &Published) -> Option<Packages> {
        let sbom = published.manifest.sbom.as_ref()?;
        let content = match (&published.origin, &self.client) {
            (Origin::File(path), _) => std::fs::read(path.parent()?.join(&sbom.name)).ok()?,
            (Origin::Task { id, .. }, Some(client)) => client
                .artifact(id, &format!("public/manifest/{}", sbom.name))
                .ok()??,
            (Origin::Task { .. }, None) => return None,
        };
        // Another file than the manifest's says nothing of this image.
        (super::worker::sha256(&content) == sbom.sha256).then(|| Packages::read(&content).ok())?
    }
}
