//! Who a request is from: nobody asks, or a Hawk signature over the path and the query is checked.

use std::str::FromStr as _;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{
    GeneralPurpose, GeneralPurposeConfig, STANDARD, URL_SAFE_NO_PAD,
};
use hawk::{Header, Key, PayloadHasher, RequestBuilder, SHA256};
use serde::Deserialize;

use crate::options::{Authentication, Options};
use crate::record::Signature;
use crate::request::Request;
use crate::scopes::Scopes;

/// Who a request is from, and what they may do.
#[derive(Clone)]
pub(crate) struct Identity {
    /// None for a request without credentials.
    pub(crate) client_id: Option<String>,
    pub(crate) scopes: Scopes,
}

/// How far the services let clocks be apart.
const SKEW: Duration = Duration::from_secs(15 * 60);
const CERTIFICATE_SKEW: i64 = 5 * 60 * 1000;

/// Some clients pad, others do not.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// How a request is signed, whether rightly or not.
pub(crate) fn signature(request: &Request) -> Signature {
    if request.authorization.is_some() {
        Signature::Header
    } else if request.query("bewit").is_some() {
        Signature::Bewit
    } else {
        Signature::None
    }
}

/// Who a request is from, or why its credentials are none.
pub(crate) fn identify(
    request: &Request,
    options: &Options,
    held_scopes: &[String],
    now: i64,
) -> Result<Identity, String> {
    const ANONYMOUS: &str = "assume:anonymous";
    let expand = |scopes: &[String]| {
        let scopes = scopes.iter().cloned();
        Scopes::expand(scopes.chain([ANONYMOUS.to_owned()]), &options.roles)
    };
    let Authentication::Hawk {
        client_id,
        access_token,
    } = &options.authentication
    else {
        return Ok(Identity {
            client_id: Some("fake-taskcluster".to_owned()),
            scopes: expand(held_scopes),
        });
    };
    let signed = match signature(request) {
        Signature::None => {
            return Ok(Identity {
                client_id: None,
                scopes: expand(&[]),
            });
        }
        Signature::Header => header(request)?,
        Signature::Bewit => Signed::Bewit,
    };
    if signed.is_header() && request.query("bewit").is_some() {
        return Err("Cannot use two authentication schemes at once this request has both bewit in querystring and 'authorization' header".to_owned());
    }
    let (host, port) = match request.host.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().unwrap_or(80)),
        None => (request.host.as_str(), 80),
    };
    let mut bewit = None;
    let builder = RequestBuilder::new(&request.method, host, port, &request.target)
        .extract_bewit(&mut bewit)
        .map_err(|_| "Unauthorized: Invalid bewit encoding".to_owned())?;
    let (id, ext) = match (&signed, &bewit) {
        (Signed::Header(header), _) => (header.id.clone(), header.ext.clone()),
        (Signed::Bewit, Some(bewit)) => (
            Some(bewit.id().to_owned()),
            bewit.ext().map(str::to_owned).filter(|ext| !ext.is_empty()),
        ),
        (Signed::Bewit, None) => (None, None),
    };
    let id = id.unwrap_or_default();
    let client = Client {
        id: client_id,
        token: access_token,
        scopes: expand(held_scopes),
    };
    let (token, scopes) = client.of(&id, ext.as_deref(), now)?;
    let key = Key::new(token, SHA256).map_err(|error| error.to_string())?;
    let right = match (&signed, &bewit) {
        (Signed::Header(header), _) => {
            let hash = match header.hash {
                // A hash that is claimed is checked; none need be.
                Some(_) => Some(
                    PayloadHasher::hash("application/json", SHA256, &request.body)
                        .map_err(|error| error.to_string())?,
                ),
                None => None,
            };
            let builder = match &hash {
                Some(hash) => builder.hash(&hash[..]),
                None => builder,
            };
            builder.request().validate_header(header, &key, SKEW)
        }
        (Signed::Bewit, Some(bewit)) => {
            request.method == "GET" && builder.request().validate_bewit(bewit, &key)
        }
        (Signed::Bewit, None) => false,
    };
    if !right {
        return Err("Unauthorized: Bad mac".to_owned());
    }
    Ok(Identity {
        client_id: Some(id),
        scopes: match scopes {
            Some(scopes) => expand(&scopes),
            None => client.scopes,
        },
    })
}

