//! The screens around the walk: the first run, the details of the tokens, the settings.
#![cfg(target_os = "linux")]

use std::time::Duration;

use harness::{App, Session, eventually};

const LIGHT_GROUND: &str = "246, 247, 246";
const DARK_GROUND: &str = "18, 21, 20";

/// Waits until the page stands on this ground.
async fn stands_on(app: &App<'_>, ground: &str) {
    let ground_now = async || app.style_of("html", "background-color").await;
    let stands = eventually(async || ground_now().await.contains(ground).then_some(()));
    assert!(stands.await.is_some(), "it is {}", ground_now().await);
}

#[tokio::test]
async fn the_first_run_asks_with_whom_one_wants_to_sign_in_and_only_once() {
    let session = Session::start();
    let app = session.launch_for_the_first_time().await;
    app.shows("Welcome to Keyfob").await;
    app.press_at(".way:first-child").await;
    app.has("#issuer").await;
    app.press_at("[aria-label=Back]").await;
    app.press_at(".way:last-child").await;
    app.has("#identifier").await;
    let written = || session.configuration() == "profile = \"local\"\n";
    let kept = eventually(async || written().then_some(())).await;
    assert!(kept.is_some(), "{}", session.configuration());
    app.quit().await;

    let app = session.launch_for_the_first_time().await;
    app.has("#identifier").await;
}

#[tokio::test]
async fn a_token_is_read_out_and_is_seen_itself_only_while_the_button_is_held() {
    let session = Session::start();
    let browser = session.browser().await;
    let app = session.launch().await;
    app.sign_in_by_mail(&browser, "ada@example.com").await;

    app.press("Details").await;
    app.shows("Signature verified").await;
    app.shows("What the person signed in with").await;
    app.shows("ada@example.com").await;
    app.shows("in 59 minutes").await;
    app.chooses("id").await;
    app.shows("When the person signed in").await;
    app.chooses("access").await;

    assert!(!session.messages().contains("revealed"));
    app.hold("Hold to show it").await;
    let token = app.text_of(".token").await;
    app.let_go().await;
    app.has_no(".token").await;
    assert!(session.provider().accepts(&token).await);
    assert!(
        !app.source().await.contains(&token),
        "it stayed in the page"
    );
    // The end of the session looks through all of them for tokens, codes and verifiers.
    let messages = session.messages();
    for said in [
        "asked watch_session",
        "told {",
        "asked token_details",
        "revealed",
    ] {
        assert!(messages.contains(said), "no {said} was written down");
    }

    session.goes_to_the_window("Keyfob");
    session.press_keys("ctrl+r");
    app.shows("Changed").await;
    session.press_keys("Escape");
    app.shows("Copy access token").await;
}

#[tokio::test]
async fn settings_take_effect_and_are_saved_as_they_change() {
    let session = Session::start();
    session
        .is_configured("# mine\nprofile = \"local\"\n\n[window]\nclipboard_seconds = 5 # short\n");
    let browser = session.browser().await;
    let app = session.launch().await;
    app.sign_in_by_mail(&browser, "ada@example.com").await;
    stands_on(&app, LIGHT_GROUND).await;

    app.press("Copy access token").await;
    app.shows("gone in").await;
    let copied_at = session.uptime();
    app.says_no_more("gone in").await;
    let kept = session.uptime().saturating_sub(copied_at);
    assert!(
        kept < Duration::from_secs(20),
        "{kept:?}: not the chosen 5 s"
    );
    assert!(!session.clipboard_holds(""), "it is empty");

    app.press_at("[aria-label=Settings]").await;
    app.chooses("dark").await;
    stands_on(&app, DARK_GROUND).await;
    app.chooses("60").await;
    app.press_at("[role=switch]").await;
    app.chooses("this_run").await;
    app.shows("takes effect when Keyfob starts next").await;
    let saved = eventually(async || session.configuration().contains("this-run").then_some(()));
    assert!(saved.await.is_some(), "{}", session.configuration());
    let configuration = session.configuration();
    for line in [
        "# mine\nprofile = \"local\"",
        "clipboard_seconds = 60 # short",
        "theme = \"dark\"",
        "refresh_in_background = false",
    ] {
        assert!(configuration.contains(line), "{line} in {configuration}");
    }
    app.press_at("[aria-label=Back]").await;
    app.shows("Copy access token").await;
    app.quit().await;

    // Nothing is kept from now on, and what the keyring holds is not looked at.
    let app = session.launch().await;
    app.reaches("signed_out").await;
    stands_on(&app, DARK_GROUND).await;
    let before = session.keyring_names();
    app.sign_in_by_mail(&browser, "bob@example.com").await;
    app.shows("you are signed in until you quit").await;
    assert_eq!(session.keyring_names(), before);
    app.quit().await;
    let app = session.launch().await;
    app.reaches("signed_out").await;
}

