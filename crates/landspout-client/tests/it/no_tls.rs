//! https without the feature `tls`.

use crate::script::{Act, Server};
use landspout_client::Client;

#[tokio::test]
async fn https_names_the_missing_feature() {
    let server = Server::play([vec![Act::Hold]]).await;
    let error = Client::new().get(format!("https://{}/", server.addr)).send().await.unwrap_err();
    assert!(error.is_tls());
    assert!(format!("{error:?}").contains("the feature `tls`"), "{error:?}");
}
