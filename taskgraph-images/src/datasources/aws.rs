//! AMIs of AWS, by their owner and name or by a parameter of SSM. The calls are made by whoever has credentials: [`Aws`].

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::call::Caller;
use super::pattern::is_match;
use super::{Release, SourceError, SourceErrorKind};
use crate::taskcluster::Timestamp;

/// AMIs of an owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct AwsImages {
    /// The account that owns them, or `amazon`. Anybody can publish an AMI by any name, so there is no doing without.
    pub owner: String,
    /// Their name, in which `*` is any text.
    pub name: String,
    /// The region.
    pub region: String,
    /// More regions in which there must be one of the same name.
    #[serde(default)]
    pub regions: BTreeSet<String>,
    /// The architecture: `x86_64` or `arm64`.
    pub arch: Option<String>,
    /// Whether a version is an AMI's name, which is the same in every region, and not its id, which is not.
    #[serde(default)]
    pub by_name: bool,
}

/// The owners that AWS has words for, besides accounts.
pub(super) const ALIASES: [&str; 2] = ["amazon", "aws-marketplace"];

impl AwsImages {
    /// All that is wrong with the settings, besides empty texts.
    pub(super) fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if !self.is_account() && !ALIASES.contains(&self.owner.as_str()) {
            faults.push(format!(
                "`owner` is `{}`: expected the twelve digits of an account, `{}`",
                self.owner,
                ALIASES.join("` or `")
            ));
        }
        // EC2 has more wildcards; what it lets through could not be held to them.
        if self.name.contains(['?', '\\', '{']) {
            faults.push("`name` knows one wildcard, `*`".to_owned());
        }
        let regions = std::iter::once(&self.region).chain(&self.regions);
        faults.extend(regions.filter_map(|region| fault_of_region(region)));
        faults
    }

    /// Whether the owner is one account.
    fn is_account(&self) -> bool {
        self.owner.len() == 12 && self.owner.bytes().all(|byte| byte.is_ascii_digit())
    }

    /// Whether an image is of the owner.
    fn is_owner_of(&self, image: &AwsImage) -> bool {
        if self.is_account() {
            image.owner == self.owner
        } else {
            image.owner_alias.as_ref() == Some(&self.owner)
        }
    }
}

/// A parameter of AWS that names the newest AMI.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct AwsSsm {
    /// The parameter, such as `/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id`.
    pub path: String,
    /// The region.
    pub region: String,
}

impl AwsSsm {
    /// All that is wrong with the settings, besides empty texts.
    pub(super) fn faults(&self) -> Vec<String> {
        fault_of_region(&self.region).into_iter().collect()
    }
}

/// A region becomes a part of the name of the host that is called.
fn fault_of_region(region: &str) -> Option<String> {
    let is_name = !region.is_empty()
        && region
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    (!is_name).then(|| format!("{region:?} is no region: expected one such as `us-west-2`"))
}

/// What AWS is asked.
pub trait Aws {
    /// The AMIs of a region that settings describe, deprecated ones too.
    ///
    /// # Errors
    /// Why there is no answer.
    fn images(&self, wanted: &AwsImages, region: &str) -> Result<Vec<AwsImage>, AwsError>;

    /// A parameter of SSM.
    ///
    /// # Errors
    /// Why there is no answer.
    fn parameter(&self, wanted: &AwsSsm) -> Result<AwsParameter, AwsError>;
}

/// Why AWS gave no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsError {
    /// In words without credentials.
    pub why: String,
    /// Whether a later run may succeed without a change by anybody.
    pub transient: bool,
}

impl fmt::Display for AwsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl std::error::Error for AwsError {}

/// An AMI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsImage {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The account that owns it.
    pub owner: String,
    /// AWS's word for the owner, if it has one: `amazon`.
    pub owner_alias: Option<String>,
    /// Its architecture, in AWS's word.
    pub arch: String,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// Since or from when it is deprecated.
    pub deprecated: Option<Timestamp>,
    /// Its state, such as `available`.
    pub state: String,
}

/// A parameter of SSM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsParameter {
    /// Its value.
    pub value: String,
    /// When it was changed last.
    pub modified: Option<Timestamp>,
}

pub(super) fn images(
    settings: &AwsImages,
    caller: &Caller<'_>,
) -> Result<Vec<Release>, SourceError> {
    let aws = aws(caller)?;
    let mut images = owned(settings, &settings.region, aws, caller)?;
    if images.is_empty() {
        return Err(caller.settings(format!(
            "`{}` has no such image in {}",
            settings.owner, settings.region
        )));
    }
    images.sort_by(|a, b| b.created.cmp(&a.created).then_with(|| b.id.cmp(&a.id)));
    let mut elsewhere = BTreeMap::new();
    let more = settings.regions.iter();
    for region in more.filter(|region| **region != settings.region) {
        let images = owned(settings, region, aws, caller)?.into_iter();
        let usable = images.filter(|image| image.state == "available");
        let by_name: BTreeMap<String, String> =
            usable.map(|image| (image.name, image.id)).collect();
        elsewhere.insert(region.as_str(), by_name);
    }
    let now = caller.services.now;
    let read = |image: AwsImage| {
        let (version, other) = if settings.by_name {
            (&image.name, ("id", &image.id))
        } else {
            (&image.id, ("name", &image.name))
        };
        let mut release = Release::new(version);
        release.released = image.created;
        release.withdrawn = image.deprecated.is_some_and(|time| time <= now);
        if image.state != "available" {
            release.missing.push("image that is available".to_owned());
        }
        release
            .references
            .insert(other.0.to_owned(), other.1.clone());
        for (region, ids) in &elsewhere {
            match ids.get(&image.name) {
                Some(id) => {
                    release.references.insert((*region).to_owned(), id.clone());
                }
                None => release.missing.push(format!("image in `{region}`")),
            }
        }
        release
    };
    Ok(images.into_iter().map(read).collect())
}

/// The AMIs of a region. The filters are AWS's to apply; what it lets through is held to them, and one of another owner
/// refuses the whole answer.
fn owned(
    settings: &AwsImages,
    region: &str,
    aws: &dyn Aws,
    caller: &Caller<'_>,
) -> Result<Vec<AwsImage>, SourceError> {
    let images = aws.images(settings, region);
    let mut images = images.map_err(|error| caller.error(SourceErrorKind::Aws(error)))?;
    if let Some(other) = images.iter().find(|image| !settings.is_owner_of(image)) {
        let why = format!(
            "{:?} belongs to {:?}, not to `{}`",
            other.id, other.owner, settings.owner
        );
        return Err(caller.untrusted(why));
    }
    images.retain(|image| {
        let is_arch = settings
            .arch
            .as_ref()
            .is_none_or(|arch| *arch == image.arch);
        is_arch && is_match(&settings.name, &image.name, "", "")
    });
    Ok(images)
}

pub(super) fn parameter(
    settings: &AwsSsm,
    caller: &Caller<'_>,
) -> Result<Vec<Release>, SourceError> {
    let parameter = aws(caller)?.parameter(settings);
    let parameter = parameter.map_err(|error| caller.error(SourceErrorKind::Aws(error)))?;
    Ok(vec![Release {
        released: parameter.modified,
        ..Release::new(parameter.value)
    }])
}

fn aws<'a>(caller: &Caller<'a>) -> Result<&'a dyn Aws, SourceError> {
    caller.services.aws.ok_or_else(|| {
        caller.settings(
            "it needs credentials of AWS, and there are none: set `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, by the \
             environment or by a secret, to ones that may call `ec2:DescribeImages` and `ssm:GetParameter`",
        )
    })
}
