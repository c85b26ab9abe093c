//! A disagreement is reduced to the smallest vector that shows it: things are taken away for as
//! long as the browser and the model still differ in the same way.

use corspec_fetch::profile::Profile;
use corspec_vectors::compare::{Difference, differences};
use corspec_vectors::replay::replay;
use corspec_vectors::vector::Vector;

use super::edit::{Edit, edited, edits};
use super::perform::perform;
use super::servers::Servers;
use crate::browsers::session::Session;

/// How often things are taken away, at most.
const ROUNDS: u32 = 24;

/// The number of the first vector that is made here; those of a recording are below it.
const FIRST: u32 = 1_000_000;

/// A vector that shows a difference, on its way to the smallest.
struct Open {
    vector: Vector,
    kind: Difference,
    found: Vec<Difference>,
    done: bool,
}

/// For each vector and difference the smallest vector found that shows it, and all that differs in
/// it. One whose difference does not show again is left out.
pub(super) async fn minimised(
    vectors: &[(Vector, Difference)],
    profile: &'static Profile,
    servers: &Servers,
    session: &mut Session,
) -> Vec<(Vector, Vec<Difference>)> {
    let mut laboratory = Laboratory { profile, servers, session, next: FIRST };
    let open = vectors.iter().map(|(vector, kind)| Open {
        vector: vector.clone(),
        kind: kind.clone(),
        found: Vec::new(),
        done: false,
    });
    let mut open: Vec<_> = open.collect();
    let again = open.iter().map(|it| vec![it.vector.clone()]).collect();
    for (it, found) in open.iter_mut().zip(laboratory.found(again).await) {
        it.found = found.into_iter().next().filter(|found| it.is_in(found)).unwrap_or_default();
        it.done = it.found.is_empty();
    }
    for _ in 0..ROUNDS {
        if open.iter().all(|it| it.done) {
            break;
        }
        laboratory.round(&mut open).await;
    }
    let shown = open.into_iter().filter(|it| !it.found.is_empty());
    shown.map(|it| (it.vector, it.found)).collect()
}

impl Open {
    /// Whether these differences have the one that this is about.
    fn is_in(&self, found: &[Difference]) -> bool {
        found.iter().any(|it| it.kind() == self.kind.kind())
    }
}

struct Laboratory<'a> {
    profile: &'static Profile,
    servers: &'a Servers,
    session: &'a mut Session,
    /// No number is used twice: the browser's caches know URLs by it.
    next: u32,
}

impl Laboratory<'_> {
    /// Takes away from each vector what can be: all that could be taken alone, or half of it, or if
    /// that is too much the first of it.
    async fn round(&mut self, open: &mut [Open]) {
        let all = |it: &Open| if it.done { Vec::new() } else { edits(&it.vector) };
        let tried: Vec<Vec<Edit>> = open.iter().map(all).collect();
        let single = |(it, edits): (&Open, &Vec<Edit>)| -> Vec<Vector> {
            edits.iter().map(|edit| edited(&it.vector, std::slice::from_ref(edit))).collect()
        };
        let singles: Vec<_> = open.iter().zip(&tried).map(single).collect();
        let mut choices: Vec<Vec<(Vector, Vec<Difference>)>> = Vec::new();
        let mut groups: Vec<Vec<Vector>> = Vec::new();
        let found = self.found(singles.clone()).await;
        for ((it, edits), (vectors, found)) in
            open.iter().zip(&tried).zip(singles.iter().zip(found))
        {
            let shown = edits.iter().zip(vectors).zip(found);
            let shown = shown.filter(|(_, found)| it.is_in(found));
            let (could, smaller): (Vec<Edit>, Vec<_>) =
                shown.map(|((edit, vector), found)| (*edit, (vector.clone(), found))).unzip();
            choices.push(smaller);
            let (front, back) = could.split_at(could.len() / 2);
            let groups_of = [could.as_slice(), front, back].into_iter().filter(|it| it.len() > 1);
            groups.push(groups_of.map(|it_edits| edited(&it.vector, it_edits)).collect());
        }
        let found = self.found(groups.clone()).await;
        for (((it, smaller), vectors), found) in open.iter_mut().zip(choices).zip(groups).zip(found)
        {
            let mut all = vectors.into_iter().zip(found).chain(smaller);
            match all.find(|(_, found)| it.is_in(found)) {
                Some((vector, found)) => (it.vector, it.found) = (vector, found),
                None => it.done = true,
            }
        }
    }

    /// What differs in each of these vectors.
    async fn found(&mut self, mut groups: Vec<Vec<Vector>>) -> Vec<Vec<Vec<Difference>>> {
        for vector in groups.iter_mut().flatten() {
            vector.id = self.next;
            self.next += 1;
        }
        let all: Vec<Vector> = groups.iter().flatten().cloned().collect();
        let mut made = perform(&all, self.servers, self.session).await;
        let mut differing = |vector: &Vector| {
            let browser = made.remove(&vector.id)?.ok()?;
            Some(differences(&replay(vector, self.profile).ok()?, &browser))
        };
        let mut group = |vectors: &Vec<Vector>| {
            vectors.iter().map(|vector| differing(vector).unwrap_or_default()).collect()
        };
        groups.iter().map(&mut group).collect()
    }
}
