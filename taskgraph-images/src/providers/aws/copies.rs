//! The copies of a candidate: found again, begun, and waited for.
//!
//! A copy is asked for with a token that is made of the candidate, so that the same request again is the same copy. EC2 answers
//! for a token it knows with what it answered then, also when that image has been deregistered since: so what is answered is
//! looked for, and where it is gone the next token is made of it. Whoever runs this again comes by the same way to the same copy.

use std::cell::Cell;
use std::time::Instant;

use super::super::{Promotion, Provider as _, ProviderError, ProviderErrorKind};
use super::Aws;
use super::query::Parameters;
use super::xml::{self, Image};
use crate::manifest::Artifact;

/// How many copies in a row may be gone. Somebody or something deregisters them then.
const ATTEMPTS: usize = 8;

/// What is seen of an image whose id is known.
enum Sight {
    Known(Image),
    /// It was there.
    Gone,
    /// It was not there yet, or it is gone for long.
    Unknown,
}

impl Aws<'_> {
    /// The copy of the candidate in a region, whatever its state: begun here, or by an earlier run.
    pub(super) fn copy(
        &self,
        promotion: &Promotion,
        region: &str,
    ) -> Result<String, ProviderError> {
        let description = description(promotion);
        let mut named = Parameters::default();
        named.set("Owner.1", "self");
        named.filter("name", &promotion.name);
        let (_, identity) = promotion.identity();
        let mut token = format!("{identity}-{region}");
        for image in self.images(region, &named, "<r/>")? {
            if image.is_gone() {
                continue;
            }
            if image.description != description {
                let words = format!(
                    "`{}` in {region} is {}, another build's ({}): nothing is replaced; look at it",
                    promotion.name, image.id, image.description
                );
                return Err(ProviderError::new(
                    "aws.promote",
                    ProviderErrorKind::Conflict(words),
                ));
            }
            if image.has_failed() {
                // What was begun in vain is in the way of the next try.
                self.delete(&image.resource(region))?;
                token = after(identity, region, &image.id);
            } else {
                return Ok(image.id);
            }
        }
        for _ in 0..ATTEMPTS {
            let id = self.begin(promotion, region, &token)?;
            if self.appears(region, &id)? {
                return Ok(id);
            }
            self.ec2.session().say(&format!(
                "aws {region}: {id} was deregistered; another copy is made"
            ));
            token = after(identity, region, &id);
        }
        let words = format!(
            "the last {ATTEMPTS} copies of `{}` in {region} were deregistered: find out by whom, and run it again",
            promotion.name
        );
        Err(ProviderError::new(
            "aws.promote",
            ProviderErrorKind::Conflict(words),
        ))
    }

    /// Asks for a copy; the id of the one that was made for the token.
    fn begin(
        &self,
        promotion: &Promotion,
        region: &str,
        token: &str,
    ) -> Result<String, ProviderError> {
        let source = source(promotion, region)?;
        let mut parameters = Parameters::default();
        parameters.set("Name", &promotion.name);
        parameters.set("Description", &description(promotion));
        parameters.set("SourceImageId", &source.reference);
        parameters.set("SourceRegion", source.region.as_deref().unwrap_or(region));
        parameters.set("ClientToken", token);
        let answer = self.ec2.change(
            region,
            "CopyImage",
            &parameters,
            "<r><imageId>ami-assumed</imageId></r>",
        )?;
        xml::text(&answer, "imageId")
    }

    /// Whether a copy is there that EC2 says it has begun. It may take a moment to know of it everywhere.
    fn appears(&self, region: &str, id: &str) -> Result<bool, ProviderError> {
        let session = self.ec2.session();
        if session.is_dry_run() {
            return Ok(true);
        }
        let seen = session.appears(|| match self.sight(region, id, "<r/>")? {
            Sight::Known(_) => Ok(Some(true)),
            Sight::Gone => Ok(Some(false)),
            Sight::Unknown => Ok(None),
        })?;
        Ok(seen.unwrap_or(false))
    }

    /// Waits until a copy, which has been seen, can be used.
    pub(super) fn available(&self, region: &str, id: &str) -> Result<Image, ProviderError> {
        let call = format!("ec2.DescribeImages of `{id}` in {region}");
        let assumed = format!(
            "<r><imagesSet><item><imageId>{id}</imageId><imageState>available</imageState></item></imagesSet></r>"
        );
        let session = self.ec2.session();
        let error = |kind| Err(ProviderError::new(&call, kind));
        let gone = || {
            let words = "somebody has deregistered it; run it again, and another copy is made";
            error(ProviderErrorKind::Unfinished(words.to_owned()))
        };
        let missing: Cell<Option<Instant>> = Cell::new(None);
        session.wait(&call, || match self.sight(region, id, &assumed)? {
            Sight::Known(image) if image.has_failed() => {
                let words = format!("the copy failed: {}; run it again", image.reason);
                error(ProviderErrorKind::Unfinished(words))
            }
            Sight::Known(image) if image.state == "available" => Ok(Some(image)),
            Sight::Known(image) if image.state == "disabled" => {
                let words = "it is disabled: enable it again, or deregister it".to_owned();
                error(ProviderErrorKind::Conflict(words))
            }
            Sight::Known(_) => {
                missing.set(None);
                Ok(None)
            }
            Sight::Gone => gone(),
            Sight::Unknown => {
                let since = missing.get().unwrap_or_else(Instant::now);
                missing.set(Some(since));
                if session.is_overdue(since) {
                    gone()
                } else {
                    Ok(None)
                }
            }
        })
    }

    fn sight(&self, region: &str, id: &str, assumed: &str) -> Result<Sight, ProviderError> {
        let mut parameters = Parameters::default();
        parameters.set("ImageId.1", id);
        match self.images(region, &parameters, assumed) {
            Ok(images) => Ok(match images.into_iter().find(|image| image.id == id) {
                Some(image) if image.is_gone() => Sight::Gone,
                Some(image) => Sight::Known(image),
                None => Sight::Unknown,
            }),
            Err(error) if error.is_refused(&["InvalidAMIID.Unavailable"]) => Ok(Sight::Gone),
            Err(error) if error.is_refused(&["InvalidAMIID.NotFound"]) => Ok(Sight::Unknown),
            Err(error) => Err(error),
        }
    }
}

/// The token of the copy after one that is of no use.
fn after(identity: &str, region: &str, id: &str) -> String {
    format!("{}-{region}-{id}", &identity[..20])
}

fn description(promotion: &Promotion) -> String {
    format!("{} (candidate {})", promotion.image, promotion.identity().1)
}

/// Where a region's copy comes from: from the region itself, if the candidate is there.
fn source<'p>(promotion: &'p Promotion, region: &str) -> Result<&'p Artifact, ProviderError> {
    let candidate = &promotion.candidate;
    let near = candidate
        .iter()
        .find(|one| one.region.as_deref() == Some(region));
    let source = near.or_else(|| candidate.first());
    source.filter(|one| one.region.is_some()).ok_or_else(|| {
        let words = "the candidate's manifest names no region: build it again".to_owned();
        ProviderError::new("aws.promote", ProviderErrorKind::Input(words))
    })
}
