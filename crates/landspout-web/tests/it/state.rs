//! Values of an application.

use crate::{fetch, run};
use landspout_web::{Application, Error, Request};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

async fn count_shared(request: Request) -> Result<String, Error> {
    let counter = request.shared::<AtomicU32>()?;
    Ok((counter.fetch_add(1, Ordering::Relaxed) + 1).to_string())
}

async fn count_per_loop(request: Request) -> Result<String, Error> {
    let counter = request.per_loop::<Rc<Cell<u32>>>()?;
    counter.set(counter.get() + 1);
    Ok(counter.get().to_string())
}

#[test]
fn shared_values_are_one_and_values_of_a_loop_are_many() {
    let shared = Arc::new(AtomicU32::new(0));
    let make = || {
        Application::new()
            .shared(Arc::clone(&shared))
            .per_loop(Rc::new(Cell::new(0_u32)))
            .route("/shared", count_shared)
            .route("/loop", count_per_loop)
    };
    // Two applications on a thread stand for those of two loops.
    let (one, two) = (make(), make());
    run(async {
        for (application, path, expected) in [
            (&one, "/shared", "1"),
            (&two, "/shared", "2"),
            (&one, "/loop", "1"),
            (&two, "/loop", "1"),
            (&one, "/loop", "2"),
        ] {
            assert_eq!(fetch(application, path).await, (200, expected.to_owned()));
        }
    });
}

#[test]
fn a_value_that_was_not_given_is_500() {
    let application = Application::new().route("/", count_shared);
    run(async {
        assert_eq!(fetch(&application, "/").await.0, 500);
        let application = application.shared(Arc::new(AtomicU32::new(0)));
        assert_eq!(fetch(&application, "/").await.0, 200);
    });
}
