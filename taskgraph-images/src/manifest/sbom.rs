//! [`Packages`]: what is on an image, as its SBOM lists it: in this project's own formats, CycloneDX or SPDX.
//!
//! Only names and versions are taken: that is what two images are compared by.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

/// What is on an image: the versions of each thing, by its kind and name. A name may be there in several versions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Packages(BTreeMap<(String, String), BTreeSet<String>>);

/// An SBOM cannot be read; whoever wrote it can fix it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SbomError {
    /// A line that has not three fields.
    #[error(
        "line {line} is no `kind name version`: expected three fields, separated by tabs, in a line such as \
         `deb<TAB>bash<TAB>5.2`"
    )]
    Line {
        /// The line, from 1.
        line: usize,
    },
    /// It is text in no known form.
    #[error(
        "it is neither lines of `kind name version`, nor CycloneDX, SPDX or a list of Windows programs as JSON: {0}"
    )]
    Form(String),
}

impl Packages {
    /// Reads an SBOM in any of the forms.
    ///
    /// # Errors
    /// When it is in none of them, or a line of it is not.
    pub fn read(content: &[u8]) -> Result<Self, SbomError> {
        // PowerShell writes a byte order mark.
        let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
        let text = std::str::from_utf8(content)
            .map_err(|error| SbomError::Form(format!("it is no text: {error}")))?;
        if text.trim_start().starts_with('{') {
            let document: Document =
                serde_json::from_str(text).map_err(|error| SbomError::Form(error.to_string()))?;
            document.packages()
        } else {
            Self::of_lines(text)
        }
    }

    /// `kind name version`, separated by tabs.
    fn of_lines(text: &str) -> Result<Self, SbomError> {
        let mut packages = Self::default();
        for (at, line) in text.lines().enumerate() {
            let fields: Vec<&str> = line.split('\t').collect();
            match fields[..] {
                _ if line.trim().is_empty() => {}
                [kind, name, version] => packages.add(kind, name, version),
                _ => return Err(SbomError::Line { line: at + 1 }),
            }
        }
        Ok(packages)
    }

