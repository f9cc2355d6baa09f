//! `POST /api/groups/recommendations`: recommendations for a group of users.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use cinematch_http::access::Caller;
use cinematch_http::extract::Body;
use cinematch_http::problem::{Problem, ProblemDocument};
use cinematch_service::Service;
use cinematch_service::groups::{self, GroupReply, GroupRequest};
use cinematch_service::names::check_user;

/// Recommends movies for a group of users.
///
/// Excludes movies that any member has seen. The services and languages in the members' preferences do not filter
/// the list, since one member with access to a movie is enough.
#[utoipa::path(post, path = "/api/groups/recommendations", tag = "recommendations",
    request_body = GroupRequest,
    responses(
        (status = 200, body = GroupReply),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn recommend(
    State(service): State<Service>,
    caller: Caller,
    Body(asked): Body<GroupRequest>,
) -> Result<Response, Problem> {
    for (at, member) in asked.members.iter().enumerate() {
        if let Some(user_id) = &member.user_id {
            check_user(user_id).map_err(|error| groups::in_member(at, error))?;
            caller.may_act_for(user_id)?;
        }
    }
    let serving = service.serving();
    let reply = groups::recommend(&service, &serving, asked).await?;
    Ok(Json(reply).into_response())
}
