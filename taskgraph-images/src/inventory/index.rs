//! The inventory of an index: what publish tasks of level 3 have left.

use std::collections::{BTreeMap, BTreeSet};

use taskgraph_images_transforms::{IndexPath, Kind, Level, ProjectConfig, TaskKind};

use super::{Inventory, Origin, Published, Refused, read};
use crate::decision::lookup::Found;
use crate::decision::optimize::scheduler_id;
use crate::decision::parallel;
use crate::manifest::{self, Manifest};
use crate::taskcluster::{ApiError, IndexList, Queue, TaskId, TaskState, Timestamp};

/// Whose images are looked for: what their paths in the index begin with, and who may have made them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Realm {
    /// The namespace of publications: one below it for each image.
    pub namespace: IndexPath,
    /// The scheduler's id of tasks of level 3. Only they hold the scope to have it.
    pub scheduler_id: String,
    /// Where tasks of level 3 are queued: `<provisioner>/`, as far as it is known.
    pub provisioners: BTreeSet<String>,
}

impl Realm {
    /// The images that a project's settings are about.
    ///
    /// # Errors
    /// When the settings' names make no path.
    pub fn of(config: &ProjectConfig) -> Result<Self, String> {
        let namespace =
            taskgraph_images_transforms::publications(config).map_err(|error| error.to_string())?;
        Ok(Self {
            namespace,
            scheduler_id: scheduler_id(config, Level::Three),
            provisioners: config
                .workers
                .values()
                .map(|alias| alias.provisioner.at(Level::Three).to_string())
                .collect(),
        })
    }
}

impl Inventory {
    /// What the index's publications of level 3 say.
    ///
    /// # Errors
    /// Any failure of a service: what is not known is not taken for absent.
    pub fn of_index(
        index: &dyn IndexList,
        queue: &dyn Queue,
        realm: &Realm,
        now: Timestamp,
    ) -> Result<Self, ApiError> {
        let mut entries = BTreeMap::new();
        for image in index.list_namespaces(&realm.namespace)? {
            if let Ok(hashes) = IndexPath::new(&format!("{image}.hash")) {
                entries.extend(index.list_tasks(&hashes)?);
            }
        }
        let ids: BTreeSet<TaskId> = entries
            .values()
            .map(|entry| entry.task_id.clone())
            .collect();
        let statuses = queue.statuses(&ids)?;
        let known: BTreeSet<TaskId> = statuses.keys().cloned().collect();
        let definitions = queue.definitions(&known)?;
        let found: BTreeMap<&TaskId, Found> = statuses
            .iter()
            .filter_map(|(id, status)| Some((id, Found::new(status, definitions.get(id)?))))
            .collect();

        let (mut published, mut refused, mut sound) = (Vec::new(), Vec::new(), Vec::new());
        for (path, entry) in entries {
            let id = entry.task_id;
            let why = match found.get(&id) {
                None => Some("the queue does not know it any more".to_owned()),
                Some(found) => refusal_of_entry(realm, &path, found),
            };
            let origin = Origin::Task { id, path };
            match why {
                Some(why) => refused.push(Refused { origin, why }),
                None => sound.push(origin),
            }
        }
        let name = format!("public/manifest/{}", manifest::NAME);
        let contents = parallel::map(&sound, |origin| match origin {
            Origin::Task { id, .. } => queue.artifact(id, &name),
            Origin::File(_) => Ok(None),
        });
        for (origin, content) in sound.into_iter().zip(contents) {
            let manifest = match content? {
                None => Err(format!("it has no artifact `{name}`")),
                Some(content) => read(&content, now).and_then(|read| {
                    let (manifest, sha256) = read.ok_or("it is a candidate's")?;
                    let Origin::Task { id, path } = &origin else {
                        return Err("it is a file".to_owned());
                    };
                    agrees(&manifest, path, id, &found[id])?;
                    Ok((manifest, sha256))
                }),
            };
            match manifest {
                Ok((manifest, sha256)) => published.push(Published {
                    manifest,
                    sha256,
                    origin,
                }),
                Err(why) => refused.push(Refused { origin, why }),
            }
        }
        Ok(Self::sorted(published, refused))
    }
}

impl Realm {
    /// Why a task is none of a kind that only level 3 can have made, and that is done.
    pub fn refuses(&self, kind: TaskKind, found: &Found) -> Option<String> {
        if found.state != TaskState::Completed {
            return Some("it is not completed".to_owned());
        }
        if found.scheduler_id != self.scheduler_id {
            return Some(format!(
                "its scheduler is `{}`, not `{}`",
                found.scheduler_id, self.scheduler_id
            ));
        }
        let provisioner = found.task_queue_id.split('/').next().unwrap_or_default();
        if !self.provisioners.contains(provisioner) {
            return Some(format!(
                "it ran on `{}`, which is no pool of level 3",
                found.task_queue_id
            ));
        }
        (found.kind.as_deref() != Some(kind.as_str())).then(|| format!("it is no {kind} task"))
    }
}

/// Why a task that the index names is none whose manifest is believed.
fn refusal_of_entry(realm: &Realm, path: &IndexPath, found: &Found) -> Option<String> {
    let digest = path.as_str().rsplit('.').next();
    realm.refuses(Kind::Publish.into(), found).or_else(|| {
        let other = found.digest.as_deref() != digest;
        other.then(|| "it is of another digest than its path".to_owned())
    })
}

/// Holds a manifest to the task that left it and to where the index names that.
fn agrees(manifest: &Manifest, path: &IndexPath, id: &TaskId, found: &Found) -> Result<(), String> {
    let mut words = path.as_str().rsplit('.');
    let (digest, slug) = (words.next(), words.nth(1));
    let image = &manifest.image;
    if slug != Some(image.slug().as_str()) || found.image.as_deref() != Some(&image.to_string()) {
        return Err(format!("its manifest is of `{image}`"));
    }
    if manifest
        .digest(Kind::Publish.as_str())
        .map(|digest| digest.as_str())
        != digest
    {
        return Err("its manifest is of another digest".to_owned());
    }
    if manifest.tasks.get(Kind::Publish.as_str()) != Some(id) {
        return Err("its manifest is another task's".to_owned());
    }
    if manifest.finished < found.created {
        return Err(format!(
            "its manifest was made at {}, before the task",
            manifest.finished
        ));
    }
    Ok(())
}
