//! `keyfob logout`: the tokens of a profile, or of all, are forgotten.

use keyfob_auth::door::browser;
use serde::Serialize;
use url::Url;

use crate::{arguments::Logout, output, surroundings::Surroundings, trouble::Trouble, walk::Walk};

#[derive(Serialize)]
struct SignedOut {
    v: u32,
    profile: String,
    /// Who was signed in until now; nobody is fine too.
    account: Option<String>,
    /// The provider's own page for signing out, when it is wanted and there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<Url>,
}

#[derive(Serialize)]
struct AllSignedOut {
    v: u32,
    profiles: Vec<SignedOut>,
}

pub async fn run(surroundings: &Surroundings, wanted: &Logout) -> Result<(), Trouble> {
    if wanted.all {
        return all(surroundings).await;
    }
    let walk = Walk::begin(surroundings).await?;
    let mut signed_out = sign_out(surroundings, &walk).await?;
    if !surroundings.output.json {
        surroundings.output.note(&match &signed_out.account {
            Some(account) => format!("Signed out: {account}"),
            None => "Nobody was signed in".to_owned(),
        });
    }
    if wanted.browser {
        // Whoever is signed out stays so, whatever comes of this.
        match walk.logout_page().await {
            Ok(page) => {
                at_the_provider(surroundings, page.as_ref()).await;
                signed_out.page = page;
            }
            Err(trouble) => surroundings.output.warning(&trouble.message()),
        }
    }
    if surroundings.output.json {
        return output::json(&signed_out);
    }
    Ok(())
}

/// Opens the provider's page for signing out, or says where it is.
async fn at_the_provider(surroundings: &Surroundings, page: Option<&Url>) {
    let output = surroundings.output;
    let Some(page) = page else {
        return output.note("The provider has no page for signing out in the browser");
    };
    if surroundings.opens_browsers() && browser::open(page).await.is_ok() {
        output.note("The provider's page for signing out opens in your browser");
    } else if !output.json {
        output::say("Open this address in a browser to sign out at the provider, too:");
        output::say(&format!("\n  {page}\n"));
    }
}

/// One that fails keeps none of the others; what it failed of is said at the end.
async fn all(surroundings: &Surroundings) -> Result<(), Trouble> {
    let (mut profiles, mut failed) = (Vec::new(), None);
    for walk in Walk::of_each(surroundings).await? {
        match sign_out(surroundings, &walk).await {
            Ok(signed_out) => profiles.push(signed_out),
            Err(trouble) => failed = failed.or(Some(trouble)),
        }
    }
    let output = surroundings.output;
    if output.json {
        let v = output::VERSION;
        output::json(&AllSignedOut { v, profiles })?;
    } else {
        let mut nobody = failed.is_none();
        for SignedOut {
            profile, account, ..
        } in profiles
        {
            if let Some(account) = account {
                nobody = false;
                output.note(&format!("Signed out: {account}, of {profile}"));
            }
        }
        if nobody {
            output.note("Nobody was signed in");
        }
    }
    failed.map_or(Ok(()), Err)
}

async fn sign_out(surroundings: &Surroundings, walk: &Walk) -> Result<SignedOut, Trouble> {
    let who = walk.sign_out(surroundings).await?;
    Ok(SignedOut {
        v: output::VERSION,
        profile: walk.profile.name.clone(),
        account: who.map(|who| who.account.identifier),
        page: None,
    })
}