    fn add(&mut self, kind: &str, name: &str, version: &str) {
        let key = (kind.to_owned(), name.to_owned());
        self.0.entry(key).or_default().insert(version.to_owned());
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each one as `kind name`, with its versions.
    pub(super) fn lines(&self) -> BTreeMap<String, String> {
        let lines = self.0.iter().map(|((kind, name), versions)| {
            let versions: Vec<&str> = versions.iter().map(String::as_str).collect();
            (format!("{kind} {name}"), versions.join(", "))
        });
        lines.collect()
    }
}

/// The documents, as far as anything is read from them. Other fields are others' business.
#[derive(Deserialize)]
struct Document {
    #[serde(rename = "bomFormat")]
    bom_format: Option<String>,
    components: Option<Vec<Component>>,
    #[serde(rename = "spdxVersion")]
    spdx_version: Option<String>,
    packages: Option<Vec<SpdxPackage>>,
    programs: Option<Vec<Program>>,
    hotfixes: Option<Vec<Hotfix>>,
    binaries: Option<Vec<Binary>>,
}

#[derive(Deserialize)]
struct Component {
    #[serde(rename = "type")]
    kind: String,
    group: Option<String>,
    name: String,
    version: Option<String>,
    components: Option<Vec<Self>>,
}

#[derive(Deserialize)]
struct SpdxPackage {
    name: String,
    #[serde(rename = "versionInfo")]
    version: Option<String>,
}

#[derive(Deserialize)]
struct Program {
    name: String,
    version: String,
}

#[derive(Deserialize)]
struct Hotfix {
    id: String,
}

#[derive(Deserialize)]
struct Binary {
    path: String,
    sha256: String,
}

impl Document {
    fn packages(self) -> Result<Packages, SbomError> {
        let mut packages = Packages::default();
        if self.bom_format.is_some_and(|format| format == "CycloneDX") {
            add_components(&mut packages, self.components.unwrap_or_default());
        } else if self.spdx_version.is_some() {
            for package in self.packages.unwrap_or_default() {
                packages.add(
                    "package",
                    &package.name,
                    &package.version.unwrap_or_default(),
                );
            }
        } else if let Some(programs) = self.programs {
            for program in programs {
                packages.add("program", &program.name, &program.version);
            }
            for hotfix in self.hotfixes.unwrap_or_default() {
                packages.add("hotfix", &hotfix.id, "");
            }
            for binary in self.binaries.unwrap_or_default() {
                packages.add("binary", &binary.path, &format!("sha256:{}", binary.sha256));
            }
        } else {
            let words = "it has no `bomFormat`, `spdxVersion` or `programs`";
            return Err(SbomError::Form(words.to_owned()));
        }
        Ok(packages)
    }
}

/// Components may hold others.
fn add_components(packages: &mut Packages, components: Vec<Component>) {
    for component in components {
        let name = match component.group {
            Some(group) if !group.is_empty() => format!("{group}/{}", component.name),
            _ => component.name,
        };
        let version = component.version.unwrap_or_default();
        packages.add(&component.kind, &name, &version);
        add_components(packages, component.components.unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        match Packages::read(text.as_bytes()) {
            Ok(packages) => {
                let lines = packages.lines();
                let lines: Vec<String> = lines
                    .iter()
                    .map(|(name, version)| format!("{name} = {version}"))
                    .collect();
                lines.join("\n")
            }
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn lines_of_the_projects_own_scripts() {
        let text = "system\tdebian\t12\ndeb\tlinux-image\t6.1-2\ndeb\tlinux-image\t6.1-1\n\ndeb\tbash\t5.2\n";
        insta::assert_snapshot!(read(text), @"
        deb bash = 5.2
        deb linux-image = 6.1-1, 6.1-2
        system debian = 12
        ");
        insta::assert_snapshot!(read("deb\tbash\t5.2\ndeb bash 5.2\n"), @"line 2 is no `kind name version`: expected three fields, separated by tabs, in a line such as `deb<TAB>bash<TAB>5.2`");
    }

    #[test]
    fn cyclonedx() {
        let text = r#"{"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [
            {"type": "library", "group": "org.example", "name": "a", "version": "1", "purl": "pkg:maven/a@1",
             "components": [{"type": "file", "name": "b"}]}]}"#;
        insta::assert_snapshot!(read(text), @"
        file b = 
        library org.example/a = 1
        ");
    }

    #[test]
    fn spdx() {
        let text = r#"{"spdxVersion": "SPDX-2.3", "packages": [
            {"SPDXID": "SPDXRef-a", "name": "a", "versionInfo": "1"}, {"SPDXID": "SPDXRef-b", "name": "b"}]}"#;
        insta::assert_snapshot!(read(text), @"
        package a = 1
        package b =
        ");
    }

    #[test]
    fn windows() {
        let text = "\u{feff}{\"image\": {\"name\": \"x\"}, \"programs\": [{\"name\": \"7-Zip\", \"version\": \"24\", \
                    \"publisher\": \"\"}], \"hotfixes\": [{\"id\": \"KB5\", \"kind\": \"Update\"}], \"binaries\": \
                    [{\"path\": \"C:\\\\w.exe\", \"sha256\": \"ab\"}]}";
        insta::assert_snapshot!(read(text), @r#"
        binary C:\w.exe = sha256:ab
        hotfix KB5 = 
        program 7-Zip = 24
        "#);
    }

    #[test]
    fn what_is_no_sbom() {
        insta::assert_snapshot!(read("{}"), @"it is neither lines of `kind name version`, nor CycloneDX, SPDX or a list of Windows programs as JSON: it has no `bomFormat`, `spdxVersion` or `programs`");
        insta::assert_snapshot!(read("{\"bomFormat\": "), @"it is neither lines of `kind name version`, nor CycloneDX, SPDX or a list of Windows programs as JSON: EOF while parsing a value at line 1 column 14");
        let error = Packages::read(b"\xff").unwrap_err();
        assert!(error.to_string().contains("it is no text"), "{error}");
    }
}
