//! A health board, fed by own keys and membership:
//! `cargo run --release -p gossip-node --example health_board`.
//!
//! Every node says how it is under an own key, which no other can write; who is
//! here says the membership. The board needs both: one that crashed cannot say
//! so, and its last word stays until it is forgotten.
//! docs/examples/health-board.md tells the story.

mod cluster;

use std::collections::BTreeMap;
use std::io::Write;

use cluster::{Cluster, Result, in_time};
use gossip_node::{
    Events, EventsItem, Keys, MemberPicture, MemberStatus, MemberView, Node, NodeId, Selection,
    Value, Watch, WatchItem,
};

/// The own key under which a node says how it is.
const HEALTH: &str = "health";

#[tokio::main]
async fn main() -> Result<()> {
    story(&mut std::io::stdout()).await
}

/// What one node knows of the health of all.
struct Board {
    own: NodeId,
    members: MemberPicture,
    events: Events,
    words: BTreeMap<NodeId, String>,
    watch: Watch,
}

impl Board {
    async fn on(node: &Node) -> Result<Self> {
        let health = Selection::everybody(Keys::Exactly(HEALTH.parse()?));
        Ok(Self {
            own: node.id().clone(),
            members: MemberPicture::default(),
            events: node.events().await?,
            words: BTreeMap::new(),
            watch: node.watch_from(health, None).await?,
        })
    }

    /// Takes in whatever is told next, of members or of words.
    async fn step(&mut self) -> Result<()> {
        tokio::select! {
            item = self.events.next() => {
                let item = item.ok_or("the node has stopped")?;
                self.member(&item)
            }
            item = self.watch.next() => self.word(item.ok_or("the node has stopped")?),
        }
    }

    fn member(&mut self, item: &EventsItem) -> Result<()> {
        match self.members.apply(item) {
            true => Ok(()),
            false => Err("too slow: members were missed".into()),
        }
    }

    fn word(&mut self, item: WatchItem) -> Result<()> {
        match item {
            WatchItem::Row(row) => {
                self.words.insert(row.write.author, text(&row.value));
            }
            WatchItem::Changed(event) => match &event.value {
                Some(value) => {
                    self.words.insert(event.write.author, text(value));
                }
                None => {
                    self.words.remove(&event.write.author);
                }
            },
            WatchItem::Anew => self.words.clear(),
            WatchItem::Lagged(_) => return Err("too slow: words were missed".into()),
            WatchItem::Current(_) | WatchItem::Conflict { .. } => {}
        }
        Ok(())
    }

    async fn until(&mut self, holds: impl Fn(&Self) -> bool) -> Result<()> {
        let steps = async {
            while !holds(self) {
                self.step().await?;
            }
            Ok(())
        };
        in_time("the board shows it", steps).await
    }

    fn status(&self, id: &NodeId) -> Option<MemberStatus> {
        self.members.members().get(id).map(|seen| seen.status)
    }

    fn show(&self, out: &mut impl Write) -> Result<()> {
        writeln!(out, "  MEMBER  IS       SAYS")?;
        for (id, seen) in self.members.members() {
            let says = self.words.get(id).map_or("nothing yet", String::as_str);
            let board = if *id == self.own {
                "  (the board is here)"
            } else {
                ""
            };
            let is = format!("{:?}", seen.status).to_lowercase();
            writeln!(out, "  {id:<8}{is:<9}{says}{board}")?;
        }
        writeln!(out)?;
        Ok(())
    }
}

fn text(value: &Value) -> String {
    String::from_utf8_lossy(value.bytes()).into_owned()
}

/// The story, told to `out`.
pub(crate) async fn story(out: &mut impl Write) -> Result<()> {
    let cluster = Cluster::new()?;
    let nodes = cluster.start_all(["n1", "n2", "n3", "n4"]).await?;
    let [n1, n2, n3, n4] = nodes.as_slice() else {
        return Err("four nodes".into());
    };
    let ids: Vec<NodeId> = nodes.iter().map(|node| node.id().clone()).collect();
    let mut board = Board::on(n1).await?;

    writeln!(out, "four nodes have met, and each says how it is:")?;
    for node in &nodes {
        node.put_own(HEALTH, "well").await?;
    }
    board.until(|board| board.words.len() == 4).await?;
    board.show(out)?;

    writeln!(out, "n2 has a problem, and says so:")?;
    n2.put_own(HEALTH, "degraded: disk at 91 %").await?;
    board
        .until(|board| board.words.get(n2.id()).is_some_and(|word| word != "well"))
        .await?;
    board.show(out)?;

    writeln!(
        out,
        "n3 crashes in the middle of a sentence; n4 leaves in good order:"
    )?;
    n3.shutdown().await;
    n4.leave().await?;
    board
        .until(|board| {
            board.status(n3.id()) == Some(MemberStatus::Dead)
                && board.status(n4.id()) == Some(MemberStatus::Left)
        })
        .await?;
    board.show(out)?;

    writeln!(
        out,
        "anybody can be asked, without a board: one key, every member's value:"
    )?;
    for said in n1.everybody(HEALTH).await? {
        let status = said
            .status
            .map_or("unknown".to_owned(), |status| format!("{status:?}"));
        let (member, word) = (&said.row.write.author, text(&said.row.value));
        writeln!(out, "  {member} ({}): {word}", status.to_lowercase())?;
    }
    writeln!(out)?;

    writeln!(
        out,
        "n3 will not come back: it is forgotten, and its last word with it:"
    )?;
    n1.forget(n3.id()).await?;
    board
        .until(|board| board.status(n3.id()).is_none() && !board.words.contains_key(n3.id()))
        .await?;
    board.show(out)?;

    // What was folded from events is what is answered to a question.
    let asked: Vec<MemberView> = n1.members().await?;
    let folded: Vec<_> = board.members.members().keys().collect();
    if !asked.iter().map(|view| &view.id).eq(folded) || asked.len() != ids.len() - 1 {
        return Err("the board is not what the node answers".into());
    }
    for node in [n1, n2] {
        node.shutdown().await;
    }
    writeln!(out, "done")?;
    Ok(())
}
