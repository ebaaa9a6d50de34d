//! A link that comes while the app is just quitting.
#![cfg(target_os = "linux")]

use std::time::Duration;

use harness::inside::{
    Inside, close_every_window, press_close, start_app, window_comes_to_the_front,
};
use harness::{eventually, in_session};

#[test]
fn a_link_that_comes_while_the_app_quits_is_not_lost() {
    in_session("a_link_that_comes_while_the_app_quits_is_not_lost", || {
        tokio::runtime::Runtime::new()
            .expect("a runtime can be made")
            .block_on(async {
                let inside = Inside::this_session();
                // Between the key that closes the window and the link: nothing, a little, about as long as quitting takes.
                for milliseconds in [0, 10, 30, 50, 80, 120, 200] {
                    link_during_quit(&inside, Duration::from_millis(milliseconds)).await;
                }
            });
    });
}

async fn link_during_quit(inside: &Inside, after: Duration) {
    let link = inside.return_link().await;
    let mut quitting = start_app(&[]);
    assert!(
        window_comes_to_the_front().await,
        "the app does not show its window"
    );

    press_close();
    tokio::time::sleep(after).await;
    let mut started_by_the_link = start_app(&[&link]);

    assert!(
        inside.is_signed_in().await,
        "the link was lost after {after:?}"
    );
    assert!(
        window_comes_to_the_front().await,
        "nobody shows who is signed in, {after:?}"
    );
    inside.sign_out().await;
    for app in [&mut quitting, &mut started_by_the_link] {
        let ended = eventually(async || {
            // The window in front may have been the first one's, and the other's is still opening.
            close_every_window().await;
            app.try_wait().expect("an app can be waited for")
        });
        let ended = ended.await.expect("the app ends");
        assert!(ended.success(), "it ended with {ended}, {after:?}");
    }
}
