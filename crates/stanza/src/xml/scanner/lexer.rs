//! The grammar of tags and text.

use memchr::memchr;

use super::super::attribute::Slot;
use super::super::error::{Error, Limit, Restricted, Syntax};
use super::super::names::{CLASS, NAME, NAME_START, SPACE, char_at, is, is_name_char, skip_space};
use super::super::scope::Scope;
use super::markup::{CDATA, declaration, reference_done, reference_on, starts_name};
use super::skip::{skip_text, skip_value};
use super::{Scanner, State};

impl Scanner {
    /// Goes on as far as `bytes` reach. They are legal characters, and end between two of them.
    // One long function, for the sake of its speed: position and state stay in registers, and a state that
    // always follows another is reached by a jump.
    pub(super) fn lex(
        &mut self,
        bytes: &[u8],
        scope: &Scope,
        tag_only: bool,
    ) -> Result<Option<usize>, Error> {
        let mut at = self.pos;
        let mut state = self.state;
        while at < bytes.len() {
            match state {
                State::Text => {
                    at = skip_text(bytes, at);
                    match bytes.get(at) {
                        Some(b'<') => {
                            self.tag = at;
                            // Usual things first: an end tag that is there as a whole.
                            if let Some(end) = self.plain_end_tag(bytes, at) {
                                at = end;
                                self.mark = at;
                                if self.end_tag(at) {
                                    return Ok(self.complete(at));
                                }
                            } else {
                                at += 1;
                                state = State::Markup;
                            }
                        }
                        Some(b'&') => {
                            at += 1;
                            self.reference = at;
                            state = State::TextReference;
                        }
                        // XML 1.0 §2.4: "]]>" must not appear in text.
                        Some(_) if at - self.mark >= 2 && bytes[at - 2..at] == *b"]]" => {
                            return Err(Syntax::CdataEnd.into());
                        }
                        Some(_) => at += 1,
                        None => break,
                    }
                }
                State::Markup => match bytes[at] {
                    b'/' => {
                        at += 1;
                        self.mark = at;
                        state = State::EndName;
                    }
                    byte if is(byte, NAME_START) || byte >= 0x80 => {
                        self.mark = at;
                        self.colon = 0;
                        self.attributes.clear();
                        state = State::TagName;
                    }
                    b'!' => {
                        at += 1;
                        state = State::Declaration;
                    }
                    b'?' => return Err(Restricted::ProcessingInstruction.into()),
                    _ => return Err(Syntax::Name.into()),
                },
                State::TagName => {
                    at = self.name_on(bytes, at)?;
                    if at < bytes.len() {
                        self.name_done(bytes, at)?;
                        self.name = Slot::named(bytes, self.mark, at, self.colon);
                        state = State::TagEnd;
                    }
                }
                State::TagEnd | State::TagSpace => match bytes[at] {
                    b'>' => {
                        at += 1;
                        self.start_tag(bytes, at, false, scope)?;
                        self.mark = at;
                        state = State::Text;
                        if tag_only {
                            return Ok(self.complete(at));
                        }
                    }
                    b'/' => {
                        at += 1;
                        state = State::Empty;
                    }
                    b' ' if bytes.get(at + 1).is_some_and(|&next| is(next, NAME_START)) => {
                        at += 1;
                        self.mark = at;
                        self.colon = 0;
                        state = State::AttributeName;
                    }
                    byte if is(byte, SPACE) => {
                        at = skip_space(bytes, at + 1);
                        state = State::TagSpace;
                    }
                    byte if state == State::TagSpace && (is(byte, NAME_START) || byte >= 0x80) => {
                        self.mark = at;
                        self.colon = 0;
                        state = State::AttributeName;
                    }
                    _ => return Err(Syntax::Tag.into()),
                },
                State::AttributeName => {
                    at = self.name_on(bytes, at)?;
                    if at < bytes.len() {
                        self.attribute_named(bytes, at)?;
                        state = State::Equals;
                        if let [b'=', quote @ (b'\'' | b'"'), ..] = bytes[at..] {
                            at += 2;
                            self.quote = quote;
                            self.mark = at;
                            state = State::Value;
                        }
                    }
                }
                State::Equals => match bytes[at] {
                    b'=' => {
                        at += 1;
                        state = State::Quote;
                    }
                    byte if is(byte, SPACE) => at = skip_space(bytes, at + 1),
                    _ => return Err(Syntax::Tag.into()),
                },
                State::Quote => match bytes[at] {
                    quote @ (b'\'' | b'"') => {
                        at += 1;
                        self.quote = quote;
                        self.mark = at;
                        state = State::Value;
                    }
                    byte if is(byte, SPACE) => at = skip_space(bytes, at + 1),
                    _ => return Err(Syntax::Tag.into()),
                },
                State::Value => {
                    at = skip_value(bytes, at);
                    match bytes.get(at) {
                        Some(&byte) if byte == self.quote => {
                            self.attribute_valued(at);
                            at += 1;
                            state = State::TagEnd;
                        }
                        Some(b'<') => return Err(Syntax::AttributeValue.into()),
                        Some(b'&') => {
                            at += 1;
                            self.reference = at;
                            self.attribute_escaped();
                            state = State::ValueReference;
                        }
                        Some(b'\t' | b'\n' | b'\r') => {
                            at += 1;
                            self.attribute_escaped();
                        }
                        Some(_) => at += 1,
                        None => break,
                    }
                }
                State::ValueReference | State::TextReference => {
                    at = reference_on(bytes, at)?;
                    if at < bytes.len() {
                        reference_done(&bytes[self.reference..at])?;
                        at += 1;
                        if state == State::TextReference {
                            self.mark = at;
                            state = State::Text;
                        } else {
                            state = State::Value;
                        }
                    }
                }
                State::Empty => {
                    if bytes[at] != b'>' {
                        return Err(Syntax::Tag.into());
                    }
                    at += 1;
                    let done = self.start_tag(bytes, at, true, scope)?;
                    self.mark = at;
                    state = State::Text;
                    if done || tag_only {
                        return Ok(self.complete(at));
                    }
                }
                State::EndName => match self.end_name(bytes, at)? {
                    Some(end) => {
                        at = end;
                        state = State::EndSpace;
                    }
                    None => break,
                },
                State::EndSpace => match bytes[at] {
                    b'>' => {
                        at += 1;
                        self.mark = at;
                        if self.end_tag(at) {
                            return Ok(self.complete(at));
                        }
                        state = State::Text;
                    }
                    byte if is(byte, SPACE) => at = skip_space(bytes, at + 1),
                    _ => return Err(Syntax::EndTag.into()),
                },
                State::Declaration => match declaration(&bytes[at..], !self.open.is_empty())? {
                    true => {
                        at += CDATA.len();
                        self.mark = at;
                        state = State::Cdata;
                    }
                    false => break,
                },
                State::Cdata => match memchr(b'>', &bytes[at..]) {
                    Some(found) => {
                        at += found + 1;
                        if at - self.mark >= 3 && bytes[at - 3..at] == *b"]]>" {
                            self.mark = at;
                            state = State::Text;
                        }
                    }
                    None => at = bytes.len(),
                },
                State::Start => {
                    if bytes[at] != b'<' {
                        return Err(Syntax::TextOutside.into());
                    }
                    self.tag = at;
                    at += 1;
                    state = State::Markup;
                }
            }
        }
        (self.pos, self.state) = (at, state);
        Ok(None)
    }

