//! What providers hold of the project's images, where there are credentials.

use std::cell::RefCell;

use taskgraph_images::inventory::{Identity, Inventory, Stock, label_of_project};
use taskgraph_images::output::text::count;
use taskgraph_images::providers::{Provider, ProviderError, Session, provider};
use taskgraph_images::transforms::Cloud;

use crate::commands::Global;
use crate::commands::clouds::{Clouds, cloud};
use crate::commands::project::{self, Project};
use crate::exit::Failure;
use crate::printer::Printer;

/// Which providers are asked.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Providers")]
pub(super) struct Args {
    /// Ask this cloud's provider what it holds, too; each whose credentials variables name, if nothing is said
    #[arg(long, value_name = "CLOUD", value_parser = cloud)]
    cloud: Vec<Cloud>,
    /// Ask no provider: manifests alone say what there is
    #[arg(long, conflicts_with = "cloud")]
    no_providers: bool,
}

impl Args {
    /// Asks providers for what carries the project's label, and for what manifests name and no list told.
    ///
    /// # Errors
    /// Any failure: what cannot be said is not taken for absent.
    pub(super) fn ask(
        &self,
        inventory: &Inventory,
        global: &Global,
        printer: &mut Printer,
    ) -> Result<Stock, Failure> {
        let mut stock = Stock::default();
        if self.no_providers {
            return Ok(stock);
        }
        let clouds = Clouds::open()?;
        let chosen = clouds.chosen(&self.cloud);
        if chosen.is_empty() {
            printer.note("no provider is asked what it holds: no credentials are named");
            return Ok(stock);
        }
        let project = Project::open(global)?;
        let snapshot = project.snapshot_quietly(&taskgraph_images::comparison::Head::WorkTree)?;
        let (label, value) = label_of_project(&project::settings(&snapshot)?.project);
        let printer = RefCell::new(printer);
        let say = |words: &str| printer.borrow_mut().note(words);
        let session = clouds.session(false, &say)?;
        let mut errors = Vec::new();
        for cloud in &chosen {
            let found =
                open(*cloud, &session, &clouds).and_then(|provider| provider.list(label, &value));
            match found {
                Ok(found) => stock.add(*cloud, found),
                // The others are asked all the same, so that all that fails is told.
                Err(error) => errors.push(error),
            }
        }
        let unseen = stock.unseen(inventory);
        for cloud in &chosen {
            let places: Vec<_> = unseen
                .iter()
                .filter(|(published, _)| published.manifest.cloud == *cloud)
                .collect();
            if places.is_empty() {
                continue;
            }
            let provider = match open(*cloud, &session, &clouds) {
                Ok(provider) => provider,
                Err(error) => {
                    errors.push(error);
                    continue;
                }
            };
            for (_, reference) in places {
                match provider.describe(reference) {
                    Ok(Some(_)) => {}
                    Ok(None) => {
                        stock.gone.insert(Identity::of(*cloud, &reference.name));
                    }
                    Err(error) => errors.push(error),
                }
            }
        }
        if !errors.is_empty() {
            return Err(Failure::providers(errors, &clouds.mask));
        }
        for (cloud, held) in &stock.asked {
            say(&format!(
                "{cloud} holds {} with the label {label}={value}",
                count(*held, "image")
            ));
        }
        if !stock.gone.is_empty() {
            say(&format!(
                "{} that manifests name {} not there any more",
                count(stock.gone.len(), "place"),
                if stock.gone.len() == 1 { "is" } else { "are" }
            ));
        }
        Ok(stock)
    }
}

fn open<'a>(
    cloud: Cloud,
    session: &'a Session<'a>,
    clouds: &'a Clouds,
) -> Result<Box<dyn Provider + 'a>, ProviderError> {
    provider(cloud, session, &clouds.variables)
}
