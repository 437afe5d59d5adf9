//! Pages made of templates, with what is put into them escaped.
//!
//! The language is [Jinja](https://docs.rs/minijinja/3/minijinja/syntax/index.html): `{{ value }}`,
//! `{% for %}`, `{% extends %}`.
//!
//! ```
//! use landspout_web::template::Templates;
//! use landspout_web::{Application, Error, Handler, Html, Request};
//! use std::collections::HashMap;
//! use std::sync::Arc;
//!
//! async fn hello(request: Request) -> Result<Html<String>, Error> {
//!     let name = request.query_value("name").unwrap_or("world".into());
//!     request.shared::<Templates>()?.render("hello.html", &HashMap::from([("name", name)]))
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let templates = Templates::embedded(&[("hello.html", "<h1>Hello, {{ name }}</h1>")])?;
//! let application = Application::new().shared(Arc::new(templates)).route("/", hello);
//!
//! let response = application.handle(Request::get("/?name=%3Cscript%3E")).await;
//! let page = response.into_body().text().await?;
//! assert_eq!(page, "<h1>Hello, &lt;script&gt;</h1>");
//! # Ok::<(), landspout_web::Error>(()) }).unwrap();
//! ```

use landspout_handler::{Error, Html};
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior, path_loader};
use serde::Serialize;
use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::path::Path;

/// A set of templates, by name. All loops share one.
///
/// What is put into a template is escaped for HTML; in one whose name ends in `.txt` or `.md` it is
/// not, and in `.json` and `.js` it is written as JSON. `{{ value|safe }}` is not escaped, and is
/// the author's word that it need not be.
///
/// A name that is not there is an error where it is printed, looped over or looked into, so that
/// a misspelt one is found; `{% if name %}` may ask whether it is there.
pub struct Templates(Environment<'static>);

impl Templates {
    /// Templates that are part of the program, as name and text.
    ///
    /// # Errors
    /// One is not well formed; the error has its name and the line.
    pub fn embedded(
        templates: &[(&'static str, &'static str)],
    ) -> Result<Templates, TemplateError> {
        let mut environment = environment();
        for (name, text) in templates {
            environment.add_template(name, text).map_err(TemplateError)?;
        }
        Ok(Templates(environment))
    }

    /// All files below a directory; a file's name is its path from there, with slashes. Files and
    /// directories whose names begin with a dot are left out.
    ///
    /// They are read now and never again, so that a mistake in one is found when the program
    /// starts. [`reloading`](Templates::reloading) reads them again as they change.
    ///
    /// # Errors
    /// One is not well formed or not UTF-8, or cannot be read.
    pub fn directory(root: impl AsRef<Path>) -> Result<Templates, TemplateError> {
        let mut environment = environment();
        add_all(&mut environment, root.as_ref(), "")?;
        Ok(Templates(environment))
    }

    /// The files below a directory, each read when it is needed first and again when it was
    /// changed. For development: it asks the disk at each rendering, on the loop, and what a template
    /// was before a change stays in memory.
    pub fn reloading(root: impl AsRef<Path>) -> Templates {
        let mut environment = environment();
        environment.set_loader(path_loader(root.as_ref()));
        Templates(environment)
    }

    /// Makes a page of a template and the values in `context`: a struct or a map.
    ///
    /// # Errors
    /// There is no such template, a value that it needs is not there, or, with
    /// [`reloading`](Templates::reloading), it is not well formed: a 500 whose cause, for the log
    /// alone, has the name of the template and the line.
    pub fn render<T: Serialize + ?Sized>(
        &self,
        name: &str,
        context: &T,
    ) -> Result<Html<String>, Error> {
        let rendered =
            self.0.get_template(name).and_then(|template| template.render(Serde(context)));
        rendered.map(Html).map_err(|error| Error::internal(TemplateError(error)))
    }
}

impl fmt::Debug for Templates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.templates().map(|(name, _)| name)).finish()
    }
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    // What is not known to be something else is escaped: `page.j2` is a page, too.
    environment.set_auto_escape_callback(|name| match name.rsplit('.').next() {
        Some("txt" | "md") => AutoEscape::None,
        Some("json" | "js") => AutoEscape::Json,
        _ => AutoEscape::Html,
    });
    environment
}

/// Adds the files of a directory, whose names begin with `prefix`.
fn add_all(
    environment: &mut Environment<'static>,
    directory: &Path,
    prefix: &str,
) -> Result<(), TemplateError> {
    let failed = |path: &Path, error| TemplateError(unreadable(path, error));
    for entry in directory.read_dir().map_err(|error| failed(directory, error))? {
        let path = entry.map_err(|error| failed(directory, error))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        if name.starts_with('.') {
            continue;
        }
        let name = format!("{prefix}{name}");
        if path.is_dir() {
            add_all(environment, &path, &format!("{name}/"))?;
        } else {
            let text = std::fs::read_to_string(&path).map_err(|error| failed(&path, error))?;
            environment.add_template_owned(name, text).map_err(TemplateError)?;
        }
    }
    Ok(())
}

fn unreadable(path: &Path, error: io::Error) -> minijinja::Error {
    let message = format!("{} cannot be read", path.display());
    minijinja::Error::new(ErrorKind::InvalidOperation, message).with_source(error)
}

/// A template that is not well formed, cannot be read, or cannot be rendered.
///
/// Its text names the template and the line, and is for the log.
#[derive(Debug)]
pub struct TemplateError(minijinja::Error);

impl TemplateError {
    /// The name of the template with the mistake, if it is known.
    pub fn template(&self) -> Option<&str> {
        self.0.name()
    }

    /// The line of the mistake, from 1, if it is known.
    pub fn line(&self) -> Option<usize> {
        self.0.line()
    }
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl StdError for TemplateError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
    }
}
