//! Reaching a loop from other threads.

use landspout_loop::{EventLoop, LoopHandle, add_callback};
use std::cell::RefCell;
use std::sync::mpsc;
use std::thread;

#[test]
fn stop_wakes_a_loop_that_waits() {
    let event_loop = EventLoop::new().unwrap();
    let handle = event_loop.handle();
    let (sender, receiver) = mpsc::channel();
    event_loop.handle().add_callback(move || sender.send(()).unwrap());
    let stopping = thread::spawn(move || {
        receiver.recv().unwrap();
        handle.stop();
    });
    event_loop.start();
    stopping.join().unwrap();
}

#[test]
fn callbacks_of_each_thread_keep_their_order() {
    let event_loop = EventLoop::new().unwrap();
    let (sender, receiver) = mpsc::channel();
    let threads = ["a", "b"].map(|name| {
        let (handle, sender) = (event_loop.handle(), sender.clone());
        thread::spawn(move || {
            for number in 0..1000 {
                let sender = sender.clone();
                handle.add_callback(move || sender.send((name, number)).unwrap());
            }
        })
    });
    drop(sender);
    let handle = event_loop.handle();
    let waiting = thread::spawn(move || {
        for thread in threads {
            thread.join().unwrap();
        }
        handle.add_callback(|| LoopHandle::current().stop());
    });
    event_loop.start();
    waiting.join().unwrap();
    let (a, b): (Vec<_>, Vec<_>) = receiver.into_iter().partition(|(name, _)| *name == "a");
    assert!(a.iter().map(|(_, number)| *number).eq(0..1000));
    assert!(b.iter().map(|(_, number)| *number).eq(0..1000));
}

#[test]
fn a_handle_knows_its_loop() {
    let event_loop = EventLoop::new().unwrap();
    let handle = event_loop.handle();
    assert_eq!(handle.name(), "loop");
    assert!(!handle.is_closed());
    drop(event_loop);
    assert!(handle.is_closed());
    handle.stop();
}

thread_local! {
    static LATE: RefCell<Option<Late>> = const { RefCell::new(None) };
}

/// Reaches a loop when its thread has ended so far that its other values are gone.
struct Late(LoopHandle);

impl Drop for Late {
    fn drop(&mut self) {
        self.0.add_callback(|| LoopHandle::current().stop());
    }
}

#[test]
fn a_thread_that_is_ending_reaches_a_loop() {
    let event_loop = EventLoop::new().unwrap();
    let handle = event_loop.handle();
    let ending = thread::spawn(move || {
        LATE.set(Some(Late(handle.clone())));
        handle.add_callback(|| ());
    });
    event_loop.start();
    ending.join().unwrap();
}

thread_local! {
    static OWN: EventLoop = EventLoop::new().unwrap();
}

#[test]
fn a_loop_may_be_kept_for_its_thread() {
    let handle = thread::spawn(|| {
        OWN.with(|own| own.run_until(async { add_callback(|| ()) }));
        OWN.with(EventLoop::handle)
    });
    assert!(handle.join().unwrap().is_closed());
}
