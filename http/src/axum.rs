//! Problems as responses of axum.

use axum_core::response::{IntoResponse, Response};

use crate::Problem;
use crate::response::response;

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        response(self.answer(), self.cause().clone())
    }
}
