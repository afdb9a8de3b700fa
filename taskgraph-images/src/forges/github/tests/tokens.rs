//! Tokens of repositories.

use super::*;

/// A token for each repository, and again when it has ended; never sent to where a page says.
#[test]
fn tokens_are_for_one_repository() {
    struct Counting(RefCell<Vec<String>>);
    impl Tokens for Counting {
        fn token(&self, repository: &Repository) -> Result<Token, TokenError> {
            self.0.borrow_mut().push(repository.to_string());
            Token::new("not-a-token")
        }
    }
    let (fake, tokens) = (Fake::new(), Counting(RefCell::default()));
    let github = |name: &str| {
        GitHub::new(&fake, Repository::new(name).unwrap(), rules())
            .tokens(&tokens)
            .address(BASE)
    };
    fake.events.at(
        5,
        Event::Say(say(401, &json!({"message": "Bad credentials"}))),
    );
    github("example/images").propose(&sample()).unwrap();
    github("example/other").propose(&sample()).unwrap_err();
    assert_eq!(
        *tokens.0.borrow(),
        ["example/images", "example/images", "example/other"]
    );

    let mut answer = say(200, &json!([]));
    let link = "<https://evil.example.org/repos?page=2>; rel=\"next\"";
    answer.headers.insert("link".to_owned(), link.to_owned());
    fake.events.forget();
    fake.events.at(1, Event::Say(answer));
    let error = github("example/images").open().unwrap_err().to_string();
    assert!(error.contains("next page on the same host"), "{error}");
    assert_eq!(fake.events.asked.borrow().len(), 2);
}

#[test]
fn the_proxy_gives_tokens() {
    struct Proxy(u16, RefCell<Vec<String>>);
    impl Http for Proxy {
        fn send(&self, request: &Request) -> Result<Answer, HttpError> {
            let body = String::from_utf8(request.body.clone().unwrap()).unwrap();
            self.1.borrow_mut().push(format!("{request} {body}"));
            let token = json!({"token": "not-a-token", "expires": "2026-01-01T00:00:00Z"});
            let token = if self.0 == 200 {
                token
            } else {
                json!({"message": "words"})
            };
            Ok(say(self.0, &token))
        }
    }
    let ask_for = |status: u16, permissions| {
        let proxy = Rc::new(Proxy(status, RefCell::default()));
        let tokens = ProxyTokens {
            http: &*proxy,
            proxy: "http://proxy.example.org".to_owned(),
            app: "bot".to_owned(),
            permissions,
        };
        let token = tokens.token(&Repository::new("Example/Images").unwrap());
        (token, proxy.1.borrow().join("\n"))
    };
    let ask = |status| ask_for(status, Permissions::Proposals);
    let (token, asked) = ask(200);
    assert_eq!(token.as_ref().unwrap().secret(), "not-a-token");
    assert_eq!(format!("{token:?}"), "Ok([token])");
    insta::assert_snapshot!(asked, @r#"POST http://proxy.example.org/api/auth/v1/github/bot/Example/repo-token {"repositories":["Images"],"permissions":{"contents":"write","pull_requests":"write"}}"#);
    let errors: Vec<String> = [404, 400, 403, 429, 500]
        .map(|status| ask(status).0.unwrap_err().to_string())
        .to_vec();
    insta::assert_snapshot!(errors.join("\n"), @"
    the app `bot` is not configured in this deployment, or not installed for `Example` (status 404: words)
    GitHub refuses: the app `bot` may not be given `Example/Images`, or lacks one of the permissions contents and pull_requests (status 400: words)
    the task needs the scopes auth:github-repo-token:bot/example/images:contents:write and auth:github-repo-token:bot/example/images:pull_requests:write (status 403: words)
    too many tokens were asked for; run again later (status 429: words)
    the auth service refuses (status 500: words)
    ");
    // A dashboard needs issues, and nothing else.
    let (_, asked) = ask_for(200, Permissions::Issues);
    insta::assert_snapshot!(asked, @r#"POST http://proxy.example.org/api/auth/v1/github/bot/Example/repo-token {"repositories":["Images"],"permissions":{"issues":"write"}}"#);
    let error = ask_for(403, Permissions::Issues).0.unwrap_err().to_string();
    insta::assert_snapshot!(error, @"the task needs the scopes auth:github-repo-token:bot/example/images:issues:write (status 403: words)");
    assert!(ask(429).0.unwrap_err().is_transient && !ask(404).0.unwrap_err().is_transient);
}
