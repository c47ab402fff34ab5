//! What the name of a new account has to be like.

use stonechat_extension::AccountError;
use stonechat_jid::BareJid;
use unicode_script::{Script, UnicodeScript as _};
use unicode_security::mixed_script::AugmentedScriptSet;

/// Refuses what is no account, and names that mix scripts so as to look like another: `pаypal` with a Cyrillic `а`.
pub(super) fn check(account: &BareJid) -> Result<(), AccountError> {
    let Some(local) = account.local() else {
        return Err(refused("an account needs a name before the @"));
    };
    // A `BareJid` may have come from a peer, where newer characters are let through.
    match BareJid::parse(account.as_str()) {
        Ok(canonical) if canonical == *account => {}
        Ok(canonical) => return Err(refused(&format!("write the name as {canonical}"))),
        Err(error) => return Err(refused(&format!("the name cannot be used: {error}"))),
    }
    if mixes_scripts(local) {
        return Err(refused("the name mixes letters of several scripts, so it could be taken for another"));
    }
    Ok(())
}

fn refused(why: &str) -> AccountError {
    AccountError::NotAcceptable(why.to_owned())
}

/// The rule of UTS #39 §5.2 "Highly Restrictive": one script, or Latin with what is usual in Chinese, Japanese or Korean.
fn mixes_scripts(local: &str) -> bool {
    if !AugmentedScriptSet::for_str(local).is_empty() {
        return false;
    }
    let others: String = local.chars().filter(|c| c.script() != Script::Latin).collect();
    let others = AugmentedScriptSet::for_str(&others);
    !(others.jpan || others.hanb || others.kore)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_script_are_taken_also_with_digits_and_signs() {
        for local in [
            "juliet",
            "juliet.capulet-2+chat",
            "джульетта",
            "ιουλιέτα",
            "ジュリエット2",
            "朱丽叶",
            "줄리엣",
            "x玛丽",
        ] {
            assert!(!mixes_scripts(local), "{local}");
        }
    }

    #[test]
    fn names_that_mix_scripts_are_refused() {
        for local in ["p\u{430}ypal", "ϳuliet", "jul\u{456}et", "аbв"] {
            assert!(mixes_scripts(local), "{local}");
        }
    }

    #[test]
    fn a_domain_is_not_an_account() {
        assert!(check(&BareJid::parse("example.org").unwrap()).is_err());
        check(&BareJid::parse("juliet@example.org").unwrap()).unwrap();
    }
}
