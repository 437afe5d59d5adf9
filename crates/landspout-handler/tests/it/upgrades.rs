//! Handing a connection over.

use landspout_handler::{Upgrade, Upgraded};
use std::io::ErrorKind;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[tokio::test]
async fn bytes_that_were_read_ahead_come_first() {
    let (near, mut far) = tokio::io::duplex(64);
    let (sender, upgrade) = Upgrade::channel();
    sender.send(Upgraded::new(near, "early ".into()));
    far.write_all(b"late").await.unwrap();
    let mut io = upgrade.await.unwrap();
    let mut read = [0; 10];
    io.read_exact(&mut read).await.unwrap();
    assert_eq!(&read, b"early late");
    io.write_all(b"back").await.unwrap();
    drop(io);
    let mut back = String::new();
    far.read_to_string(&mut back).await.unwrap();
    assert_eq!(back, "back");
}

#[tokio::test]
async fn a_connection_that_was_not_upgraded_is_an_error() {
    let (sender, upgrade) = Upgrade::channel();
    drop(sender);
    assert_eq!(upgrade.await.unwrap_err().kind(), ErrorKind::ConnectionAborted);
}

#[tokio::test]
async fn a_connection_that_nobody_awaits_is_closed() {
    let (near, mut far) = tokio::io::duplex(64);
    let (sender, upgrade) = Upgrade::channel();
    drop(upgrade);
    assert!(sender.is_closed());
    sender.send(Upgraded::new(near, "".into()));
    assert_eq!(far.read(&mut [0; 1]).await.unwrap(), 0);
}
