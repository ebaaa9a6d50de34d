//! One link, clicked by an impatient person, or handed on twice by a desktop: many starts, one app.
#![cfg(target_os = "linux")]

use std::process::Child;

use harness::inside::{Inside, close_every_window, start_app, window_comes_to_the_front, windows};
use harness::{eventually, in_session};

const STARTS: usize = 8;

#[test]
fn of_eight_starts_at_once_with_one_link_exactly_one_handles_it() {
    in_session(
        "of_eight_starts_at_once_with_one_link_exactly_one_handles_it",
        || {
            runtime().block_on(async {
                let inside = Inside::this_session();
                for _ in 0..3 {
                    eight_starts(&inside, None).await;
                    let running = start_app(&[]);
                    assert!(window_comes_to_the_front().await, "the app does not start");
                    eight_starts(&inside, Some(running)).await;
                }
            });
        },
    );
}

/// `running` is the app, if one runs already.
async fn eight_starts(inside: &Inside, running: Option<Child>) {
    let link = inside.return_link().await;
    let exchanges = inside.exchanges();
    let others = STARTS - usize::from(running.is_none());

    let mut starts: Vec<Child> = (0..STARTS).map(|_| start_app(&[&link])).collect();

    assert!(inside.is_signed_in().await, "the link was lost");
    starts.extend(running);
    let ended = eventually(async || (count_ended(&mut starts) >= others).then_some(())).await;
    assert!(
        ended.is_some(),
        "of {} only {} ended",
        starts.len(),
        count_ended(&mut starts)
    );
    assert!(window_comes_to_the_front().await, "nobody shows a window");
    assert_eq!(windows(), 1);
    assert_eq!(inside.exchanges(), exchanges + 1);
    assert_eq!(count_ended(&mut starts), others, "nobody stays");

    inside.sign_out().await;
    close_every_window().await;
    let all = eventually(async || (count_ended(&mut starts) == starts.len()).then_some(())).await;
    assert!(all.is_some(), "the app does not end");
}

/// How many have ended, each of them well.
fn count_ended(starts: &mut [Child]) -> usize {
    let ended = starts.iter_mut().filter_map(|start| {
        let status = start.try_wait().expect("a child can be asked");
        assert!(status.is_none_or(|status| status.success()), "{status:?}");
        status
    });
    ended.count()
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Runtime::new().expect("a runtime can be made")
}
