//! Arguments that the body uses up, where that shows: it runs once for each attempt, and the second would find them gone.
//!
//! The compiler finds them all, and says "value moved here, in previous iteration of loop", of a loop that nobody has written. What is certain
//! is said here before, with what to write; anything else is left to it.

mod owned;
#[cfg(test)]
mod tests;

use self::owned::is_owned;
use super::parameters::Parameters;
use crate::args::Args;
use crate::errors::Errors;
use crate::item::{Shape, Target};
use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::parse::Parser as _;
use syn::spanned::Spanned as _;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Block, Expr, ExprAsync, ExprCall, ExprClosure, ExprForLoop, ExprMethodCall, ExprStruct,
    ExprTuple, Ident, Item, Local, Pat, PatIdent, Type,
};

/// Methods of what is owned, or of an iterator, that take all of it.
const CONSUMING: [&str; 25] = [
    "chain",
    "collect",
    "count",
    "enumerate",
    "filter",
    "filter_map",
    "flat_map",
    "fold",
    "for_each",
    "into",
    "into_boxed_slice",
    "into_boxed_str",
    "into_bytes",
    "into_inner",
    "into_iter",
    "into_string",
    "last",
    "map",
    "max",
    "min",
    "product",
    "rev",
    "sum",
    "take",
    "zip",
];

pub(super) fn check(args: &Args, target: &Target, parameters: &Parameters, errors: &mut Errors) {
    let body = match &target.shape {
        Shape::Async(body) | Shape::Sync(body) => body,
        Shape::AsyncTrait(frame) => &frame.body,
    };
    let clones = args.clone.as_ref().map_or(&[][..], |clone| &clone.value);
    let owned: Vec<_> = parameters
        .owned(|ty| is_owned(ty, &target.signature))
        .filter(|(name, _)| {
            !clones.contains(name) && place_of(body.clone(), &name.to_string()).is_some()
        })
        .collect();
    if owned.is_empty() || place_of(body.clone(), "cfg").is_some() {
        return;
    }
    let Ok(statements) = Block::parse_within.parse2(body.clone()) else {
        return;
    };
    for (name, ty) in owned {
        let mut search = Search {
            name,
            is_called_once: matches!(ty, Type::ImplTrait(_))
                && place_of(ty.to_token_stream(), "FnOnce").is_some(),
            is_named_anew: false,
            found: None,
        };
        for mut statement in statements.clone() {
            search.visit_stmt_mut(&mut statement);
        }
        let Some((span, way)) = search.found.filter(|_| !search.is_named_anew) else {
            continue;
        };
        errors.at(span, text(name, ty, way, clones));
    }
}

fn text(name: &Ident, ty: &Type, way: Way, clones: &[Ident]) -> String {
    if way == Way::Called {
        return format!(
            "`{name}` can be called only once, but the body runs once for each attempt: take an `impl Fn` instead"
        );
    }
    let names: Vec<_> = clones.iter().chain([name]).map(Ident::to_string).collect();
    let clone = format!("`clone({})`", names.join(", "));
    let bound = match ty {
        Type::ImplTrait(_) if place_of(ty.to_token_stream(), "Clone").is_none() => {
            ", and add `+ Clone` to its type"
        }
        _ => "",
    };
    let lend = match way {
        Way::Given => format!("; or borrow it here: `&{name}`"),
        Way::Taken | Way::Called => String::new(),
        Way::Captured => format!("; or clone it before, `let {name} = {name}.clone();`"),
    };
    format!(
        "`{name}` is moved here, but the body runs once for each attempt: write {clone} in the attribute to clone it \
         for each attempt{bound}{lend}"
    )
}

/// How it is used up.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// To something that takes it by value.
    Given,
    /// By a method of its own, or a loop.
    Taken,
    /// By a call of it.
    Called,
    /// By `move`.
    Captured,
}

struct Search<'a> {
    name: &'a Ident,
    is_called_once: bool,
    /// Is there another thing of that name in the body?
    is_named_anew: bool,
    found: Option<(Span, Way)>,
}

impl Search<'_> {
    fn is(&self, expression: &Expr) -> bool {
        matches!(expression, Expr::Path(path) if path.path.is_ident(self.name))
    }

    fn look(&mut self, expression: &Expr, way: Way) {
        if self.found.is_none() && self.is(expression) {
            self.found = Some((expression.span(), way));
        }
    }

    fn captured(&mut self, tokens: TokenStream) {
        if self.found.is_none()
            && let Some(span) = place_of(tokens, &self.name.to_string())
        {
            self.found = Some((span, Way::Captured));
        }
    }
}

impl VisitMut for Search<'_> {
    fn visit_pat_ident_mut(&mut self, pattern: &mut PatIdent) {
        self.is_named_anew |= pattern.ident == *self.name;
        visit_mut::visit_pat_ident_mut(self, pattern);
    }

    fn visit_item_mut(&mut self, _: &mut Item) {}

    fn visit_local_mut(&mut self, local: &mut Local) {
        let pattern = match &local.pat {
            Pat::Type(typed) => &*typed.pat,
            pattern => pattern,
        };
        if let Some(init) = &local.init
            && matches!(pattern, Pat::Ident(name) if name.by_ref.is_none())
        {
            self.look(&init.expr, Way::Given);
        }
        visit_mut::visit_local_mut(self, local);
    }

    fn visit_expr_call_mut(&mut self, call: &mut ExprCall) {
        if self.is_called_once {
            self.look(&call.func, Way::Called);
        }
        for argument in &call.args {
            self.look(argument, Way::Given);
        }
        visit_mut::visit_expr_call_mut(self, call);
    }

    fn visit_expr_method_call_mut(&mut self, call: &mut ExprMethodCall) {
        if CONSUMING.iter().any(|method| call.method == method) {
            self.look(&call.receiver, Way::Taken);
        }
        for argument in &call.args {
            self.look(argument, Way::Given);
        }
        visit_mut::visit_expr_method_call_mut(self, call);
    }

    fn visit_expr_struct_mut(&mut self, made: &mut ExprStruct) {
        for field in &made.fields {
            self.look(&field.expr, Way::Given);
        }
        visit_mut::visit_expr_struct_mut(self, made);
    }

    fn visit_expr_tuple_mut(&mut self, tuple: &mut ExprTuple) {
        for element in &tuple.elems {
            self.look(element, Way::Given);
        }
        visit_mut::visit_expr_tuple_mut(self, tuple);
    }

    fn visit_expr_for_loop_mut(&mut self, each: &mut ExprForLoop) {
        self.look(&each.expr, Way::Taken);
        visit_mut::visit_expr_for_loop_mut(self, each);
    }

    fn visit_expr_closure_mut(&mut self, closure: &mut ExprClosure) {
        if closure.capture.is_some() {
            self.captured(closure.body.to_token_stream());
        }
        visit_mut::visit_expr_closure_mut(self, closure);
    }

    fn visit_expr_async_mut(&mut self, block: &mut ExprAsync) {
        if block.capture.is_some() {
            self.captured(block.block.to_token_stream());
        }
        visit_mut::visit_expr_async_mut(self, block);
    }
}

/// Where this word stands first.
fn place_of(tokens: TokenStream, word: &str) -> Option<Span> {
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Ident(found) => (found == word).then(|| found.span()),
        TokenTree::Group(group) => place_of(group.stream(), word),
        TokenTree::Punct(_) | TokenTree::Literal(_) => None,
    })
}
