//! The parts over real sockets: application, server and client.

use landspout::event_loop::{EventLoop, spawn};
use landspout::web::sse::{Event, EventStream};
use landspout::web::{Application, get};
use landspout::{
    Body, Client, Error, Handler, Json, Request, RequestHandler, Resource, Response, Server,
};

async fn hello(_: Request) -> &'static str {
    "Hello, world"
}

struct Story;

impl RequestHandler for Story {
    async fn get(&self, request: Request) -> Result<Response, Error> {
        let (id,): (u64,) = request.path()?;
        Ok(Response::text(format!("this is story {id}")))
    }
}

fn application() -> Application {
    Application::new().route("/", get(hello)).route("/story/{id}", Resource(Story))
}

/// Serves a handler on the current loop, and returns where.
fn start(handler: impl Handler + 'static) -> String {
    let server = Server::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", server.local_addr());
    drop(spawn(server.serve(handler)));
    url
}

#[test]
fn a_client_and_a_server_share_a_loop() {
    EventLoop::new().unwrap().run_until(async {
        let url = start(application());
        let client = Client::new();
        let mut response = client.get(format!("{url}/story/7")).send().await.unwrap();
        assert_eq!(response.text().await.unwrap(), "this is story 7");
        let response = client.post(&url).send().await.unwrap();
        assert_eq!(
            (response.status().as_u16(), response.header("allow")),
            (405, Some("GET, HEAD, OPTIONS"))
        );
        let response = client.head(&url).send().await.unwrap();
        assert_eq!(
            (response.status().as_u16(), response.header("content-length")),
            (200, Some("12"))
        );
    });
}

#[test]
fn a_client_behind_a_server_is_a_reverse_proxy() {
    EventLoop::new().unwrap().run_until(async {
        let origin = start(application());
        let client = Client::new();
        let proxy = start(move |mut request: Request| {
            let (client, target) = (client.clone(), format!("{origin}{}", request.uri().path()));
            async move {
                request.set_uri(target.parse()?);
                Ok::<_, Error>(client.handle(request).await)
            }
        });
        let mut response = Client::new().get(format!("{proxy}/story/8")).send().await.unwrap();
        assert_eq!(response.text().await.unwrap(), "this is story 8");
        let response = Client::new().get(format!("{proxy}/nowhere")).send().await.unwrap();
        assert_eq!(response.status(), 404);
    });
}

#[test]
fn the_same_client_tests_an_application_in_memory() {
    EventLoop::new().unwrap().run_until(async {
        let client = Client::over(application());
        let mut response = client.get("/story/9").send().await.unwrap();
        assert_eq!(response.text().await.unwrap(), "this is story 9");
    });
}

async fn echo(request: Request) -> Result<Response, Error> {
    Ok(Response::new(request.into_body()))
}

#[test]
fn a_body_streams_through_client_server_and_back() {
    EventLoop::new().unwrap().run_until(async {
        let url = start(Application::new().route("/echo", echo));
        let (mut writer, body) = Body::writer();
        drop(spawn(async move {
            for number in 0..100 {
                writer.write(format!("{number:05}")).await.unwrap();
            }
            writer.finish().await.unwrap();
        }));
        let request = Client::new().post(format!("{url}/echo")).body(body);
        let text = request.send().await.unwrap().text().await.unwrap();
        assert_eq!((text.len(), &text[495..]), (500, "00099"));
    });
}

#[test]
fn a_body_that_breaks_off_never_looks_whole() {
    async fn broken(_: Request) -> Response {
        let (mut writer, body) = Body::writer();
        drop(spawn(async move { writer.write("half").await }));
        Response::new(body)
    }
    EventLoop::new().unwrap().run_until(async {
        let url = start(Application::new().route("/", broken));
        let mut response = Client::new().get(url).send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert!(response.text().await.unwrap_err().is_body());
    });
}

#[test]
fn events_reach_the_client_as_they_happen() {
    async fn ticks(request: Request) -> Response {
        let (events, response) = EventStream::open(&request);
        drop(spawn(async move {
            for number in 1.. {
                if events.send(Event::new(number.to_string())).await.is_err() {
                    return;
                }
            }
        }));
        response
    }
    EventLoop::new().unwrap().run_until(async {
        let url = start(Application::new().route("/", ticks));
        let mut response = Client::new().get(url).send().await.unwrap();
        let mut seen = String::new();
        while !seen.contains("data: 5\n\n") {
            let piece = response.chunk().await.unwrap().unwrap();
            seen.push_str(std::str::from_utf8(&piece).unwrap());
        }
        assert!(seen.contains("data: 1\n\ndata: 2\n\n"), "{seen}");
    });
}

#[test]
fn arguments_and_errors_go_over_the_wire_as_they_are_documented() {
    async fn sum(mut request: Request) -> Result<Json<u32>, Error> {
        Ok(Json(request.json::<Vec<u32>>().await?.iter().sum()))
    }
    EventLoop::new().unwrap().run_until(async {
        let client = Client::new();
        let url = start(Application::new().route("/", sum.body_limit(64)));
        let mut response = client.post(&url).json(&[1, 2, 3]).send().await.unwrap();
        assert_eq!(response.json::<u32>().await.unwrap(), 6);
        let status = async |body: &'static str, content_type: &str| {
            let request = client.post(&url).body(body).header("content-type", content_type);
            request.send().await.unwrap().status().as_u16()
        };
        assert_eq!(status("[1,", "application/json").await, 400);
        assert_eq!(status("[\"a\"]", "application/json").await, 422);
        assert_eq!(status("[1]", "text/plain").await, 415);
        let response = client.post(&url).json(&vec![1; 64]).send().await.unwrap();
        assert_eq!(response.status(), 413);
    });
}
