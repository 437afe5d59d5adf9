//! Tables and charts of results.

mod chart;
mod html;
mod markdown;
mod summary;

use crate::cli::ReportOptions;
use crate::program::Places;
use crate::results::{Results, latest};
use anyhow::{Context, Result};
use std::fs;
use std::path::Path;

const BEGIN: &str = "<!-- versus: begin -->";
const END: &str = "<!-- versus: end -->";

/// Writes what is asked for; the tables to the terminal, if nothing is.
pub(crate) fn report(options: &ReportOptions) -> Result<()> {
    let path = match &options.results {
        Some(path) => path.clone(),
        None => latest(&Places::find(false)?.home.join("results"))?,
    };
    let results = Results::read(&path)?;
    let tables = markdown::tables(&results);
    if let Some(path) = &options.markdown {
        fs::write(path, &tables)?;
    }
    if let Some(path) = &options.html {
        fs::write(path, html::page(&results))?;
    }
    if let Some(path) = &options.into {
        replace(path, &tables)?;
    }
    if options.html.is_none() && options.markdown.is_none() && options.into.is_none() {
        print!("{tables}");
    }
    Ok(())
}

/// Puts the tables between the two marks of a file.
fn replace(path: &Path, tables: &str) -> Result<()> {
    let text = fs::read_to_string(path)?;
    let marks = text.split_once(BEGIN).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(END)?;
        Some((before, after))
    });
    let (before, after) = marks.with_context(|| format!("{} has no marks", path.display()))?;
    fs::write(path, format!("{before}{BEGIN}\n\n{}\n\n{END}{after}", tables.trim()))?;
    Ok(())
}