    fn complete(&mut self, at: usize) -> Option<usize> {
        (self.pos, self.state) = (at, State::Text);
        Some(at)
    }

    /// Moves behind the last byte of a name that is there.
    fn name_on(&mut self, bytes: &[u8], mut at: usize) -> Result<usize, Error> {
        loop {
            while at < bytes.len() && CLASS[bytes[at] as usize] & NAME != 0 {
                at += 1;
            }
            match bytes.get(at) {
                Some(b':') => {
                    self.name_fits(at)?;
                    if self.colon != 0 || at == self.mark {
                        return Err(Syntax::Name.into());
                    }
                    self.colon = at - self.mark;
                    at += 1;
                }
                Some(0x80..) => match char_at(bytes, at) {
                    Some((c, len)) if is_name_char(c) => at += len,
                    _ => return Err(Syntax::Name.into()),
                },
                Some(_) => return Ok(at),
                None => {
                    self.name_fits(at)?;
                    return Ok(at);
                }
            }
        }
    }

    fn name_fits(&self, end: usize) -> Result<(), Limit> {
        if end - self.mark > self.limits.name { Err(Limit::Name) } else { Ok(()) }
    }

    /// A name ended at `end`: is it a qualified name?
    #[inline]
    fn name_done(&self, bytes: &[u8], end: usize) -> Result<(), Error> {
        self.name_fits(end)?;
        if self.colon != 0 {
            starts_name(bytes, self.mark)?;
            starts_name(bytes, self.mark + self.colon + 1)?;
        } else if bytes[self.mark] >= 0x80 {
            starts_name(bytes, self.mark)?;
        }
        Ok(())
    }

    #[inline]
    fn attribute_named(&mut self, bytes: &[u8], end: usize) -> Result<(), Error> {
        self.name_done(bytes, end)?;
        if self.attributes.len() >= self.limits.attributes {
            return Err(Limit::Attributes.into());
        }
        self.attributes.push(Slot::named(bytes, self.mark, end, self.colon));
        Ok(())
    }

    fn attribute_escaped(&mut self) {
        if let Some(slot) = self.attributes.last_mut() {
            slot.set_escaped();
        }
    }

    fn attribute_valued(&mut self, end: usize) {
        let start = self.mark;
        if let Some(slot) = self.attributes.last_mut() {
            slot.value = start as u32;
            slot.value_len = (end - start) as u32;
        }
    }

    /// The end of the end tag that starts at `at`, if it is there as a whole and has no spaces.
    #[inline]
    fn plain_end_tag(&self, bytes: &[u8], at: usize) -> Option<usize> {
        let open = self.open.last()?;
        let name = open.name as usize;
        let len = usize::from(open.name_len);
        let [b'<', b'/', ended @ .., b'>'] = bytes.get(at..at + len + 3)? else { return None };
        (*ended == bytes[name..name + len]).then_some(at + len + 3)
    }

    /// Moves behind the name of an end tag, once it is there as a whole.
    fn end_name(&self, bytes: &[u8], at: usize) -> Result<Option<usize>, Syntax> {
        let Some(open) = self.open.last() else { return Err(Syntax::EndTag) };
        let name = open.name as usize;
        let len = usize::from(open.name_len);
        match bytes.get(at..at + len) {
            Some(ended) if *ended == bytes[name..name + len] => Ok(Some(at + len)),
            Some(_) => Err(Syntax::EndTag),
            // What there is of it is compared again when more has come.
            None if bytes[name..].starts_with(&bytes[at..]) => Ok(None),
            None => Err(Syntax::EndTag),
        }
    }
}
