//! `stonechat disco`: what somebody is and can do (XEP-0030).

use serde_json::json;
use stonechat_client::RequestError;
use stonechat_jid::Jid;
use stonechat_xep_disco::client::Disco;
use stonechat_xep_disco::{Info, Items};

use crate::account::Account;
use crate::failure::Failure;
use crate::say;
use crate::session::Session;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  stonechat disco
  stonechat disco --json conference.example.org | jq .features")]
pub(crate) struct Args {
    /// Whom to ask. Without one, the own server.
    to: Option<Jid>,
    /// About which node.
    #[arg(long)]
    node: Option<String>,
    /// Print a line of JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(account: &Account, args: Args) -> Result<(), Failure> {
    let mut session = Session::open(account, &[&stonechat_xep_disco::CLIENT]).await?;
    let to = args.to.clone().unwrap_or_else(|| account.jid.to_domain().into());
    let asked = match session.service::<Disco>() {
        Ok(disco) => session.during(discover(&disco, &to, args.node.as_deref()), |_| {}).await,
        Err(failure) => Err(failure),
    };
    session.close().await;
    let (info, items) = asked?.map_err(|error| Failure::from(error).within(&to))?;
    if args.json {
        say::line(as_json(&to, &info, &items))
    } else {
        lines(&info, &items).iter().try_for_each(say::line)
    }
}

async fn discover(disco: &Disco, to: &Jid, node: Option<&str>) -> Result<(Info, Items), RequestError> {
    let info = disco.info(to.clone(), node).await?;
    match disco.items(to.clone(), node).await {
        Ok(items) => Ok((info, items)),
        // §3.1 and §4.1 need not both be there.
        Err(RequestError::Refused(_)) => Ok((info, Items::default())),
        Err(error) => Err(error),
    }
}

fn lines(info: &Info, items: &Items) -> Vec<String> {
    let identity = |one: &stonechat_xep_disco::Identity| {
        let name = one.name.as_deref().map(|name| format!(" {name:?}")).unwrap_or_default();
        format!("identity {}/{}{name}", one.category, one.kind)
    };
    let item = |one: &stonechat_xep_disco::Item| {
        let node = one.node.as_deref().map(|node| format!(" node {node:?}")).unwrap_or_default();
        let name = one.name.as_deref().map(|name| format!(" {name:?}")).unwrap_or_default();
        format!("item {}{node}{name}", one.jid)
    };
    let all = info.identities.iter().map(identity);
    let all = all.chain(info.features.iter().map(|one| format!("feature {}", one.var)));
    all.chain(items.items.iter().map(item)).map(|line| say::one_line(&line)).collect()
}

fn as_json(to: &Jid, info: &Info, items: &Items) -> serde_json::Value {
    let identities = info.identities.iter();
    let identities: Vec<_> = identities
        .map(|one| json!({ "category": one.category, "type": one.kind, "name": one.name }))
        .collect();
    let features: Vec<_> = info.features.iter().map(|one| one.var.as_str()).collect();
    let items = items.items.iter();
    let items: Vec<_> =
        items.map(|one| json!({ "jid": one.jid.as_str(), "node": one.node, "name": one.name })).collect();
    json!({ "jid": to.as_str(), "identities": identities, "features": features, "items": items })
}

#[cfg(test)]
mod tests {
    use stonechat_stanza::Payload as _;

    use super::*;

    #[test]
    fn an_answer_is_told_in_lines_and_as_json() {
        let info = "<query xmlns='http://jabber.org/protocol/disco#info'><identity category='server' type='im' name='a&#10;b'/>\
                    <feature var='urn:xmpp:ping'/></query>";
        let items =
            "<query xmlns='http://jabber.org/protocol/disco#items'><item jid='muc.example.org'/></query>";
        let info = Info::parse(&info.parse().unwrap()).unwrap();
        let items = Items::parse(&items.parse().unwrap()).unwrap();
        let told = lines(&info, &items);
        assert_eq!(told, ["identity server/im \"a\\nb\"", "feature urn:xmpp:ping", "item muc.example.org"]);
        let told = as_json(&"example.org".parse().unwrap(), &info, &items);
        assert_eq!(
            (&told["features"][0], &told["items"][0]["jid"]),
            (&json!("urn:xmpp:ping"), &json!("muc.example.org"))
        );
    }
}
