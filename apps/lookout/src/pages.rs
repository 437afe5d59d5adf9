//! What lookout answers: pages, the API, health and metrics.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY};
use landspout::event_loop::LoopHandle;
use landspout::web::sse::EncodedEvent;
use landspout::web::static_files::Embedded;
use landspout::web::template::Templates;
use landspout::web::{Application, ErrorPage, PageFormat, get};
use landspout::{Error, Html, IntoResponse, Json, Next, Request, Response};
use serde::Serialize;

use crate::archive::Archive;
use crate::board::Board;
use crate::clock::{millis, wall};
use crate::live;
use crate::metrics;
use crate::store::{Store, Window};
use crate::view::{self, Chart, EndpointPage, Moment, Row, Status, Summary, WINDOWS};

/// The pages, as they stand in `pages/`.
const PAGES: [(&str, &str); 6] = [
    ("layout.html", include_str!("../pages/layout.html")),
    ("dashboard.html", include_str!("../pages/dashboard.html")),
    ("endpoint.html", include_str!("../pages/endpoint.html")),
    ("error.html", include_str!("../pages/error.html")),
    ("row.html", include_str!("../pages/row.html")),
    ("mark.html", include_str!("../pages/mark.html")),
];

/// What the pages refer to, as it stands in `assets/`.
const ASSETS: [(&str, &[u8]); 6] = [
    ("lookout.css", include_bytes!("../assets/lookout.css")),
    ("lookout.js", include_bytes!("../assets/lookout.js")),
    ("icon-up.svg", include_bytes!("../assets/icon-up.svg")),
    ("icon-slow.svg", include_bytes!("../assets/icon-slow.svg")),
    ("icon-down.svg", include_bytes!("../assets/icon-down.svg")),
    ("icon-unknown.svg", include_bytes!("../assets/icon-unknown.svg")),
];

/// What the pages are made of, on the loop that serves them.
pub struct Lookout {
    /// What is known right now.
    pub board: Rc<Board>,
    /// What was.
    pub archive: Archive,
    /// The history, for how its writer is doing.
    pub store: Arc<Store>,
    /// The heading of the pages.
    pub title: String,
    /// Nobody has written a file yet: say how.
    pub sample: bool,
    templates: Templates,
    /// The rows that viewers were sent, with the version of the endpoint that they show.
    pub(crate) drawn: RefCell<HashMap<String, (u64, EncodedEvent)>>,
}

impl Lookout {
    /// The pages over a board and its history.
    ///
    /// # Panics
    ///
    /// Never: the templates are part of the program and tested.
    pub fn new(
        board: Rc<Board>,
        store: Arc<Store>,
        archive: Archive,
        title: String,
        sample: bool,
    ) -> Lookout {
        let templates = Templates::embedded(&PAGES).expect("the templates are well formed");
        let drawn = RefCell::default();
        Lookout { board, archive, store, title, sample, templates, drawn }
    }

    /// A row of the list as it stands on the page.
    ///
    /// # Errors
    ///
    /// The template does not fit the row: a 500.
    pub fn render_row(&self, row: &Row) -> Result<String, Error> {
        #[derive(Serialize)]
        struct Context<'a> {
            row: &'a Row,
        }
        Ok(self.templates.render("row.html", &Context { row })?.0)
    }

    fn render(&self, template: &str, page: impl Serialize) -> Result<Html<String>, Error> {
        #[derive(Serialize)]
        struct Context<'a, P> {
            title: &'a str,
            program: &'static str,
            version: String,
            now: Moment,
            summary: Summary,
            #[serde(flatten)]
            page: P,
        }
        let summary = Summary::of(&self.board.entries());
        let context = Context {
            title: &self.title,
            program: concat!("lookout ", env!("CARGO_PKG_VERSION")),
            version: self.board.version_name(self.board.version()),
            now: Moment::at(wall()),
            summary,
            page,
        };
        self.templates.render(template, &context)
    }
}

