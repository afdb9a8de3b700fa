//! What AWS has of others: AMIs by their owner and name, and parameters. It is only asked, and nothing of it is judged here.

use roxmltree::{Document, Node};

use super::super::ProviderError;
use super::Aws;
use super::query::Parameters;
use super::xml::{child, items, parse};
use crate::datasources::{self, AwsError, AwsImage, AwsImages, AwsParameter, AwsSsm};
use crate::taskcluster::Timestamp;

/// How many images an answer holds at most; the rest follows on more pages.
const PAGE: &str = "500";

impl datasources::Aws for Aws<'_> {
    fn images(&self, wanted: &AwsImages, region: &str) -> Result<Vec<AwsImage>, AwsError> {
        let mut parameters = Parameters::default();
        // Without an owner anybody's would be found.
        parameters.set("Owner.1", &wanted.owner);
        parameters.filter("name", &wanted.name);
        if let Some(arch) = &wanted.arch {
            parameters.filter("architecture", arch);
        }
        parameters.set("IncludeDeprecated", "true");
        parameters.set("MaxResults", PAGE);
        let pages = self
            .ec2
            .ask_all(region, "DescribeImages", &parameters, "<r/>")
            .map_err(told)?;
        let mut images = Vec::new();
        for page in pages {
            let document = parse(&page).map_err(told)?;
            images.extend(read(&document));
        }
        Ok(images)
    }

    fn parameter(&self, wanted: &AwsSsm) -> Result<AwsParameter, AwsError> {
        let found = self.ssm.parameter(&wanted.region, &wanted.path);
        let found = found.map_err(told)?;
        if found.name != wanted.path {
            return Err(AwsError {
                why: format!("asked for `{}`, it told of {:?}", wanted.path, found.name),
                transient: false,
            });
        }
        Ok(AwsParameter {
            value: found.value,
            modified: found.last_modified_date.and_then(moment),
        })
    }
}

fn told(error: ProviderError) -> AwsError {
    AwsError {
        transient: error.is_transient(),
        why: error.to_string(),
    }
}

/// The time of some seconds since 1970, if it is one that there can be.
fn moment(seconds: f64) -> Option<Timestamp> {
    /// The last second of the year 9999.
    const LAST: f64 = 253_402_300_799.0;
    (0.0..=LAST)
        .contains(&seconds)
        .then(|| Timestamp::from_millis((seconds * 1000.0) as i64))
}

fn read(page: &Document<'_>) -> Vec<AwsImage> {
    let text = |item: Node<'_, '_>, name: &str| child(item, name).to_owned();
    let time = |item: Node<'_, '_>, name: &str| child(item, name).parse().ok();
    items(page.root_element(), "imagesSet")
        .into_iter()
        .map(|item| AwsImage {
            id: text(item, "imageId"),
            name: text(item, "name"),
            owner: text(item, "imageOwnerId"),
            owner_alias: Some(text(item, "imageOwnerAlias")).filter(|alias| !alias.is_empty()),
            arch: text(item, "architecture"),
            created: time(item, "creationDate"),
            deprecated: time(item, "deprecationTime"),
            state: text(item, "imageState"),
        })
        .collect()
}

#[cfg(test)]
mod tests;
