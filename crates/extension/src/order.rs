//! Puts handlers in an order that their authors asked for, and refuses to guess.

use crate::InstallError;

/// One handler's wish.
#[derive(Debug, Default, Clone)]
pub(crate) struct Wish {
    pub(crate) extension: &'static str,
    pub(crate) before: Vec<&'static str>,
    pub(crate) after: Vec<&'static str>,
}

/// The order, as indices into `wishes`. `conflicts(a, b)` says whether the order of two handlers matters.
///
/// # Errors
/// A cycle, or two handlers whose order matters and that no chain of wishes relates.
pub(crate) fn resolve(
    what: &str,
    wishes: &[Wish],
    conflicts: impl Fn(usize, usize) -> bool,
) -> Result<Vec<usize>, InstallError> {
    let count = wishes.len();
    let mut precedes = vec![vec![false; count]; count];
    for (i, wish) in wishes.iter().enumerate() {
        for (j, other) in wishes.iter().enumerate() {
            if i != j && wish.before.contains(&other.extension) {
                precedes[i][j] = true;
            }
            if i != j && wish.after.contains(&other.extension) {
                precedes[j][i] = true;
            }
        }
    }
    close(&mut precedes);
    for i in 0..count {
        for j in 0..i {
            let (a, b) = (wishes[j].extension, wishes[i].extension);
            if precedes[i][j] && precedes[j][i] {
                return Err(InstallError::Cycle {
                    what: what.to_owned(),
                    first: a.to_owned(),
                    second: b.to_owned(),
                });
            }
            // Handlers of one extension stand in the order in which it registered them.
            if a != b && conflicts(i, j) && !precedes[i][j] && !precedes[j][i] {
                return Err(InstallError::Ambiguous {
                    what: what.to_owned(),
                    first: a.to_owned(),
                    second: b.to_owned(),
                });
            }
        }
    }
    let mut order: Vec<usize> = Vec::with_capacity(count);
    while order.len() < count {
        let next = (0..count)
            .find(|&i| !order.contains(&i) && (0..count).all(|j| !precedes[j][i] || order.contains(&j)))
            .expect("a relation without cycles has a first element");
        order.push(next);
    }
    Ok(order)
}

/// Transitive closure (Warshall).
#[allow(clippy::needless_range_loop, reason = "three indices into one matrix read best as indices")]
fn close(precedes: &mut [Vec<bool>]) {
    let count = precedes.len();
    for k in 0..count {
        for i in 0..count {
            if precedes[i][k] {
                for j in 0..count {
                    precedes[i][j] |= precedes[k][j];
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(extension: &'static str, before: &[&'static str], after: &[&'static str]) -> Wish {
        Wish { extension, before: before.to_vec(), after: after.to_vec() }
    }

    #[test]
    fn wishes_are_kept_also_across_a_chain() {
        let wishes = [wish("c", &[], &["b"]), wish("a", &["b"], &[]), wish("b", &[], &[])];
        assert_eq!(resolve("map", &wishes, |_, _| true).unwrap(), [1, 2, 0]);
    }

    #[test]
    fn a_cycle_is_refused_with_both_names() {
        let wishes = [wish("a", &["b"], &[]), wish("b", &["a"], &[])];
        let error = resolve("map", &wishes, |_, _| true).unwrap_err().to_string();
        assert!(error.contains("`a`") && error.contains("`b`"), "{error}");
    }

    #[test]
    fn an_order_that_matters_and_that_nobody_gave_is_refused_with_both_names() {
        let wishes = [wish("a", &[], &[]), wish("b", &[], &[])];
        let error = resolve("map", &wishes, |_, _| true).unwrap_err().to_string();
        assert!(error.contains("`a`") && error.contains("`b`"), "{error}");
        assert_eq!(resolve("map", &wishes, |_, _| false).unwrap(), [0, 1]);
    }
}
