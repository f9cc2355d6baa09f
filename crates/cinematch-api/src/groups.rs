//! `POST /api/groups/recommendations`: recommendations for a group of users.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use cinematch_http::access::Caller;
use cinematch_http::extract::JsonBody;
use cinematch_http::problem::{Problem, ProblemDocument};
use cinematch_service::Service;
use cinematch_service::groups::{self, GroupReply, GroupRequest};
use cinematch_service::names::check_user;

/// Recommends movies for a group of users.
///
/// Excludes movies that any member has seen. The list isn't filtered by the services and languages in members'
/// preferences, since it is enough for one member to have access to a movie.
#[utoipa::path(post, path = "/api/groups/recommendations", tag = "recommendations",
    request_body = GroupRequest,
    responses(
        (status = 200, body = GroupReply),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub async fn recommend(
    State(service): State<Service>,
    caller: Caller,
    JsonBody(request): JsonBody<GroupRequest>,
) -> Result<Response, Problem> {
    for (index, member) in request.members.iter().enumerate() {
        if let Some(user_id) = &member.user_id {
            check_user(user_id).map_err(|error| groups::member_error(index, error))?;
            caller.may_act_for(user_id)?;
        }
    }
    let serving = service.serving();
    let reply = groups::recommend(&service, &serving, request).await?;
    Ok(Json(reply).into_response())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::{User, sample};

    #[test]
    fn recommends_for_a_group() {
        let server = sample();
        let users: Vec<String> =
            ["ada@example.org", "bob@example.org"].map(|email| User::new(&server, email).id).into();
        for (user, likes) in users.iter().zip([[1, 2, 3], [50, 51, 52]]) {
            for movie_id in likes {
                let body = json!({"movie_id": movie_id, "signal": "like"});
                server.as_user(user, ("POST", "/api/feedback"), Some(&body));
            }
        }
        let request = |more: Value| {
            let mut body = json!({"members": [{"user_id": users[0]}, {"user_id": users[1]},
                {"liked_movie_ids": [100], "preferred_genres": ["drama"]}], "limit": 15, "explain": true});
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            server.post("/api/groups/recommendations", &body)
        };
        for strategy in ["average", "least_misery", "veto"] {
            let reply = request(json!({"strategy": strategy})).json();
            assert_eq!((&reply["count"], &reply["strategy"]), (&json!(15), &json!(strategy)));
            for movie in reply["recommendations"].as_array().unwrap() {
                let id = movie["movie_id"].as_u64().unwrap();
                assert!(![1, 2, 3, 50, 51, 52, 100].contains(&id));
                let scores: Vec<f64> = movie["members"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|member| member["score"].as_f64().unwrap())
                    .collect();
                let expected = match strategy {
                    "least_misery" => scores.iter().copied().fold(f64::INFINITY, f64::min),
                    _ => scores.iter().sum::<f64>() / 3.0,
                };
                assert!((movie["score"].as_f64().unwrap() - expected).abs() < 1e-5, "{movie}");
                for member in movie["members"].as_array().unwrap() {
                    let parts = member["reasons"].as_array().unwrap().iter();
                    let sum: f64 = parts.map(|part| part["contribution"].as_f64().unwrap()).sum();
                    assert!((sum - member["score"].as_f64().unwrap()).abs() < 1e-5, "{member}");
                }
            }
            for member in reply["members"].as_array().unwrap() {
                let satisfaction = member["satisfaction"].as_f64().unwrap();
                assert!((0.0..=1.001).contains(&satisfaction), "{member}");
            }
            assert_eq!(reply["members"][2]["user_id"], Value::Null);
        }
        let horror =
            request(json!({"filters": {"genres": {"any": ["horror"]}}, "limit": 5})).json();
        for movie in horror["recommendations"].as_array().unwrap() {
            assert!(movie["genres"].as_array().unwrap().contains(&json!("horror")));
        }
        request(json!({"members": []})).problem(422);
        let problem = request(json!({"stratgey": "veto"})).problem(422);
        assert_eq!(problem["errors"][0]["field"], "stratgey");
        let message = problem["errors"][0]["message"].as_str().unwrap();
        assert!(
            message.starts_with("unknown field `stratgey`, expected one of `members`, `strategy`")
        );
        request(json!({"veto_below": 2, "strategy": "veto"})).problem(422);
        let problem =
            request(json!({"members": [{}, {"preferred_genres": ["dramma"]}]})).problem(422);
        assert_eq!(problem["errors"][0]["field"], "members[1].preferred_genres[0]");
    }
}
