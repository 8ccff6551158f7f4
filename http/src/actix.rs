//! Problems as errors of Actix Web.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use actix_web::{HttpResponse, ResponseError};

use crate::Problem;
use crate::answer::Answer;

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        match self.answer() {
            Answer::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Answer::Failed => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        response
            .insert_header((CONTENT_TYPE, self.content_type()))
            .insert_header((CACHE_CONTROL, "no-store"));
        if let Some(seconds) = self.retry_after_seconds() {
            response.insert_header((RETRY_AFTER, seconds));
        }
        response.body(self.body())
    }
}