enum Signed {
    Header(Header),
    Bewit,
}

impl Signed {
    fn is_header(&self) -> bool {
        matches!(self, Self::Header(_))
    }
}

fn header(request: &Request) -> Result<Signed, String> {
    let text = request.authorization.as_deref().unwrap_or_default();
    let text = text
        .strip_prefix("Hawk ")
        .ok_or("Unauthorized: Unknown authentication scheme")?;
    Header::from_str(text)
        .map(Signed::Header)
        .map_err(|_| "Bad Request: Bad header format".to_owned())
}

/// The one client that there is.
struct Client<'a> {
    id: &'a str,
    token: &'a str,
    scopes: Scopes,
}

impl Client<'_> {
    /// The token that a request must be signed with, and the scopes of a certificate.
    fn of(
        &self,
        id: &str,
        ext: Option<&str>,
        now: i64,
    ) -> Result<(String, Option<Vec<String>>), String> {
        let ext: Extension = match ext {
            Some(ext) => LENIENT
                .decode(ext)
                .ok()
                .and_then(|bytes| serde_json::from_slice(&bytes).ok())
                .ok_or("Failed to parse ext")?,
            None => Extension::default(),
        };
        let issuer = ext
            .certificate
            .as_ref()
            .and_then(|certificate| certificate.issuer.as_deref())
            .unwrap_or(id);
        if issuer != self.id {
            return Err(format!("client with clientId '{issuer}' not found"));
        }
        let (token, mut scopes) = match &ext.certificate {
            Some(certificate) => (
                certificate.check(self, id, now)?,
                Some(certificate.scopes.clone()),
            ),
            None => (self.token.to_owned(), None),
        };
        if let Some(authorized) = ext.authorized_scopes {
            scopes = Some(authorized);
        }
        Ok((token, scopes))
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Extension {
    certificate: Option<Certificate>,
    authorized_scopes: Option<Vec<String>>,
}

/// What makes credentials temporary.
#[derive(Deserialize)]
struct Certificate {
    version: u32,
    scopes: Vec<String>,
    start: i64,
    expiry: i64,
    seed: String,
    signature: String,
    issuer: Option<String>,
}

impl Certificate {
    /// Checks it, and returns the token that belongs to it.
    fn check(&self, client: &Client<'_>, id: &str, now: i64) -> Result<String, String> {
        if self.start > now + CERTIFICATE_SKEW {
            return Err("ext.certificate.start > now".to_owned());
        }
        if self.expiry < now - CERTIFICATE_SKEW {
            return Err("ext.certificate.expiry < now".to_owned());
        }
        if let Some(scope) = self
            .scopes
            .iter()
            .find(|scope| !client.scopes.satisfy(scope))
        {
            return Err(format!(
                "ext.certificate issuer `{}` doesn't satisfy all certificate scopes {scope}.  The temporary credentials were not generated correctly.",
                client.id
            ));
        }
        let mut lines = vec![format!("version:{}", self.version)];
        if let Some(issuer) = &self.issuer {
            lines.push(format!("clientId:{id}"));
            lines.push(format!("issuer:{issuer}"));
        }
        lines.push(format!("seed:{}", self.seed));
        lines.push(format!("start:{}", self.start));
        lines.push(format!("expiry:{}", self.expiry));
        lines.push("scopes:".to_owned());
        lines.extend(self.scopes.iter().cloned());
        let mac = |text: &str| hmac_sha256::HMAC::mac(text.as_bytes(), client.token.as_bytes());
        if STANDARD.encode(mac(&lines.join("\n"))) != self.signature {
            return Err(
                "ext.certificate.signature is not valid, or wrong clientId provided".to_owned(),
            );
        }
        Ok(URL_SAFE_NO_PAD.encode(mac(&self.seed)))
    }
}
