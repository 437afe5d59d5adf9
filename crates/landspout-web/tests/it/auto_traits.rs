//! Which types may be shared between threads.

use landspout_web::{ErrorPage, PageFormat, RouteError, Urls};

fn is_shared<T: Send + Sync>() {}

#[test]
fn what_is_not_of_one_loop_may_be_shared() {
    is_shared::<Urls>();
    is_shared::<RouteError>();
    is_shared::<ErrorPage<'_>>();
    is_shared::<PageFormat>();
    #[cfg(feature = "templates")]
    is_shared::<(landspout_web::template::Templates, landspout_web::template::TemplateError)>();
    #[cfg(feature = "sse")]
    {
        use landspout_web::sse::{EncodedEvent, Event, EventStream, SendError, SseConfig};
        is_shared::<(Event, EncodedEvent, EventStream, SendError, SseConfig)>();
    }
    #[cfg(feature = "static-files")]
    is_shared::<(landspout_web::static_files::Directory, landspout_web::static_files::Embedded)>();
}
