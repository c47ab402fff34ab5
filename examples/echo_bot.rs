//! A bot that says back what it hears: `XMPP_PASSWORD=… cargo run -p stonechat-examples --example echo_bot -- bot@example.org`.

use stonechat_client::{Client, Event};
use stonechat_stanza::{Kind, Stanza, message, ns, presence};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let account = std::env::args().nth(1).ok_or("whose account?")?.parse()?;
    let builder = Client::builder(account).password(std::env::var("XMPP_PASSWORD")?);
    let (client, mut events) = builder.place(stonechat_examples::place()).start()?;
    while let Some(event) = events.next().await {
        match event {
            Event::Online { resumed: false, .. } => {
                client.send(Stanza::presence(presence::Type::Available)).await?;
            }
            Event::Stanza(heard) if heard.stanza.kind() == Kind::Message(message::Type::Chat) => {
                let Some(body) = heard.stanza.find(ns::CLIENT, "body") else { continue };
                let mut echo = heard.stanza.reply();
                echo.push_child(&body);
                client.send(echo).await?;
            }
            Event::Closed(Some(error)) => return Err(error.into()),
            _ => {}
        }
    }
    Ok(())
}
