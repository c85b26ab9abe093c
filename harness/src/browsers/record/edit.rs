//! What can be taken away from a vector.

use corspec_vectors::vector::{Answer, Init, PageAt, Vector};

/// Something that can be taken away. Numbers count from the front and edits are listed from the
/// back, so that one that was made does not move the place of the next.
#[derive(Clone, Copy, Debug)]
pub(super) enum Edit {
    Page(fn(&mut PageAt)),
    Init(usize, fn(&mut Init)),
    StepHeader(usize, usize),
    Step(usize),
    /// The last hop.
    Hop,
    Status(usize, Side, u16),
    Line(usize, Side, usize),
}

/// Which answer of a hop.
#[derive(Clone, Copy, Debug)]
pub(super) enum Side {
    Preflight,
    Actual,
}

/// What may be put back to what is usual about a step.
const INITS: [fn(&mut Init); 13] = [
    |init| init.body_type = None,
    |init| init.body = None,
    |init| init.cache = None,
    |init| init.referrer = None,
    |init| init.referrer_policy = None,
    |init| init.wait = 0,
    |init| init.upload = false,
    |init| init.keepalive = false,
    |init| init.integrity = None,
    |init| "GET".clone_into(&mut init.method),
    |init| "same-origin".clone_into(&mut init.credentials),
    |init| "cors".clone_into(&mut init.mode),
    |init| "follow".clone_into(&mut init.redirect),
];

/// And about the page.
const PAGES: [fn(&mut PageAt); 4] = [
    |page| page.opaque = false,
    |page| page.top = None,
    |page| page.embedder = None,
    |page| page.referrer = None,
];

/// Everything that can be taken away from `vector`, the last first.
pub(super) fn edits(vector: &Vector) -> Vec<Edit> {
    let mut edits = Vec::new();
    for (index, step) in vector.steps.iter().enumerate().rev() {
        edits.extend((0..step.headers.len()).rev().map(|line| Edit::StepHeader(index, line)));
        edits.extend(INITS.map(|edit| Edit::Init(index, edit)));
        if vector.steps.len() > 1 {
            edits.push(Edit::Step(index));
        }
    }
    for (index, hop) in vector.hops.iter().enumerate().rev() {
        let sides = [(Side::Preflight, &hop.preflight), (Side::Actual, &hop.actual)];
        for (side, answer) in sides {
            let lines = 0..answer.headers.len();
            edits.extend(lines.rev().map(|line| Edit::Line(index, side, line)));
            edits.push(Edit::Status(index, side, 200));
        }
    }
    if vector.hops.len() > 1 {
        edits.push(Edit::Hop);
    }
    edits.extend(PAGES.map(Edit::Page));
    edits.retain(|edit| edited(vector, std::slice::from_ref(edit)) != *vector);
    edits
}

/// `vector` without what the edits take away.
pub(super) fn edited(vector: &Vector, edits: &[Edit]) -> Vector {
    let mut vector = vector.clone();
    for edit in edits {
        edit.make(&mut vector);
    }
    vector
}

impl Edit {
    fn make(self, vector: &mut Vector) {
        match self {
            Self::Page(edit) => edit(&mut vector.page),
            Self::Init(step, edit) => drop(vector.steps.get_mut(step).map(edit)),
            Self::StepHeader(step, line) => {
                drop(vector.steps.get_mut(step).and_then(|it| taken(&mut it.headers, line)));
            }
            // Several edits together leave at least one of each.
            Self::Step(step) if vector.steps.len() > 1 => drop(taken(&mut vector.steps, step)),
            Self::Hop if vector.hops.len() > 1 => drop(vector.hops.pop()),
            Self::Step(_) | Self::Hop => {}
            Self::Status(hop, side, status) => {
                if let Some(answer) = side.of(vector, hop) {
                    answer.status = status;
                }
            }
            Self::Line(hop, side, line) => {
                drop(side.of(vector, hop).and_then(|it| taken(&mut it.headers, line)));
            }
        }
    }
}

impl Side {
    fn of(self, vector: &mut Vector, hop: usize) -> Option<&mut Answer> {
        let hop = vector.hops.get_mut(hop)?;
        Some(match self {
            Self::Preflight => &mut hop.preflight,
            Self::Actual => &mut hop.actual,
        })
    }
}

fn taken<T>(all: &mut Vec<T>, at: usize) -> Option<T> {
    (at < all.len()).then(|| all.remove(at))
}

#[cfg(test)]
mod tests {
    use super::super::generate;
    use super::*;

    #[test]
    fn each_edit_takes_something_away_and_all_together_leave_one_plain_fetch() {
        for number in 0..200 {
            let mut vector = generate::vector(3, number);
            let all = edits(&vector);
            for edit in &all {
                assert_ne!(edited(&vector, &[*edit]), vector, "{edit:?}");
            }
            for _ in 0..64 {
                vector = edited(&vector, &edits(&vector));
            }
            assert_eq!((vector.steps.len(), vector.hops.len()), (1, 1));
            assert!(vector.hops[0].actual.headers.is_empty());
            assert!(edits(&vector).is_empty(), "{vector:?}");
        }
    }
}
