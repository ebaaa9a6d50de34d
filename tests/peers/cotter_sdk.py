"""Cotter's own Python SDK, as it was published, against the provider at PROVIDER.

    cotter_sdk.py PROVIDER API_KEY sign-in METHOD PORT FILE   METHOD: email_link, email_otp, phone_link, phone_otp
    cotter_sdk.py PROVIDER API_KEY validate FILE
    cotter_sdk.py PROVIDER API_KEY reload FILE
    cotter_sdk.py PROVIDER API_KEY reload-after-expiry FILE
    cotter_sdk.py PROVIDER API_KEY refresh-again FILE
    cotter_sdk.py PROVIDER API_KEY validate-access-token     of another client, on standard input

The SDK keeps the tokens in FILE. What is printed is what it says about them, never one of them.
"""

import json
import sys
from unittest import mock

import cotter
from cotter import constants, errors, tokenhandler, validate

# The SDK has no other way to be told; it reads these at each call.
PROVIDER, API_KEY, COMMAND, *REST = sys.argv[1:]
constants.CotterBackendURL = PROVIDER
constants.CotterJSURL = PROVIDER
constants.CotterJWKSURL = PROVIDER + "/token/jwks"


def sign_in(method, port, file):
    """The SDK prints the address to open, and waits for the browser to come back."""
    answer = getattr(cotter, f"login_with_{method}")(API_KEY, int(port))
    tokens = answer.pop("oauth_token")
    tokenhandler.store_token_to_file(tokens, file)
    del answer["token"]
    return {**answer, "auth_method": tokens["auth_method"]}


def claims(file):
    """What the SDK reads in tokens that it found valid."""
    tokens = kept(file)
    return {
        "access": validate.validate_access_token(tokens["access_token"], API_KEY),
        "id": validate.validate_id_token(tokens["id_token"], API_KEY),
    }


def reload(file):
    """The SDK reads the tokens back, refreshes them if they no longer hold, and stores them."""
    tokenhandler.get_token_from_file(file, API_KEY)
    return claims(file)


def reload_after_expiry(file):
    """The same when the access token has just expired, by the clock of the library that the SDK validates with."""
    expiry = claims(file)["access"]["exp"]
    with mock.patch("jose.jwt.timegm", return_value=expiry + 1):
        tokenhandler.get_token_from_file(file, API_KEY)
    return claims(file)


def refresh_again(file):
    """The same refresh token twice: what the second time brings."""
    tokens = {**kept(file), "access_token": ""}
    tokenhandler.refresh_token(tokens, API_KEY)
    try:
        tokenhandler.refresh_token(tokens, API_KEY)
    except errors.RefreshTokenFailedError:
        return {"second": "refused"}
    return {"second": "accepted"}


def claims_of_another():
    return validate.validate_access_token(sys.stdin.read(), API_KEY)


def kept(file):
    with open(file) as stored:
        return json.load(stored)


COMMANDS = {
    "sign-in": sign_in,
    "validate": claims,
    "reload": reload,
    "reload-after-expiry": reload_after_expiry,
    "refresh-again": refresh_again,
    "validate-access-token": claims_of_another,
}
print(json.dumps(COMMANDS[COMMAND](*REST)))
