//! What these tests share.

use std::time::Duration;

use openopc::{Tag, Watch};

/// Far longer than anything here takes, on a slow machine too.
const LONG: Duration = Duration::from_secs(90);

/// A tag of the foreign servers' own namespace, by its string identifier.
pub(crate) fn tag(name: &str) -> Tag {
    Tag::parse(format!("nsu=urn:openopc:interop;s={name}")).expect("a tag")
}

/// The future's output; fails where it never comes.
pub(crate) async fn within<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(LONG, future).await.expect("this never happens")
}

/// Good readings of both tags, the counter's in order.
pub(crate) async fn flows(watch: &mut Watch) -> i32 {
    let (mut counts, mut constant) = (Vec::new(), false);
    while counts.len() < 3 || !constant {
        let reading = within(watch.next()).await.expect("the client is open");
        if reading.status.is_bad() {
            continue;
        }
        if reading.tag == tag("Counter.Int32") {
            counts.push(reading.get::<i32>().expect("an Int32"));
        } else {
            assert_eq!(reading.get::<i32>().expect("an Int32"), 7);
            constant = true;
        }
    }
    assert!(counts.windows(2).all(|pair| pair[0] < pair[1]), "{counts:?}");
    counts[2]
}
