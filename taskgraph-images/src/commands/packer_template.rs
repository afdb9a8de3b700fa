//! `packer-template`: the Packer template that a definition stands for.

use taskgraph_images::comparison::Snapshot;
use taskgraph_images::diagnostic::nearest;
use taskgraph_images::output::{self, template};
use taskgraph_images::transforms::ImageId;

use super::Global;
use super::images::state;
use super::packer::build_values;
use super::project::{self, Project};
use crate::exit::Failure;
use crate::printer::Printer;

/// Print the Packer template of an image whose definition stands for one; of others, the template, source and variables
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The image: `name`, `name@cloud`, or what its repository calls it
    #[arg(value_name = "IMAGE")]
    image: String,
    /// The revision to read; by default the work tree, or `HEAD` of a bare repository
    #[arg(long, value_name = "REV", env = "TASKGRAPH_IMAGES_HEAD_REV")]
    head: Option<String>,
}

pub(super) fn run(args: Args, global: &Global, printer: &mut Printer) -> Result<(), Failure> {
    let project = Project::open(global)?;
    let head = state(args.head.as_deref(), &project);
    let snapshot = project.partial(&head, printer)?;
    let named = named(&snapshot, &args.image);
    let id = match &*named {
        [id] => *id,
        [] => return Err(unknown(&snapshot, &args.image)),
        several => {
            let ids: Vec<String> = several.iter().map(|id| format!("`{id}`")).collect();
            return Err(Failure::Usage(
                format!("`{}` may mean {}", args.image, ids.join(" or ")),
                Some("name the cloud, too".to_owned()),
            ));
        }
    };
    let broken = snapshot.faults_of(id);
    if !broken.is_empty() {
        return Err(Failure::Definitions(
            broken,
            Some(snapshot.fleet.tree.clone()),
        ));
    }
    let task = std::env::var("TASK_ID").ok();
    let task = task.and_then(|task| task.parse().ok());
    let build = build_values(&snapshot, id, task.as_ref(), &snapshot.name, None);
    match template::of(&snapshot, id, &build) {
        Some(template) => printer.data(&output::json(&template), None),
        None => Err(Failure::Usage(
            format!("`{id}` is not built by Packer"),
            Some("`taskgraph-images images` says what each image is made of".to_owned()),
        )),
    }
}

fn named<'a>(snapshot: &'a Snapshot, name: &str) -> Vec<&'a ImageId> {
    let images = snapshot.fleet.images.iter();
    let mut named: Vec<&ImageId> = images
        .filter(|(id, image)| {
            id.name.as_str() == name
                || id.to_string() == name
                || (snapshot.fleet.is_foreign() && image.resolved().definition.definition == name)
        })
        .map(|(id, _)| id)
        .collect();
    named.dedup();
    named
}

fn unknown(snapshot: &Snapshot, name: &str) -> Failure {
    // A definition that is at fault makes no image: its faults say more than that.
    if !snapshot.fleet.is_sound() {
        return project::unresolved(snapshot);
    }
    let ids = snapshot.fleet.images.keys().map(|id| id.name.as_str());
    let hint = match nearest(name, ids) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`taskgraph-images images` lists them".to_owned(),
    };
    Failure::Usage(format!("there is no image `{name}`"), Some(hint))
}
