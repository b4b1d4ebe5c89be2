//! Two foreign servers that stand in for each other.

use std::time::Duration;

use openopc::{Client, ClientBuilder, Event, FailBack, Value, Watch};
use tokio::sync::mpsc;

use crate::peers::{Server, Stack};
use crate::support::{flows, tag, within};

/// Two servers, a client of both that is at the first one, and a subscription.
struct Pair {
    first: Server,
    second: Server,
    opc: Client,
    events: mpsc::UnboundedReceiver<Event>,
    watch: Watch,
}

async fn pair(stacks: [Stack; 2], more: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Option<Pair> {
    let (first, second) = (stacks[0].server()?, stacks[1].server()?);
    let (sender, mut events) = mpsc::unbounded_channel();
    let builder = Client::builder([&first.url, &second.url])
        .keep_alive(Duration::from_millis(200))
        .reconnect(None, Duration::from_millis(200))
        .on_event(move |event| _ = sender.send(event));
    let opc = within(more(builder).open()).await.expect("a session");
    assert_eq!(opc.url(), first.url);
    assert_eq!(within(events.recv()).await, Some(Event::Connected { resumed: false }));
    let tags = [tag("Counter.Int32"), tag("ReadOnly.Int32")];
    let mut watch = within(opc.watch(tags, Duration::from_millis(100))).await.expect("a subscription");
    flows(&mut watch).await;
    Some(Pair { first, second, opc, events, watch })
}

/// Both tags say that they are lost.
async fn lost(watch: &mut Watch) {
    let mut lost = 0;
    while lost < 2 {
        let reading = within(watch.next()).await.expect("the client is open");
        lost += i32::from(reading.status.name() == "BadNoCommunication");
    }
}

/// The next event that is no attempt.
async fn next(events: &mut mpsc::UnboundedReceiver<Event>) -> Event {
    loop {
        match within(events.recv()).await.expect("the client is open") {
            Event::Retrying { .. } | Event::RetryFailed { .. } | Event::Unavailable { .. } => {}
            event => return event,
        }
    }
}

impl Pair {
    /// The client goes to the other server, and everything comes from there.
    async fn goes_to(&mut self, url: &str) {
        let event = next(&mut self.events).await;
        assert!(matches!(&event, Event::Moved { to, .. } if to == url), "{event:?}");
        let gap = next(&mut self.events).await;
        assert!(matches!(gap, Event::Gap { first, last } if first < last), "{gap:?}");
        assert_eq!(next(&mut self.events).await, Event::Connected { resumed: false });
        assert_eq!(self.opc.url(), url);
        lost(&mut self.watch).await;
        flows(&mut self.watch).await;
        let value = within(self.opc.read(tag("ReadOnly.Int32"))).await.expect("a reading").value;
        assert_eq!(value, Value::Int32(7));
    }
}

async fn killed(stacks: [Stack; 2]) {
    let back = FailBack::After(Duration::from_millis(500));
    let Some(mut pair) = pair(stacks, |builder| builder.fail_back(back)).await else { return };
    let (first, second) = (pair.first.url.clone(), pair.second.url.clone());
    pair.first.kill();
    assert!(matches!(next(&mut pair.events).await, Event::Disconnected { .. }));
    pair.goes_to(&second).await;
    let port = first.rsplit(':').next().and_then(|rest| rest.split('/').next()).expect("a port");
    let _again = stacks[0].server_at(port).expect("it is installed");
    pair.goes_to(&first).await;
    pair.opc.close().await.expect("it closes");
}

#[tokio::test]
async fn asyncua_is_killed_and_another_stands_in() {
    killed([Stack::Asyncua, Stack::Asyncua]).await;
}

#[tokio::test]
async fn node_opcua_is_killed_and_asyncua_stands_in() {
    killed([Stack::NodeOpcua, Stack::Asyncua]).await;
}

#[tokio::test]
async fn open62541_is_killed_and_node_opcua_stands_in() {
    killed([Stack::Open62541, Stack::NodeOpcua]).await;
}

#[tokio::test]
async fn asyncua_is_left_when_its_level_drops() {
    let both = [Stack::Asyncua, Stack::Asyncua];
    let Some(mut pair) = pair(both, |builder| builder.fail_back(FailBack::Never)).await else { return };
    let (first, second) = (pair.first.url.clone(), pair.second.url.clone());
    for (from, to) in [(&first, &second), (&second, &first)] {
        for (url, level) in [(to, 255_u8), (from, 100)] {
            let operator = within(openopc::open(url)).await.expect("a session");
            within(operator.write("i=2267", level)).await.expect("it is writable");
            operator.close().await.expect("it closes");
        }
        pair.goes_to(to).await;
    }
    pair.opc.close().await.expect("it closes");
}
