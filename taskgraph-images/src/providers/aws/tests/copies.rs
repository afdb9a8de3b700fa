//! Copies whose token EC2 knows already. What it says of images that are gone is as it documents that.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::*;
use crate::providers::tests::{Asked, serve, variables};

/// How EC2 answers for an image that was deregistered: sooner, later, and when it has forgotten it.
#[derive(Clone, Copy, PartialEq)]
enum Gone {
    Shown,
    Refused(&'static str),
    Empty,
}

/// A region of EC2, as far as copies are concerned.
struct Region {
    gone: Gone,
    /// The image of each token.
    tokens: BTreeMap<String, String>,
    /// Name, description and state of each image.
    images: BTreeMap<String, [String; 3]>,
    /// Whether each image is deregistered as soon as it is there.
    hostile: bool,
    /// How often an image is not known yet that has just been made.
    late: usize,
    /// How often an image is seen while it is made, before nothing is known of it any more.
    vanishes: Option<usize>,
}

impl Region {
    fn answer(&mut self, asked: &Asked) -> (u16, serde_json::Value) {
        let fields: BTreeMap<String, String> = form(&asked.text);
        let field = |name: &str| fields.get(name).cloned().unwrap_or_default();
        let xml = match &*field("Action") {
            "CopyImage" => {
                let next = format!("ami-{}", self.tokens.len());
                let token = field("ClientToken");
                let is_known = self.tokens.contains_key(&token);
                let id = self.tokens.entry(token).or_insert(next).clone();
                if !is_known {
                    let state = if self.hostile {
                        "deregistered"
                    } else {
                        "available"
                    };
                    let image = [field("Name"), field("Description"), state.to_owned()];
                    self.images.insert(id.clone(), image);
                }
                format!("<r><imageId>{id}</imageId></r>")
            }
            "DescribeImages" if fields.contains_key("ImageId.1") => {
                let id = field("ImageId.1");
                let is_gone = self.images[&id][2] == "deregistered";
                if self.late > 0 {
                    self.late -= 1;
                    return refused("InvalidAMIID.NotFound");
                }
                match self.vanishes {
                    Some(0) => return (200, "<r><imagesSet/></r>".into()),
                    Some(left) => {
                        self.vanishes = Some(left - 1);
                        self.images.get_mut(&id).unwrap()[2] = "pending".to_owned();
                    }
                    None => {}
                }
                match self.gone {
                    Gone::Refused(code) if is_gone => return refused(code),
                    Gone::Empty if is_gone => "<r><imagesSet/></r>".to_owned(),
                    _ => self.shown(|one, _| one == id),
                }
            }
            "DescribeImages" => {
                let name = field("Filter.1.Value.1");
                let shows = self.gone == Gone::Shown;
                self.shown(|_, image| image[0] == name && (shows || image[2] != "deregistered"))
            }
            _ => "<r/>".to_owned(),
        };
        (200, xml.into())
    }

    fn shown(&self, which: impl Fn(&str, &[String; 3]) -> bool) -> String {
        let items = self.images.iter().filter(|(id, image)| which(id, image));
        let items: String = items
            .map(|(id, [name, description, state])| {
                format!(
                    "<item><imageId>{id}</imageId><name>{name}</name><description>{description}</description>\
                     <imageState>{state}</imageState></item>"
                )
            })
            .collect();
        format!("<r><imagesSet>{items}</imagesSet></r>")
    }
}

fn refused(code: &str) -> (u16, serde_json::Value) {
    let xml = format!(
        "<Response><Errors><Error><Code>{code}</Code><Message>no</Message></Error></Errors></Response>"
    );
    (400, xml.into())
}

fn form(text: &str) -> BTreeMap<String, String> {
    let url = reqwest::Url::parse(&format!("http://form/?{text}")).unwrap();
    url.query_pairs().into_owned().collect()
}

/// Publishes to one region; the image there.
fn publish(region: &Arc<Mutex<Region>>) -> Result<String, ProviderError> {
    let served = Arc::clone(region);
    let base = serve(move |asked| served.lock().unwrap().answer(asked));
    let variables = variables(&[
        ("AWS_ENDPOINT_URL", &base),
        ("AWS_ACCESS_KEY_ID", "AKIA-not-a-real-id"),
        ("AWS_SECRET_ACCESS_KEY", "not-a-real-secret"),
    ]);
    let mut promotion = promotion();
    promotion.regions = vec!["us-west-2".to_owned()];
    recorder(false, |session| {
        let published = Aws::new(session, &variables)?.promote(&promotion)?;
        Ok(published[0].reference.clone())
    })
}

fn region(gone: Gone) -> Arc<Mutex<Region>> {
    Arc::new(Mutex::new(Region {
        gone,
        tokens: BTreeMap::new(),
        images: BTreeMap::new(),
        hostile: false,
        late: 0,
        vanishes: None,
    }))
}

#[test]
fn what_somebody_deregistered_is_copied_again() {
    for gone in [
        Gone::Shown,
        Gone::Refused("InvalidAMIID.Unavailable"),
        Gone::Refused("InvalidAMIID.NotFound"),
        Gone::Empty,
    ] {
        let region = region(gone);
        for expected in ["ami-0", "ami-1", "ami-2"] {
            assert_eq!(publish(&region).unwrap(), expected);
            // What is there is found, and nothing is asked for.
            assert_eq!(publish(&region).unwrap(), expected);
            assert!(!said().iter().any(|line| line.contains("CopyImage")));
            region.lock().unwrap().images.get_mut(expected).unwrap()[2] = "deregistered".to_owned();
        }
        publish(&region).unwrap();
        let gone: Vec<String> = said()
            .into_iter()
            .filter(|line| line.contains("deregistered"))
            .collect();
        assert_eq!(
            gone,
            ["ami-0", "ami-1", "ami-2"]
                .map(|id| format!("aws us-west-2: {id} was deregistered; another copy is made"))
        );
        assert_eq!(region.lock().unwrap().images.len(), 4);
    }
}

#[test]
fn what_is_not_known_yet_is_waited_for() {
    let region = region(Gone::Empty);
    region.lock().unwrap().late = 3;
    assert_eq!(publish(&region).unwrap(), "ami-0");
    assert_eq!(region.lock().unwrap().images.len(), 1);
}

#[test]
fn what_is_deregistered_again_and_again_has_an_end() {
    let region = region(Gone::Shown);
    region.lock().unwrap().hostile = true;
    let error = publish(&region).unwrap_err().to_string();
    assert_eq!(
        error,
        "aws.promote: the last 8 copies of `debian-20261125173000` in us-west-2 were deregistered: find out by whom, and run \
         it again"
    );
}

#[test]
fn what_goes_while_it_is_made_is_not_waited_for() {
    let region = region(Gone::Empty);
    region.lock().unwrap().vanishes = Some(2);
    let error = publish(&region).unwrap_err();
    assert!(error.is_transient(), "{error}");
    assert!(
        error
            .to_string()
            .contains("somebody has deregistered it; run it again"),
        "{error}"
    );
}

#[test]
fn what_is_disabled_is_no_copy_that_can_be_used() {
    let region = region(Gone::Shown);
    publish(&region).unwrap();
    region.lock().unwrap().images.get_mut("ami-0").unwrap()[2] = "disabled".to_owned();
    let error = publish(&region).unwrap_err();
    assert!(
        matches!(error.kind, ProviderErrorKind::Conflict(_)),
        "{error}"
    );
    assert!(
        error
            .to_string()
            .ends_with("enable it again, or deregister it"),
        "{error}"
    );
}
