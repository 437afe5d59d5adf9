//! Values of an application: shared by all loops, or of one.

use landspout_handler::{Request, StateBuilder};
use std::rc::Rc;
use std::sync::Arc;

fn request(builder: &StateBuilder) -> Request {
    let mut request = Request::get("/");
    request.set_state(builder.state());
    request
}

#[test]
fn values_of_two_applications_on_one_thread_are_apart() {
    let (mut one, mut two) = (StateBuilder::new(), StateBuilder::new());
    one.insert_per_loop(Rc::new(1));
    two.insert_per_loop(Rc::new(2));
    assert_eq!(**request(&one).per_loop::<Rc<i32>>().unwrap(), 1);
    assert_eq!(**request(&two).per_loop::<Rc<i32>>().unwrap(), 2);
}

#[test]
fn a_value_that_is_not_there_is_a_500_that_names_its_type() {
    let request = request(&StateBuilder::new());
    let error = request.shared::<String>().unwrap_err();
    assert_eq!(error.status(), 500);
    let cause = error.cause().unwrap().to_string();
    assert_eq!(cause, "the application has no shared value of type alloc::string::String");
    assert!(request.per_loop::<String>().is_err());
    assert!(Request::get("/").shared::<String>().is_err());
}

#[test]
fn values_of_a_loop_stay_on_its_thread_and_end_with_the_application() {
    let mut builder = StateBuilder::new();
    let value = Rc::new(());
    builder.insert_per_loop(Rc::clone(&value));
    builder.insert_shared(Arc::new(7));
    let request = request(&builder);
    let request = std::thread::spawn(move || {
        assert!(request.per_loop::<Rc<()>>().is_err());
        assert_eq!(*request.shared::<i32>().unwrap(), 7);
        request
    });
    let request = request.join().unwrap();
    assert!(request.per_loop::<Rc<()>>().is_ok());
    drop(builder);
    assert!(request.per_loop::<Rc<()>>().is_err());
    assert_eq!(Rc::strong_count(&value), 1);
}

#[test]
fn a_request_on_another_loop_does_not_find_the_values_of_that_loop() {
    let mut builder = StateBuilder::new();
    builder.insert_per_loop(String::from("here"));
    let request = request(&builder);
    let found = std::thread::spawn(move || {
        // The first application of its thread, as `builder` may be of this one.
        let builders: Vec<_> = (0..100)
            .map(|_| {
                let mut builder = StateBuilder::new();
                builder.insert_per_loop(String::from("there"));
                builder
            })
            .collect();
        let found = request.per_loop::<String>().is_ok();
        drop(builders);
        found
    });
    assert!(!found.join().unwrap());
}

/// Asks for its neighbour when it is dropped.
struct Curious(Request);

impl Drop for Curious {
    fn drop(&mut self) {
        let _ = self.0.per_loop::<Curious>();
        let _ = StateBuilder::new();
    }
}

#[test]
fn a_value_may_look_at_the_table_when_it_is_replaced_or_dropped() {
    let mut builder = StateBuilder::new();
    builder.insert_per_loop(Curious(request(&builder)));
    builder.insert_per_loop(Curious(request(&builder)));
    drop(builder);
}
