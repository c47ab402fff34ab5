//! Whether a submission fills out a form.

use stonechat_jid::Jid;

use super::field::Type;
use super::{Field, Form, invalid};
use crate::payload::{ParseError, parse_boolean};

impl Form {
    /// Whether a submission fills out this form: what is required is there, and each value follows its
    /// field's type (XEP-0004 §3.3), options and validation (XEP-0122).
    ///
    /// Fields of the submission that the form does not have are ignored (XEP-0004 §3.1), fields that are
    /// absent from it keep their current value (§3.5), and an empty value counts as none (§3.6). Hidden and
    /// fixed fields are not checked.
    ///
    /// # Errors
    ///
    /// `not-acceptable` (XEP-0004 §4), naming the first field that is wrong.
    pub fn check(&self, submission: &Form) -> Result<(), ParseError> {
        for field in &self.fields {
            let kind = field.kind.unwrap_or(Type::TextSingle);
            if let Some(var) = &field.var
                && !matches!(kind, Type::Fixed | Type::Hidden)
            {
                check_field(field, kind, var, submission.values(var))?;
            }
        }
        Ok(())
    }
}

fn check_field(field: &Field, kind: Type, var: &str, submitted: &[String]) -> Result<(), ParseError> {
    let filled = || submitted.iter().filter(|value| !value.is_empty());
    if field.required && filled().next().is_none() {
        return Err(ParseError::not_acceptable(format!("the field '{var}' is required")));
    }
    if submitted.len() > 1 && !kind.is_multi() {
        return Err(ParseError::not_acceptable(format!("the field '{var}' has more than one value")));
    }
    if !filled().all(|value| fits(field, kind, value)) {
        return Err(invalid(var));
    }
    let range = field.validate.as_ref().and_then(|validate| validate.list_range);
    if let Some(range) = range.filter(|_| kind == Type::ListMulti)
        && !range.contains(filled().count())
    {
        return Err(ParseError::not_acceptable(format!("the field '{var}' has too few or too many values")));
    }
    Ok(())
}

fn fits(field: &Field, kind: Type, value: &str) -> bool {
    let validate = field.validate.as_ref();
    let of_type = match kind {
        Type::Boolean => parse_boolean(value).is_some(),
        Type::JidMulti | Type::JidSingle => Jid::parse_received(value).is_ok(),
        Type::ListMulti | Type::ListSingle => {
            validate.is_some_and(|validate| validate.is_open())
                || field.options.iter().any(|option| option.value == value)
        }
        Type::Fixed | Type::Hidden | Type::TextMulti | Type::TextPrivate | Type::TextSingle => true,
    };
    of_type && validate.is_none_or(|validate| validate.accepts(value))
}
