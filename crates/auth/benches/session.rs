//! What a token costs once the session is there: a hit, a check of a signature, and one renewal with many waiting.
//!
//! `cargo bench -p keyfob-auth`; `cargo xtask bench` runs it too and takes its figures up.

#![allow(clippy::unwrap_used, reason = "a bench that cannot be set up fails")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::{hint::black_box, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde_json::Value;
use support::{App, Keyring, Peer};
use tokio::runtime::Runtime;

struct SignedIn {
    runtime: Runtime,
    peer: Peer,
    app: App,
    /// Lives as long as the session does.
    _keyring: Keyring,
}

impl SignedIn {
    fn new() -> Self {
        let runtime = Runtime::new().unwrap();
        let keyring = Keyring::new();
        let (peer, app) = runtime.block_on(async {
            let peer = Peer::start().await;
            let app = App::signed_in(&peer, &keyring).await;
            (peer, app)
        });
        Self {
            runtime,
            peer,
            app,
            _keyring: keyring,
        }
    }
}

/// `access_token` with a good token at hand.
fn hit(criterion: &mut Criterion) {
    let it = SignedIn::new();
    criterion.bench_function("token_hit", |bencher| {
        bencher.iter(|| {
            let asked = it.app.sessions.access_token(None);
            black_box(it.runtime.block_on(asked).unwrap())
        });
    });
}

/// The whole check of an ES256 access token (header, key, signature, claims) beside the signature alone.
fn verify(criterion: &mut Criterion) {
    let it = SignedIn::new();
    criterion.bench_function("verify_token", |bencher| {
        bencher.iter(|| it.runtime.block_on(it.app.sessions.verify()).unwrap());
    });

    let token = it.peer.sign("K1", &it.peer.claims("access_token"));
    let (message, signature) = token.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point(&it.peer.keys()));
    criterion.bench_function("verify_signature_alone", |bencher| {
        bencher.iter(|| {
            key.verify(black_box(message.as_bytes()), &signature)
                .unwrap()
        });
    });
}

/// The key as the uncompressed point that ring wants (SEC 1 §2.3.3).
fn point(keys: &Value) -> Vec<u8> {
    let coordinate = |name: &str| {
        let text = keys["keys"][0][name].as_str().unwrap();
        URL_SAFE_NO_PAD.decode(text).unwrap()
    };
    [vec![4], coordinate("x"), coordinate("y")].concat()
}

/// One renewal, with so many tasks that want its token; the provider on loopback is part of it.
fn waiting(criterion: &mut Criterion) {
    let it = SignedIn::new();
    for tasks in [1, 10, 1000] {
        criterion.bench_function(&format!("renewal_with_{tasks}_waiting"), |bencher| {
            bencher.iter_batched(
                || {
                    it.app.wait(Duration::from_hours(1));
                    it.peer.will_answer([it.peer.refreshed("R")]);
                },
                |()| {
                    it.runtime.block_on(async {
                        let asking = (0..tasks).map(|_| {
                            let sessions = it.app.sessions.clone();
                            tokio::spawn(async move { sessions.access_token(None).await.map(drop) })
                        });
                        for asked in asking.collect::<Vec<_>>() {
                            asked.await.unwrap().unwrap();
                        }
                    });
                },
                BatchSize::PerIteration,
            );
        });
    }
}

criterion_group!(benches, hit, verify, waiting);
criterion_main!(benches);
