//! Where the page is served: one listener of landspout's, or a list of them.

use std::path::{Path, PathBuf};

use landspout::server::Listen;
use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeValue, ValueDeserializer};

use super::section::{Report, Section};

/// Takes `listen` out of `[server]`; `None` where it is not there or has a mistake.
pub(super) fn read(section: &mut Section<'_, '_>, folder: &Path) -> Option<Vec<Listen>> {
    let value = section.take("listen")?;
    let report = section.report;
    let span = value.span();
    let values = match value.into_inner() {
        DeValue::Array(items) => items.into_iter().collect(),
        one => vec![Spanned::new(span.clone(), one)],
    };
    if values.is_empty() {
        report.add(&span, "\"listen\" must have an address such as \"127.0.0.1:8888\"");
    }
    let listen: Option<Vec<_>> =
        values.into_iter().map(|value| read_one(value, report, folder)).collect();
    listen.filter(|listen| !listen.is_empty())
}

fn read_one(value: Spanned<DeValue<'_>>, report: &Report, folder: &Path) -> Option<Listen> {
    let span = value.span();
    match Listen::deserialize(ValueDeserializer::from(value)) {
        Ok(mut listen) => {
            begin_at(folder, &mut listen);
            Some(listen)
        }
        Err(error) => {
            let span = error.span().unwrap_or(span);
            report.add(&span, format!("\"listen\": {}", error.message()));
            None
        }
    }
}

/// Lets the relative paths of certificates, which TLS is set up with, begin at a folder.
fn begin_at(folder: &Path, listen: &mut Listen) {
    let Some(tls) = &mut listen.tls else { return };
    let files = tls.certificates.iter_mut();
    let files = files.flat_map(|files| [&mut files.certificate, &mut files.key]);
    let all = files.chain(&mut tls.client_roots).chain(&mut tls.client_revocations);
    all.for_each(|path: &mut PathBuf| *path = folder.join(&path));
}
