//! A node in a program, from nothing: `cargo run --example library`.
//!
//! It makes a throw-away authority in a temporary directory, so it runs by
//! itself; a real one comes from `gossip pki`.

use std::time::Duration;

use gossip_node::{Credentials, Node};
use gossip_quic::KeyAlgorithm;
use gossip_quic::pki::Authority;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let day = Duration::from_secs(24 * 3_600);
    let algorithm = KeyAlgorithm::default();
    let authority = Authority::create("example.org", "demo".parse()?, algorithm, day)?;
    let issued = authority.issue(&"eu/1/n1".parse()?, day, algorithm)?;
    let credentials = Credentials::from_pem(
        issued.chain_pem.as_bytes(),
        issued.key_pem.as_bytes(),
        authority.certificate_pem().as_bytes(),
    )?;
    let dir = tempfile::tempdir()?;

    let node = Node::builder()
        .credentials(credentials)
        .listen("127.0.0.1:0".parse()?)
        .data_dir(dir.path())
        .start()
        .await?;
    node.running().await?;
    println!("{} takes part at {}", node.id(), node.local_addr());

    node.put("greeting", "hello").await?;
    for row in node.list("").await? {
        println!("{} = {:?}", row.key, row.value.bytes());
    }
    for member in node.members().await? {
        println!("{} is {:?}", member.id, member.status);
    }
    println!("stopped: {}", node.shutdown().await);
    Ok(())
}
