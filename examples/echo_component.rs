//! A component that says back what it hears, whichever of its addresses hears it:
//! `COMPONENT_SECRET=… cargo run -p stonechat-examples --example echo_component -- echo.example.org localhost 5347`.

use stonechat_component::{Component, Event};
use stonechat_stanza::{Kind, message, ns};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let domain = args.next().ok_or("of which domain?")?.parse()?;
    let (host, port) =
        (args.next().ok_or("at which server?")?, args.next().ok_or("at which port?")?.parse()?);
    let builder = Component::builder(domain).secret(std::env::var("COMPONENT_SECRET")?).server(host, port);
    let (component, mut events) = builder.extension(&stonechat_xep_ping::CLIENT).start()?;
    while let Some(event) = events.next().await {
        match event {
            Event::Stanza(heard) if heard.stanza.kind() == Kind::Message(message::Type::Chat) => {
                let Some(body) = heard.stanza.find(ns::CLIENT, "body") else { continue };
                let mut echo = heard.stanza.reply();
                echo.push_child(&body);
                component.send(echo).await?;
            }
            Event::Closed(Some(error)) => return Err(error.into()),
            _ => {}
        }
    }
    Ok(())
}