/// The application: every path that lookout answers.
pub fn application(lookout: Lookout) -> Application {
    let lookout = Rc::new(lookout);
    let of_errors = Rc::clone(&lookout);
    Application::new()
        .per_loop(lookout)
        .error_page(move |error| error_page(&of_errors, error))
        .wrap(guard)
        .route("/", get(dashboard))
        .route("/endpoint/{id}", get(endpoint))
        .route("/events", get(live::events))
        .route("/api/endpoints", get(endpoints))
        .route("/health", get(health))
        .route("/metrics", get(prometheus))
        .mount("/assets", Embedded::new(&ASSETS))
}

/// Lets pages load nothing from elsewhere and run nothing but our script.
async fn guard(request: Request, next: Next) -> Response {
    const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; \
        img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; \
        frame-ancestors 'none'";
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

async fn dashboard(request: Request) -> Result<Html<String>, Error> {
    #[derive(Serialize)]
    struct Page {
        sample: bool,
        rows: Vec<Row>,
    }
    let lookout = request.per_loop::<Rc<Lookout>>()?;
    let rows = view::rows(&lookout.board.entries());
    lookout.render("dashboard.html", Page { sample: lookout.sample, rows })
}

async fn endpoint(request: Request) -> Result<Html<String>, Error> {
    #[derive(Serialize)]
    struct Page {
        #[serde(flatten)]
        endpoint: EndpointPage,
        windows: Vec<Choice>,
    }
    #[derive(Serialize)]
    struct Choice {
        name: &'static str,
    }
    let (id,): (String,) = request.path()?;
    let chosen = request.query_value("window").unwrap_or("24h".into());
    let Some((name, length)) = WINDOWS.into_iter().find(|(name, _)| *name == chosen) else {
        let names = WINDOWS.map(|(name, _)| name).join(", ");
        return Err(Error::new(400, format!("query: `window` must be one of {names}")));
    };
    let lookout = request.per_loop::<Rc<Lookout>>()?;
    let unknown = || Error::new(404, format!("there is no endpoint {id:?}"));
    let every = lookout.board.entry(&id).ok_or_else(unknown)?.endpoint.every;

    let window = Window::last(length, wall());
    let width = Chart::bucket_width(window, millis(every));
    let (buckets, states) = lookout
        .archive
        .read({
            let id = id.clone();
            move |reader| Ok((reader.buckets(&id, window, width)?, reader.states(&id, window)?))
        })
        .await?;
    let chart = Chart::of(window, width, &buckets, &states);
    // Only now, so that it is as new as the version that the page says it shows.
    let entry = lookout.board.entry(&id).ok_or_else(unknown)?;
    let endpoint = EndpointPage::of(&entry, (name, window), chart, &states);
    let windows = WINDOWS.iter().map(|(name, _)| Choice { name }).collect();
    lookout.render("endpoint.html", Page { endpoint, windows })
}

/// An error as a page like the others; as text or JSON it is as the application says it.
fn error_page(lookout: &Lookout, error: &ErrorPage<'_>) -> Option<Response> {
    #[derive(Serialize)]
    struct Page<'a> {
        reason: &'static str,
        message: Option<&'a str>,
    }
    if error.format != PageFormat::Html {
        return None;
    }
    let reason = error.reason();
    let message = Some(error.message).filter(|message| *message != reason);
    lookout.render("error.html", Page { reason, message }).ok().map(IntoResponse::into_response)
}

async fn endpoints(request: Request) -> Result<Json<Vec<Status>>, Error> {
    let lookout = request.per_loop::<Rc<Lookout>>()?;
    let entries = lookout.board.entries();
    Ok(Json(entries.iter().map(Status::of).collect()))
}

/// Whether lookout itself does its work: it answers, and its history is being written.
async fn health(request: Request) -> Result<Json<Health>, Error> {
    let lookout = request.per_loop::<Rc<Lookout>>()?;
    match lookout.store.stats().error {
        None => Ok(Json(Health { status: "ok" })),
        Some(error) => Err(Error::new(503, "the history cannot be written").caused_by(error)),
    }
}

#[derive(Serialize)]
struct Health {
    status: &'static str,
}

async fn prometheus(request: Request) -> Result<Response, Error> {
    let lookout = request.per_loop::<Rc<Lookout>>()?;
    let stats = LoopHandle::current().stats();
    let text = metrics::metrics(&lookout.board, &lookout.store.stats(), &stats);
    Ok(Response::bytes(metrics::CONTENT_TYPE, text))
}
