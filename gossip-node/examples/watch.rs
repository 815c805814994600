//! Two nodes: one watches what the other writes. `cargo run --example watch`.
//!
//! The watch tells the keys as they stand, then each change exactly once, no
//! matter which of the two nodes wrote it, or when the watch began.

use std::time::Duration;

use gossip_node::{Config, Credentials, Node, NodeBuilder, Profile, Space, WatchItem};
use gossip_quic::KeyAlgorithm;
use gossip_quic::pki::Authority;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

#[tokio::main]
async fn main() -> Result<()> {
    let day = Duration::from_secs(24 * 3_600);
    let cluster = "demo".parse()?;
    let authority = Authority::create("example.org", cluster, KeyAlgorithm::default(), day)?;
    let dir = tempfile::tempdir()?;

    let writer = builder(&authority, "writer")?.data_dir(dir.path().join("writer"));
    let writer = writer.start().await?;
    let reader = builder(&authority, "reader")?.data_dir(dir.path().join("reader"));
    let reader = reader
        .seeds([writer.local_addr().to_string()])
        .start()
        .await?;
    writer.put("color", "green").await?;
    reader.running().await?;

    let mut watch = reader.watch(Space::Shared, "").await?;
    writer.put("color", "blue").await?;
    writer.put("shape", "round").await?;
    writer.delete("color").await?;
    writer.put("end", "").await?;
    while let Some(item) = watch.next().await {
        match item {
            WatchItem::Row(row) => println!("stands    {} = {:?}", row.key, row.value.bytes()),
            WatchItem::Current(_) => println!("          that is all; now what changes"),
            WatchItem::Changed(event) => {
                match &event.value {
                    Some(value) => println!("changed   {} = {:?}", event.key, value.bytes()),
                    None => println!("deleted   {}", event.key),
                }
                if event.key.as_str() == "end" {
                    break;
                }
            }
            WatchItem::Conflict { key, .. } => println!("conflict  {key}"),
            WatchItem::Anew => println!("          from the beginning"),
            WatchItem::Lagged(missed) => println!("missed    {missed}"),
        }
    }
    reader.leave().await?;
    writer.shutdown().await;
    Ok(())
}

fn builder(authority: &Authority, name: &str) -> Result<NodeBuilder> {
    let hour = Duration::from_secs(3_600);
    let issued = authority.issue(&name.parse()?, hour, KeyAlgorithm::default())?;
    let credentials = Credentials::from_pem(
        issued.chain_pem.as_bytes(),
        issued.key_pem.as_bytes(),
        authority.certificate_pem().as_bytes(),
    )?;
    Ok(Node::builder()
        .credentials(credentials)
        .listen("127.0.0.1:0".parse()?)
        .config(Config::new(Profile::Local)))
}
