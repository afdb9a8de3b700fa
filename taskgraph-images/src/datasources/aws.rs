//! AMIs of AWS, by their owner and name or by a parameter of SSM. The calls are made by whoever has credentials: [`Aws`].

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::call::Caller;
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
    /// The architecture: `x86_64` or `arm64`.
    pub arch: Option<String>,
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

/// What AWS is asked.
pub trait Aws {
    /// The AMIs that settings describe, deprecated ones too.
    ///
    /// # Errors
    /// Why there is no answer, in words without credentials.
    fn images(&self, wanted: &AwsImages) -> Result<Vec<AwsImage>, String>;

    /// A parameter of SSM.
    ///
    /// # Errors
    /// Why there is no answer, in words without credentials.
    fn parameter(&self, wanted: &AwsSsm) -> Result<AwsParameter, String>;
}

/// An AMI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsImage {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The account that owns it.
    pub owner: String,
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
    let images = aws.images(settings);
    let mut images = images.map_err(|why| caller.error(SourceErrorKind::Aws(why)))?;
    // An alias such as `amazon` stands for accounts that are not known here.
    if settings.owner.bytes().all(|byte| byte.is_ascii_digit())
        && let Some(other) = images.iter().find(|image| image.owner != settings.owner)
    {
        let why = format!(
            "{:?} belongs to {:?}, not to `{}`",
            other.id, other.owner, settings.owner
        );
        return Err(caller.untrusted(why));
    }
    images.sort_by(|a, b| b.created.cmp(&a.created).then_with(|| b.id.cmp(&a.id)));
    let now = caller.services.now;
    let read = |image: AwsImage| {
        let mut release = Release::new(image.id);
        release.released = image.created;
        release.withdrawn = image.deprecated.is_some_and(|time| time <= now);
        if image.state != "available" {
            release.missing.push("image that is available".to_owned());
        }
        release.references.insert("name".to_owned(), image.name);
        release
    };
    Ok(images.into_iter().map(read).collect())
}

pub(super) fn parameter(
    settings: &AwsSsm,
    caller: &Caller<'_>,
) -> Result<Vec<Release>, SourceError> {
    let parameter = aws(caller)?.parameter(settings);
    let parameter = parameter.map_err(|why| caller.error(SourceErrorKind::Aws(why)))?;
    Ok(vec![Release {
        released: parameter.modified,
        ..Release::new(parameter.value)
    }])
}

fn aws<'a>(caller: &Caller<'a>) -> Result<&'a dyn Aws, SourceError> {
    caller
        .services
        .aws
        .ok_or_else(|| caller.settings("it needs credentials of AWS, and there are none"))
}