#[tokio::test]
async fn the_window_opens_where_it_was_closed_and_as_large() {
    let session = Session::start();
    let app = session.launch().await;
    app.reaches("signed_out").await;
    let window = ["search", "--name", "^Keyfob$"];
    let before = place(&session).expect("the window is there");
    let before = before.replace("420x640", "500x700");
    let sized = ["windowsize", "500", "700", "windowmove", "120", "40"];
    session.run("xdotool", window.into_iter().chain(sized));
    let placed = eventually(async || {
        let now = place(&session).filter(|now| now.ends_with("500x700"))?;
        // It is moved after it was resized.
        (now != before).then_some(())?;
        (place(&session)? == now).then_some(now)
    });
    let placed = placed.await.expect("it takes the size and the place");
    session.goes_to_the_window("Keyfob");
    session.close_window("Keyfob");
    session.wait_until_no_app_runs();
    drop(app);

    let _program = session.spawn_app(&[]);
    let again = eventually(async || (place(&session)? == placed).then_some(()));
    assert!(
        again.await.is_some(),
        "{placed}, then {:?}",
        place(&session)
    );
}

/// Where the window is and how large, as the display has it.
fn place(session: &Session) -> Option<String> {
    let window = [
        "search",
        "--onlyvisible",
        "--name",
        "^Keyfob$",
        "getwindowgeometry",
    ];
    let text = session.try_run("xdotool", window)?;
    let value = |name: &str| text.lines().find_map(|line| line.trim().strip_prefix(name));
    let position = value("Position: ")?.split(' ').next()?;
    Some(format!("{position} {}", value("Geometry: ")?))
}

#[tokio::test]
async fn a_dark_window_does_not_flash_white_when_it_opens() {
    let session = Session::start();
    session.is_configured("profile = \"local\"\n[window]\ntheme = \"dark\"\n");
    let _program = session.spawn_app(&[]);
    let window = ["search", "--sync", "--onlyvisible", "--name", "^Keyfob$"];
    let id = session.run("xdotool", window);
    let mut seen = Vec::new();
    let shows_more = eventually(async || {
        seen.extend(session.brightness_of_window(id.trim()));
        // A bare ground is of one brightness; the page that stands on it is of another.
        (seen.len() > 5 && seen.last() != seen.first()).then_some(())
    });
    let shows_more = shows_more.await;
    assert!(shows_more.is_some(), "it stays a bare ground: {seen:?}");
    assert!(seen.iter().all(|now| *now < 60), "of 255: {seen:?}");
}

#[tokio::test]
async fn a_file_that_is_mended_is_gone_by_from_then_on() {
    let session = Session::start();
    session.is_configured("profile = local\n[window]\nkeep_in = \"this-run\"\n");
    let browser = session.browser().await;
    let app = session.launch().await;
    app.shows("The configuration cannot be used").await;
    session.is_configured("profile = \"local\"\n[window]\nkeep_in = \"this-run\"\n");
    app.press_at("footer [aria-label=Settings]").await;
    app.shows("Nothing is written").await;
    app.press_at("[aria-label=Back]").await;
    app.sign_in_by_mail(&browser, "ada@example.com").await;
    app.shows("you are signed in until you quit").await;
    assert!(session.keyring_names().is_empty());
    app.press_at("[aria-label=Settings]").await;
    app.shows("Nothing is written").await;
}

#[tokio::test]
async fn the_window_opens_at_the_profile_that_was_chosen_for_that() {
    let session = Session::start();
    let provider = session.provider();
    session.is_configured(&format!(
        "profile = \"local\"\n[profiles.work]\nprovider = \"cotter\"\napi_key_id = \"00000000-0000-0000-0000-000000000000\"\n\
         api_base = \"{0}\"\nsign_in_page = \"{0}/app\"\nissuer = \"{0}\"\n",
        provider.base
    ));
    let app = session.launch().await;
    app.is_at("Local provider").await;
    app.press_at("[aria-label=Settings]").await;
    app.press_at("#start-profile option[value=work]").await;
    let saved = async || {
        session
            .configuration()
            .contains("start_profile = \"work\"")
            .then_some(())
    };
    assert!(
        eventually(saved).await.is_some(),
        "{}",
        session.configuration()
    );
    app.quit().await;
    let app = session.launch().await;
    app.is_at("work").await;
    assert!(
        session.configuration().starts_with("profile = \"local\""),
        "the terminal stays where it was"
    );
}
