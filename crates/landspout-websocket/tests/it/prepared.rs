//! One message for connections that agreed on different things.

use http::{HeaderValue, Method, StatusCode, Version};
use landspout_websocket::{
    Config, DeflateConfig, Message, Offer, Opening, PreparedMessage, WebSocket,
};
use tokio::io::{AsyncReadExt, DuplexStream, duplex};

/// A server and a client that agreed on compression, or on none.
fn pair(deflate: Option<DeflateConfig>) -> (WebSocket<DuplexStream>, WebSocket<DuplexStream>) {
    let mut config = Config::default();
    config.deflate = deflate;
    let opening = Opening::new(&config);
    let offer = Offer::read(&Method::GET, Version::HTTP_11, &opening.headers()).unwrap();
    let accepted = offer.accept(&config).unwrap();
    let agreement = opening.finish(StatusCode::SWITCHING_PROTOCOLS, &accepted.headers).unwrap();
    let (near, far) = duplex(1 << 20);
    (WebSocket::new(near, accepted.agreement, &config), WebSocket::new(far, agreement, &config))
}

fn kinds() -> Vec<Option<DeflateConfig>> {
    let shared = DeflateConfig::default();
    let mut kinds = vec![None, Some(shared.clone().context_takeover(true))];
    kinds.extend((9..=15).map(|bits| Some(shared.clone().window_bits(bits))));
    kinds.push(Some(shared.threshold(1 << 20)));
    kinds
}

#[tokio::test]
async fn every_connection_receives_it_whatever_it_agreed_on() {
    let text = r#"{"price": 17, "name": "a long enough name"}"#.repeat(50);
    let news = PreparedMessage::new(text.as_str());
    for deflate in kinds() {
        let (mut server, mut client) = pair(deflate);
        // Own messages in between keep their context, if they have one.
        for _ in 0..3 {
            server.send_prepared(&news).await.unwrap();
            server.send(text.as_str()).await.unwrap();
            client.send_prepared(&news).await.unwrap();
            client.send(text.as_str()).await.unwrap();
        }
        for _ in 0..6 {
            assert_eq!(client.receive().await.unwrap(), Some(Message::from(text.as_str())));
            assert_eq!(server.receive().await.unwrap(), Some(Message::from(text.as_str())));
        }
    }
}

/// The first byte of the frame, and its length.
async fn frame(
    deflate: Option<DeflateConfig>,
    offer: &'static str,
    news: &PreparedMessage,
) -> Vec<u8> {
    let mut config = Config::default();
    config.deflate = deflate;
    let mut headers = Opening::new(&Config::default()).headers();
    headers.insert("sec-websocket-extensions", HeaderValue::from_static(offer));
    let offer = Offer::read(&Method::GET, Version::HTTP_11, &headers).unwrap();
    let (near, mut far) = duplex(1 << 20);
    let agreement = offer.accept(&config).unwrap().agreement;
    let mut server = WebSocket::new(near, agreement, &config);
    server.send_prepared(news).await.unwrap();
    drop(server);
    let mut bytes = Vec::new();
    far.read_to_end(&mut bytes).await.unwrap();
    bytes
}

#[tokio::test]
async fn it_is_compressed_where_messages_are_compressed_by_themselves_and_only_there() {
    let news = PreparedMessage::new("x".repeat(1000));
    let plain = frame(None, "permessage-deflate", &news).await;
    assert_eq!((plain[0], plain.len()), (0x81, 1004));
    let config = DeflateConfig::default();
    let shared = frame(Some(config.clone()), "permessage-deflate", &news).await;
    assert_eq!(shared[0], 0xC1);
    assert!(shared.len() < 50);
    let small = "permessage-deflate; server_max_window_bits=9";
    assert_eq!(frame(Some(config.clone()), small, &news).await[0], 0xC1);
    let kept = frame(Some(config.context_takeover(true)), "permessage-deflate", &news).await;
    assert_eq!(kept, plain);
}
