//! Where programs look at the deadline: all that can go on for long passes through an array, an
//! object, `range`, or a definition that calls itself. The first three look by themselves; here
//! the last learns to.

use std::collections::BTreeSet;

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Def, Pattern, Term};
use jaq_core::path::{Part, Path};

use super::filters::TICK;

/// Lets every definition that calls itself look at the deadline first.
pub(super) fn watch_definition(definition: &mut Def<&str>) {
    watch(definition, &mut BTreeSet::new());
}

/// Adds all names that are called in the definition to `called`.
fn watch<'s>(definition: &mut Def<&'s str>, called: &mut BTreeSet<&'s str>) {
    let mut within = BTreeSet::new();
    watch_term(&mut definition.body, &mut within);
    // be it another definition of that name
    if within.contains(definition.name) {
        let body = std::mem::take(&mut definition.body);
        let tick = Term::Call(TICK, Vec::new());
        // before the body: the last call in it stays the last
        definition.body = Term::BinOp(Box::new(tick), BinaryOp::Pipe(None), Box::new(body));
    }
    called.append(&mut within);
}

fn watch_term<'s>(term: &mut Term<&'s str>, called: &mut BTreeSet<&'s str>) {
    match term {
        Term::Def(definitions, _) => definitions.iter_mut().for_each(|one| watch(one, called)),
        Term::Call(name, _) => {
            called.insert(name);
        }
        _ => {}
    }
    each_below(term, &mut |below| watch_term(below, called));
}

/// All terms right below a term, but for those of definitions.
fn each_below<'s>(term: &mut Term<&'s str>, visit: &mut dyn FnMut(&mut Term<&'s str>)) {
    match term {
        Term::Id | Term::Recurse | Term::Num(_) | Term::Break(_) | Term::Var(_) => {}
        Term::Str(_, parts) => {
            for part in parts {
                if let StrPart::Term(below) = part {
                    visit(below);
                }
            }
        }
        Term::Arr(below) => below.iter_mut().for_each(|below| visit(below)),
        Term::Obj(members) => {
            for (key, value) in members {
                visit(key);
                value.iter_mut().for_each(&mut *visit);
            }
        }
        Term::Neg(below) | Term::Label(_, below) | Term::Def(_, below) => visit(below),
        Term::BinOp(left, operator, right) => {
            visit(left);
            if let BinaryOp::Pipe(Some(pattern)) = operator {
                each_in_pattern(pattern, visit);
            }
            visit(right);
        }
        Term::Fold(_, over, pattern, below) => {
            visit(over);
            each_in_pattern(pattern, visit);
            below.iter_mut().for_each(visit);
        }
        Term::TryCatch(body, handler) => {
            visit(body);
            handler.iter_mut().for_each(|below| visit(below));
        }
        Term::IfThenElse(branches, otherwise) => {
            for (condition, branch) in branches {
                visit(condition);
                visit(branch);
            }
            otherwise.iter_mut().for_each(|below| visit(below));
        }
        Term::Call(_, arguments) => arguments.iter_mut().for_each(visit),
        Term::Path(below, Path(parts)) => {
            visit(below);
            for (part, _) in parts {
                match part {
                    Part::Index(index) => visit(index),
                    Part::Range(start, end) => {
                        start.iter_mut().chain(end).for_each(&mut *visit);
                    }
                }
            }
        }
    }
}

fn each_in_pattern<'s>(pattern: &mut Pattern<&'s str>, visit: &mut dyn FnMut(&mut Term<&'s str>)) {
    match pattern {
        Pattern::Var(_) => {}
        Pattern::Arr(patterns) => {
            patterns.iter_mut().for_each(|pattern| each_in_pattern(pattern, visit));
        }
        Pattern::Obj(members) => {
            for (key, pattern) in members {
                visit(key);
                each_in_pattern(pattern, visit);
            }
        }
    }
}
