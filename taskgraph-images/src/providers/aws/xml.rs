//! What is read from EC2's answers.

use std::collections::BTreeMap;

use roxmltree::{Document, Node};

use super::super::{ProviderError, ProviderErrorKind, Reference, Resource, ResourceKind};

/// An AMI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Image {
    pub(super) id: String,
    pub(super) state: String,
    /// Why it is in that state.
    pub(super) reason: String,
    pub(super) description: String,
    pub(super) snapshots: Vec<String>,
    pub(super) labels: BTreeMap<String, String>,
}

impl Image {
    pub(super) fn has_failed(&self) -> bool {
        matches!(self.state.as_str(), "failed" | "error" | "invalid")
    }

    /// Whether it is shown for the last time: EC2 does that for a while after an image was deregistered.
    pub(super) fn is_gone(&self) -> bool {
        self.state == "deregistered"
    }

    pub(super) fn resource(&self, region: &str) -> Resource {
        Resource {
            reference: Reference {
                region: Some(region.to_owned()),
                name: self.id.clone(),
            },
            kind: ResourceKind::Image,
            state: self.state.clone(),
            labels: self.labels.clone(),
        }
    }
}

pub(super) fn parse(answer: &str) -> Result<Document<'_>, ProviderError> {
    Document::parse(answer).map_err(|error| {
        let words = format!("it is no XML: {error}");
        ProviderError::new("ec2", ProviderErrorKind::NoAnswer(words))
    })
}

/// The text of a child.
pub(super) fn child<'n>(node: Node<'n, '_>, name: &str) -> &'n str {
    let child = node
        .children()
        .find(|child| child.tag_name().name() == name);
    child
        .and_then(|child| child.text())
        .unwrap_or_default()
        .trim()
}

/// The items of a list, which is a child.
pub(super) fn items<'n, 'd>(node: Node<'n, 'd>, list: &str) -> Vec<Node<'n, 'd>> {
    node.children()
        .filter(|child| child.tag_name().name() == list)
        .flat_map(|list| {
            list.children()
                .filter(|item| item.tag_name().name() == "item")
        })
        .collect()
}

/// The tags of something.
pub(super) fn tags(node: Node<'_, '_>) -> BTreeMap<String, String> {
    let tags = items(node, "tagSet");
    tags.iter()
        .map(|tag| {
            (
                child(*tag, "key").to_owned(),
                child(*tag, "value").to_owned(),
            )
        })
        .collect()
}

/// The texts of all elements of a name.
pub(super) fn texts(answer: &str, name: &str) -> Result<Vec<String>, ProviderError> {
    let document = parse(answer)?;
    let found = document
        .descendants()
        .filter(|node| node.tag_name().name() == name)
        .filter_map(|node| node.text().map(str::to_owned));
    Ok(found.collect())
}

/// The text of the one element of a name.
pub(super) fn text(answer: &str, name: &str) -> Result<String, ProviderError> {
    texts(answer, name)?.into_iter().next().ok_or_else(|| {
        let words = format!("it has no `{name}`");
        ProviderError::new("ec2", ProviderErrorKind::NoAnswer(words))
    })
}

/// What the next page is asked for with.
pub(super) fn next_token(answer: &str) -> Result<Option<String>, ProviderError> {
    let found = texts(answer, "nextToken")?;
    Ok(found.into_iter().find(|token| !token.trim().is_empty()))
}

/// The code and message of a refusal.
pub(super) fn error(answer: &str) -> Option<(String, String)> {
    let document = Document::parse(answer).ok()?;
    let error = document
        .descendants()
        .find(|node| node.tag_name().name() == "Error")?;
    Some((
        child(error, "Code").to_owned(),
        child(error, "Message").to_owned(),
    ))
}

/// The images of an answer.
pub(super) fn images(answer: &str) -> Result<Vec<Image>, ProviderError> {
    let document = parse(answer)?;
    let images = items(document.root_element(), "imagesSet")
        .into_iter()
        .map(|item| {
            let disks = items(item, "blockDeviceMapping");
            let snapshots = disks
                .iter()
                .filter_map(|disk| {
                    disk.children()
                        .find(|child| child.tag_name().name() == "ebs")
                })
                .map(|disk| child(disk, "snapshotId").to_owned())
                .filter(|snapshot| !snapshot.is_empty());
            let reason = item
                .children()
                .find(|child| child.tag_name().name() == "stateReason");
            Image {
                id: child(item, "imageId").to_owned(),
                state: child(item, "imageState").to_owned(),
                reason: reason
                    .map_or("", |reason| child(reason, "message"))
                    .to_owned(),
                description: child(item, "description").to_owned(),
                snapshots: snapshots.collect(),
                labels: tags(item),
            }
        });
    Ok(images.collect())
}

/// The things of an answer of some kind, each with its id, state and tags.
pub(super) fn things(
    answer: &str,
    kind: ResourceKind,
    region: &str,
) -> Result<Vec<Resource>, ProviderError> {
    let document = parse(answer)?;
    let root = document.root_element();
    let (id, state, nodes) = match kind {
        ResourceKind::Instance => {
            let reservations = items(root, "reservationSet");
            let instances = reservations
                .iter()
                .flat_map(|one| items(*one, "instancesSet"));
            ("instanceId", "instanceState", instances.collect())
        }
        ResourceKind::Disk => ("volumeId", "status", items(root, "volumeSet")),
        _ => ("snapshotId", "status", items(root, "snapshotSet")),
    };
    let things = nodes.into_iter().map(|node| {
        let inner = node
            .children()
            .find(|child| child.tag_name().name() == state);
        // A machine's state has a name; others' states are one.
        let named = inner.map_or("", |state| child(state, "name"));
        let state = if named.is_empty() {
            child(node, state)
        } else {
            named
        };
        Resource {
            reference: Reference {
                region: Some(region.to_owned()),
                name: child(node, id).to_owned(),
            },
            kind,
            state: state.to_owned(),
            labels: tags(node),
        }
    });
    Ok(things.collect())
}

/// The disks of a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Disks {
    /// Of what kind the boot disk is.
    pub(super) kind: String,
    /// As what the machine sees its boot disk.
    pub(super) root: String,
    /// As what the machine sees each volume, and its id.
    pub(super) volumes: Vec<(String, String)>,
}

/// The disks of the one machine of an answer.
pub(super) fn disks(answer: &str) -> Result<Disks, ProviderError> {
    let document = parse(answer)?;
    let machine = document
        .descendants()
        .find(|node| !child(*node, "rootDeviceType").is_empty())
        .ok_or_else(|| {
            let words = "it tells of no machine with a boot disk".to_owned();
            ProviderError::new("ec2", ProviderErrorKind::NoAnswer(words))
        })?;
    let volumes = items(machine, "blockDeviceMapping")
        .into_iter()
        .map(|disk| {
            let volume = disk
                .children()
                .find(|child| child.tag_name().name() == "ebs")
                .map_or("", |ebs| child(ebs, "volumeId"));
            (child(disk, "deviceName").to_owned(), volume.to_owned())
        });
    Ok(Disks {
        kind: child(machine, "rootDeviceType").to_owned(),
        root: child(machine, "rootDeviceName").to_owned(),
        volumes: volumes.collect(),
    })
}
